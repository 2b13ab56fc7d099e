//! What makes a grant of a plan: who, how long, and under which id.

use jiff::{SignedDuration, Timestamp};
use p0_access::duration::Lifetime;
use p0_grant::name::GrantId;
use p0_grant::subject::Subject;

use super::time;

/// Who gets access and until when.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct GrantArgs {
    /// Who gets access: a user's name, or `User/NAME`, `Group/NAME`, `ServiceAccount/NAMESPACE/NAME`.
    #[arg(long, value_name = "SUBJECT")]
    pub(in crate::cli) to: Subject,

    /// How long, from the creation: `4h`, `90m`, `7d`.
    #[arg(long, value_name = "DURATION", default_value = "1h", conflicts_with = "expires_at")]
    duration: Lifetime,

    /// Until when instead (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = time)]
    expires_at: Option<Timestamp>,

    /// The grant's id, 20 characters of `a-z0-9`, used once ever; without it, a random one.
    #[arg(long, value_name = "ID")]
    id: Option<GrantId>,

    /// When the grant was made (RFC 3339); without it, now.
    #[arg(long, value_name = "TIME", value_parser = time)]
    created_at: Option<Timestamp>,
}

/// The times of a grant.
pub(in crate::cli) struct Times {
    pub(in crate::cli) created_at: Timestamp,
    pub(in crate::cli) expires_at: Timestamp,
}

impl GrantArgs {
    pub(in crate::cli) fn id(&self) -> anyhow::Result<GrantId> {
        self.id.clone().map_or_else(new_id, Ok)
    }

    pub(in crate::cli) fn times(&self, now: Timestamp) -> anyhow::Result<Times> {
        let created_at = self.created_at.unwrap_or(now);
        let lifetime: SignedDuration = self.duration.duration();
        let expires_at = self.expires_at.map_or_else(|| created_at.checked_add(lifetime), Ok)?;
        Ok(Times { created_at, expires_at })
    }
}

/// A new id from the system's randomness: 20 characters of 36 are 103 bits.
pub(in crate::cli) fn new_id() -> anyhow::Result<GrantId> {
    crate::service::new_id().map_err(|error| anyhow::anyhow!("the system has no randomness: {error}"))
}
