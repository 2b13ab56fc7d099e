//! Who is on call: asked through a small trait, answered by PagerDuty, by a file, or by no one. A source may answer with more duties
//! than were asked for: policy counts those that its rules name.
//!
//! Not here: what being on call permits (`p0_access::policy`).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use p0_access::identity::Person;
use p0_access::name::PersonName;
use p0_access::policy::{Duty, OnCallPlaces};
use p0_grant::on_call::DutyId;
use p0_grant::yaml::{self, Limits};
use serde::Deserialize;

mod pagerduty;

pub use pagerduty::{Overrides, PagerDuty, PagerDutyRules};

/// What is asked: the duties of one person, in the places that the rules name.
#[derive(Clone, Copy, Debug)]
pub struct OnCallQuery<'a> {
    /// Who, with what they are called elsewhere.
    pub person: &'a Person,
    /// Where.
    pub places: &'a OnCallPlaces,
    /// When.
    pub at: Timestamp,
}

/// Knows who is on call.
#[async_trait]
pub trait OnCallLookup: Send + Sync {
    /// The person's duties.
    ///
    /// # Errors
    /// Why they are not known: then approvers are asked, as if there were none.
    async fn duties(&self, query: OnCallQuery<'_>) -> Result<Vec<Duty>, String>;

    /// What would keep it from answering about `places`, for `serve --check`.
    async fn faults(&self, places: &OnCallPlaces) -> Vec<String>;
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
    schedule: Option<DutyId>,
    escalation: Option<Level>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Level {
    policy: DutyId,
    level: u32,
}

/// The file at `path`; without one, no person is on call.
pub fn on_call_of(path: Option<&Path>) -> Arc<dyn OnCallLookup> {
    match path {
        Some(path) => Arc::new(DutyFile::new(path)),
        None => Arc::new(NobodyOnCall),
    }
}

impl DutyFile {
    /// The file at `path`; it is read anew each time.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    fn read(&self) -> Result<File, String> {
        let text = std::fs::read_to_string(&self.0)
            .map_err(|error| format!("cannot read `{}`: {error}", self.0.display()))?;
        yaml::read(&text, Limits::FILE).map_err(|error| error.to_string())
    }
}

#[async_trait]
impl OnCallLookup for NobodyOnCall {
    async fn duties(&self, _query: OnCallQuery<'_>) -> Result<Vec<Duty>, String> {
        Ok(Vec::new())
    }

    async fn faults(&self, _places: &OnCallPlaces) -> Vec<String> {
        Vec::new()
    }
}

#[async_trait]
impl OnCallLookup for DutyFile {
    async fn duties(&self, query: OnCallQuery<'_>) -> Result<Vec<Duty>, String> {
        let file = self.read()?;
        let is_on = |entry: &Entry| {
            entry.person == query.person.name
                && entry.from.is_none_or(|from| from <= query.at)
                && entry.until.is_none_or(|until| query.at < until)
        };
        let duty = |entry: Entry| Duty {
            person: entry.person,
            schedule: entry.schedule,
            escalation: entry.escalation.map(|level| (level.policy, level.level)),
            until: entry.until,
            incident: None,
        };
        Ok(file.duties.into_iter().filter(is_on).map(duty).collect())
    }

    async fn faults(&self, _places: &OnCallPlaces) -> Vec<String> {
        self.read().err().map(|why| format!("the on-call file: {why}")).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file that `docs/on-call.md` shows is read, and says what the page says.
    #[tokio::test]
    async fn the_documented_file_is_read() {
        let page = include_str!("../../docs/on-call.md");
        let example = page.split("```yaml\n").find(|block| block.starts_with("duties:")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("on-call.yaml");
        std::fs::write(&path, example.split("```").next().unwrap()).unwrap();
        let (file, places) = (DutyFile::new(&path), OnCallPlaces::default());
        assert!(file.faults(&places).await.is_empty());
        let duties = async |person: &str, at: &str| {
            let person: Person = serde_json::from_value(serde_json::json!({"name": person})).unwrap();
            let query = OnCallQuery { person: &person, places: &places, at: at.parse().unwrap() };
            file.duties(query).await.unwrap()
        };
        let of_alice = duties("alice", "2026-11-24T12:00:00Z").await;
        assert_eq!(of_alice[0].schedule.as_ref().unwrap().to_string(), "PI7DH85");
        assert_eq!(of_alice[0].until, Some("2026-11-24T16:00:00Z".parse().unwrap()));
        assert!(duties("alice", "2026-11-24T16:00:00Z").await.is_empty());
        let of_bob = duties("bob", "2026-11-24T12:00:00Z").await;
        assert_eq!(of_bob[0].escalation.as_ref().map(|(_, level)| *level), Some(1));
    }
}
