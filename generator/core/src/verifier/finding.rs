//! A finding: which path, and what is wrong there. Findings are told in one order, and once each.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::Refusal;

/// One thing that speaks against a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which path.
    pub path: String,
    /// What is wrong there.
    pub refusal: Refusal,
}

/// By path, then by code: the order in which findings are told.
impl Ord for Finding {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key =
            |finding: &Self| (finding.path.clone(), finding.refusal.code(), finding.refusal.to_string());
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Finding {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// What machines read of it: the path, the code and the sentence.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut told = serializer.serialize_struct("Finding", 3)?;
        told.serialize_field("path", &self.path)?;
        told.serialize_field("code", self.refusal.code())?;
        told.serialize_field("message", &self.refusal.sentence())?;
        told.end()
    }
}
