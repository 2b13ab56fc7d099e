//! Who is on call: asked through a small trait, answered by a file, or by no one.
//!
//! Not here: what being on call permits (`p0_access::policy`).

use std::path::PathBuf;

use async_trait::async_trait;
use jiff::Timestamp;
use p0_access::name::PersonName;
use p0_access::policy::Duty;
use p0_grant::yaml::{self, Limits};
use serde::Deserialize;

/// Knows who is on call.
#[async_trait]
pub trait OnCallLookup: Send + Sync {
    /// Who is, at `now`.
    ///
    /// # Errors
    /// Why it is not known: then approvers are asked, as if nobody was.
    async fn duties(&self, now: Timestamp) -> Result<Vec<Duty>, String>;
}

/// No one is on call, as far as is known.
pub struct NobodyOnCall;

/// A file with duties:
///
/// ```yaml
/// duties:
/// - {person: alice, schedule: P0SHOP, from: 2026-11-24T08:00:00Z, until: 2026-11-25T08:00:00Z}
/// - {person: bob, escalation: {policy: P0CORE, level: 1}}
/// ```
pub struct DutyFile(PathBuf);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    duties: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    person: PersonName,
    schedule: Option<String>,
    escalation: Option<Level>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Level {
    policy: String,
    level: u32,
}

impl DutyFile {
    /// The file at `path`; it is read anew each time.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

#[async_trait]
impl OnCallLookup for NobodyOnCall {
    async fn duties(&self, _now: Timestamp) -> Result<Vec<Duty>, String> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl OnCallLookup for DutyFile {
    async fn duties(&self, now: Timestamp) -> Result<Vec<Duty>, String> {
        let text = std::fs::read_to_string(&self.0)
            .map_err(|error| format!("cannot read `{}`: {error}", self.0.display()))?;
        let file: File = yaml::read(&text, Limits::FILE).map_err(|error| error.to_string())?;
        let is_on = |entry: &Entry| {
            entry.from.is_none_or(|from| from <= now) && entry.until.is_none_or(|until| now < until)
        };
        let duty = |entry: Entry| Duty {
            person: entry.person,
            schedule: entry.schedule,
            escalation: entry.escalation.map(|level| (level.policy, level.level)),
        };
        Ok(file.duties.into_iter().filter(is_on).map(duty).collect())
    }
}
