//! On-call evidence as a grant file carries it: where the requester was on call, and until when.
//!
//! It is the bot's word, under the bot's signature. Not here: whose duty is enough; that is policy, and the generator's.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The longest id of a schedule or an escalation policy.
const LONGEST: usize = 64;

/// The id of a schedule or of an escalation policy: letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct DutyId(String);

/// Where somebody is on call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum DutyPlace {
    /// In a schedule.
    Schedule(DutyId),
    /// In an escalation policy.
    EscalationPolicy {
        /// Which.
        id: DutyId,
        /// On which of its levels, from 1.
        level: u32,
    },
}

/// What an approval without an approver rests on. As text: `schedule PSHOP until 2026-11-24T16:00:00Z`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OnCallEvidence {
    /// Where the requester was on call.
    pub place: DutyPlace,
    /// Until when: whole seconds. Without it the duty has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no id of a schedule or an escalation policy: use letters, digits, `-` and `_`, at most {LONGEST}"
)]
pub struct DutyIdError(String);

/// Not on-call evidence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no on-call evidence: write `schedule ID` or `escalation-policy ID level N`, and `until TIME`"
)]
pub struct OnCallEvidenceError(String);

impl DutyId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DutyId {
    type Error = DutyIdError;

    fn try_from(text: String) -> Result<Self, DutyIdError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let is_id = !text.is_empty() && text.len() <= LONGEST && text.bytes().all(fits);
        if is_id { Ok(Self(text)) } else { Err(DutyIdError(text)) }
    }
}

impl From<DutyId> for String {
    fn from(id: DutyId) -> Self {
        id.0
    }
}

impl FromStr for DutyId {
    type Err = DutyIdError;

    fn from_str(text: &str) -> Result<Self, DutyIdError> {
        text.to_owned().try_into()
    }
}

impl fmt::Display for DutyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for DutyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schedule(id) => write!(f, "schedule {id}"),
            Self::EscalationPolicy { id, level } => write!(f, "escalation-policy {id} level {level}"),
        }
    }
}

impl fmt::Display for OnCallEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place.fmt(f)?;
        self.until.map_or(Ok(()), |until| write!(f, " until {until}"))
    }
}

impl FromStr for OnCallEvidence {
    type Err = OnCallEvidenceError;

    /// Only the one spelling that is written.
    fn from_str(text: &str) -> Result<Self, OnCallEvidenceError> {
        let wrong = || OnCallEvidenceError(text.to_owned());
        let words: Vec<&str> = text.split(' ').collect();
        let (place, rest) = match words.as_slice() {
            ["schedule", id, rest @ ..] => (DutyPlace::Schedule(id.parse().map_err(|_| wrong())?), rest),
            ["escalation-policy", id, "level", level, rest @ ..] => {
                let id = id.parse().map_err(|_| wrong())?;
                (DutyPlace::EscalationPolicy { id, level: level.parse().map_err(|_| wrong())? }, rest)
            }
            _ => return Err(wrong()),
        };
        let until = match rest {
            [] => None,
            ["until", time] => Some(time.parse().map_err(|_| wrong())?),
            _ => return Err(wrong()),
        };
        let evidence = Self { place, until };
        match evidence.to_string() == text {
            true => Ok(evidence),
            false => Err(wrong()),
        }
    }
}

/// All evidence of a grant as one text.
pub(crate) fn write(duties: &[OnCallEvidence]) -> String {
    let duties: Vec<String> = duties.iter().map(ToString::to_string).collect();
    duties.join(", ")
}

/// What [`write`] wrote.
pub(crate) fn read(text: &str) -> Result<Vec<OnCallEvidence>, OnCallEvidenceError> {
    text.split(", ").map(str::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for text in [
            "schedule PSHOP",
            "schedule PSHOP until 2026-11-24T16:00:00Z",
            "escalation-policy E_core-1 level 2 until 2026-11-24T16:00:00Z",
        ] {
            assert_eq!(text.parse::<OnCallEvidence>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn another_spelling_is_refused() {
        for text in [
            "",
            "schedule",
            "schedule  PSHOP",
            "schedule P/SHOP",
            "schedule PSHOP until tomorrow",
            "schedule PSHOP until 2026-11-24T17:00:00+01:00",
            "schedule PSHOP until 2026-11-24T16:00:00Z until 2026-11-24T16:00:00Z",
            "escalation-policy ECORE",
            "escalation-policy ECORE level 01",
            "escalation-policy ECORE level -1",
            "rota PSHOP",
        ] {
            assert!(text.parse::<OnCallEvidence>().is_err(), "{text}");
        }
    }
}
