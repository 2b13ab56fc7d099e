//! Where a request stands. What is known in a state, and in no other, lies in that state.
//!
//! Not here: what was approved ([`super::granted`]) and why it ends ([`super::ending`]).

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use p0_grant::name::GrantId;
use serde::{Deserialize, Serialize};

use super::ending::{Ending, Witness};
use super::evidence::Vote;
use super::granted::Granted;
use super::spec::RequestSpec;
use super::table::StateName;
use crate::duration::Lifetime;
use crate::name::PersonName;

/// How long before its end a grant is said to be about to expire, at most.
const WARNING: SignedDuration = SignedDuration::from_mins(15);

/// Where a request stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// It waits for approvers.
    Pending(Pending),
    /// Its change is open, and the person who merges it approves it.
    AwaitingReview(Granted),
    /// It is approved; its change is not open yet.
    Approved(Granted),
    /// Its change is open.
    Proposed(Granted),
    /// Its files are on base; no witness has seen it in the cluster.
    Merged(MergedGrant),
    /// It was seen in the cluster.
    Active(MergedGrant),
    /// It is live, and somebody asks for longer.
    Extending(Box<Extending>),
    /// It is over; Git or the cluster still have it.
    Revoking(Ending),
    /// It is over and gone.
    Revoked(Ending),
    /// Somebody said no, or policy did.
    Denied {
        /// Who; `None` where policy did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<PersonName>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// It was taken back before it was live.
    Cancelled {
        /// By whom.
        by: PersonName,
    },
    /// No approver answered in time, or it did not land in time.
    TimedOut,
    /// It cannot land.
    Failed {
        /// Why.
        cause: String,
        /// What was approved.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        granted: Option<Granted>,
    },
}

/// What is known while it waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pending {
    /// Who said yes so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
    /// Why it came back to the approvers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<String>,
    /// How often approvers were asked.
    #[serde(default, skip_serializing_if = "Asked::is_once")]
    pub asked: Asked,
}

/// How often approvers were asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// When it was made.
    #[default]
    Once,
    /// They were reminded.
    Again,
    /// Each was asked directly, and others were told.
    Escalated,
}

impl Asked {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    fn is_once(&self) -> bool {
        *self == Self::Once
    }

    /// Which time comes next, and when, for a request that waits.
    pub(super) fn next(self, asked: &RequestSpec) -> Option<(Self, Timestamp)> {
        let escalation = asked.escalate_at.filter(|_| self < Self::Escalated);
        let reminder = asked.remind_at.filter(|_| self < Self::Again);
        match (reminder, escalation) {
            (Some(at), _) => Some((Self::Again, at)),
            (None, Some(at)) => Some((Self::Escalated, at)),
            (None, None) => None,
        }
    }

    /// Which time has come by `now`: the latest, where a server was away for several.
    pub(super) fn due(self, asked: &RequestSpec, now: Timestamp) -> Option<Self> {
        let is_over = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        match self {
            Self::Once | Self::Again if is_over(asked.escalate_at) => Some(Self::Escalated),
            Self::Once if is_over(asked.remind_at) => Some(Self::Again),
            _ => None,
        }
    }
}

/// What is known once it is on base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MergedGrant {
    /// What was granted.
    pub granted: Granted,
    /// When it was seen on base.
    pub since: Timestamp,
    /// The commit that it was seen in.
    pub commit: String,
    /// The sha256 of its files, by grant: what is not this on base is another file.
    pub files: BTreeMap<GrantId, String>,
    /// Who saw it in the cluster, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Witness>,
    /// Whether its end was announced.
    #[serde(default)]
    pub warned: bool,
    /// Whether it was said that the cluster does not follow.
    #[serde(default)]
    pub alarmed: bool,
}

/// A live grant that somebody grants for longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Extending {
    /// What is live.
    pub merged: MergedGrant,
    /// What is wanted.
    pub extension: ExtensionRequest,
}

/// An extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ExtensionRequest {
    /// Who asks.
    pub by: PersonName,
    /// How long, from the approval.
    pub lifetime: Lifetime,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was asked.
    pub at: Timestamp,
    /// The sha256 of the files on base, by grant.
    pub previous: BTreeMap<GrantId, String>,
    /// Who said yes so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
    /// What was granted; its change is to be opened and merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<Granted>,
}

impl State {
    /// Its name.
    pub fn name(&self) -> StateName {
        match self {
            Self::Pending(_) => StateName::Pending,
            Self::AwaitingReview(_) => StateName::AwaitingReview,
            Self::Approved(_) => StateName::Approved,
            Self::Proposed(_) => StateName::Proposed,
            Self::Merged(_) => StateName::Merged,
            Self::Active(_) => StateName::Active,
            Self::Extending(_) => StateName::Extending,
            Self::Revoking(_) => StateName::Revoking,
            Self::Revoked(_) => StateName::Revoked,
            Self::Denied { .. } => StateName::Denied,
            Self::Cancelled { .. } => StateName::Cancelled,
            Self::TimedOut => StateName::TimedOut,
            Self::Failed { .. } => StateName::Failed,
        }
    }
}

impl MergedGrant {
    /// When its end is announced: a quarter of its time before, and never more than a quarter of an hour.
    pub fn warn_at(&self) -> Timestamp {
        let lead = (self.granted.expires_at.duration_since(self.granted.at) / 4).min(WARNING);
        self.granted.expires_at.checked_sub(lead).unwrap_or(self.granted.expires_at)
    }

    pub(super) fn next_due(&self) -> Timestamp {
        if self.warned { self.granted.expires_at } else { self.warn_at() }
    }

    /// Live again as it was, without an extension request.
    pub(super) fn stays(self) -> State {
        match self.seen {
            Some(_) => State::Active(self),
            None => State::Merged(self),
        }
    }
}
