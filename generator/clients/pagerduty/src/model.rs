//! What PagerDuty answers with, as far as it is read. Fields that are not named here are passed over. Not here: asking.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::Deserialize;

/// The id of something in PagerDuty, such as `PI7DH85`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Id(String);

/// Not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no id of PagerDuty: an id has letters and digits only, such as `PI7DH85`")]
pub struct IdError(String);

/// The longest id that is taken.
const LONGEST_ID: usize = 64;

/// Something that is named by its id alone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Reference {
    /// Its id.
    pub id: Id,
}

/// One person who is on call in one place.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OnCall {
    /// Who.
    pub user: Reference,
    /// By which schedule; none where the escalation policy names the person.
    pub schedule: Option<Reference>,
    /// In which escalation policy.
    pub escalation_policy: Reference,
    /// On which of its levels, from 1.
    pub escalation_level: u32,
    /// Since when; none where it has no beginning.
    pub start: Option<Timestamp>,
    /// Until when; none where it has no end.
    pub end: Option<Timestamp>,
}

/// A time in which somebody else is on call than a schedule's layers say. PagerDuty does not tell who made it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Override {
    /// Its id.
    pub id: Id,
    /// Who is on call.
    pub user: Reference,
    /// Since when.
    pub start: Timestamp,
    /// Until when.
    pub end: Timestamp,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct User {
    /// Its id.
    pub id: Id,
    /// The address with which they sign in.
    pub email: String,
}

/// A schedule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Schedule {
    /// Its id.
    pub id: Id,
    /// What people call it.
    #[serde(default)]
    pub name: String,
}

/// An escalation policy.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct EscalationPolicy {
    /// Its id.
    pub id: Id,
    /// What people call it.
    #[serde(default)]
    pub name: String,
}

/// An incident.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Incident {
    /// Its id.
    pub id: Id,
    /// The number by which people call it.
    pub incident_number: u64,
    /// When it began.
    pub created_at: Timestamp,
    /// By which escalation policy it is handled.
    pub escalation_policy: Reference,
}

impl Id {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for Id {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        let is_id = !text.is_empty()
            && text.len() <= LONGEST_ID
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_id { Ok(Self(text)) } else { Err(IdError(text.chars().take(LONGEST_ID).collect())) }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_leave_its_place_in_an_address() {
        assert!("PI7DH85".parse::<Id>().is_ok());
        for text in ["", "../users", "P1/overrides", "P1?x", "P 1", &"P".repeat(65)] {
            assert!(text.parse::<Id>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_entry_of_who_is_on_call_is_read_as_pagerduty_writes_it() {
        let text = r#"{
            "escalation_policy": {"id": "PT20YPA", "type": "escalation_policy_reference", "summary": "Core"},
            "escalation_level": 2,
            "schedule": {"id": "PI7DH85", "type": "schedule_v3_reference"},
            "user": {"id": "PXPGF42", "type": "user_reference"},
            "start": "2026-11-24T04:00:00-05:00",
            "end": null
        }"#;
        let entry: OnCall = serde_json::from_str(text).unwrap();
        assert_eq!(entry.start, Some("2026-11-24T09:00:00Z".parse().unwrap()));
        assert_eq!((entry.end, entry.escalation_level), (None, 2));
    }
}
