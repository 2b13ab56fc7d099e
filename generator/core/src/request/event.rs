//! What may happen to a request: what people do, what is seen in Git and in the cluster, and time.

use std::collections::BTreeMap;

use p0_grant::digest::SubsetDigest;
use p0_grant::name::GrantId;
use serde::{Deserialize, Serialize};

use super::ending::Witness;
use super::evidence::Vote;
use super::granted::Approval;
use super::state::ExtensionRequest;
use super::table::EventName;
use crate::name::PersonName;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Somebody said yes, or policy did by itself.
    Approve {
        /// Whose yes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        vote: Option<Vote>,
        /// What policy makes of all votes together.
        verdict: Tally,
    },
    /// Somebody who may approve said no.
    Deny {
        /// Who.
        by: PersonName,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Policy says no now.
    #[serde(rename = "forbid")]
    PolicyRevoked {
        /// Why.
        reasons: Vec<String>,
    },
    /// What it gives, or what policy says of it, changed since somebody looked.
    Return {
        /// What changed.
        why: String,
        /// What the grants give now.
        digests: BTreeMap<GrantId, SubsetDigest>,
    },
    /// The requester takes it back.
    Cancel {
        /// Who.
        by: PersonName,
    },
    /// The person who has the access gives it back.
    Relinquish {
        /// Who.
        by: PersonName,
    },
    /// Somebody who may takes it away.
    Revoke {
        /// Who.
        by: PersonName,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Somebody grants it for longer.
    Extend(ExtensionRequest),
    /// Its change is open.
    Opened,
    /// Its files are on base as they should be.
    Merged {
        /// In which commit.
        commit: String,
        /// Which of its grants: 0, or the number of an extension.
        number: u32,
        /// The sha256 of its files, by grant.
        files: BTreeMap<GrantId, String>,
    },
    /// Its files are not on base, nor is its change open.
    Absent {
        /// The commit of base that was looked at.
        commit: String,
        /// Who closed its change on the forge, by login, where the forge says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        closed_by: Option<String>,
    },
    /// The verifier of the change says no.
    Refused {
        /// What speaks against it.
        findings: Vec<String>,
    },
    /// Its file on base is an earlier one.
    Shortened {
        /// Which of its grants that is.
        number: u32,
    },
    /// Its file on base is another one.
    Tampered {
        /// What is there.
        what: String,
    },
    /// The cluster has it.
    Live(Witness),
    /// The cluster has it no more, or there is no witness and Git has it no more.
    Gone(Witness),
    /// The cluster should have it, and does not.
    Unsynced {
        /// What is known.
        why: String,
    },
    /// The cluster cannot apply it.
    Unapplied {
        /// What it said.
        why: String,
    },
    /// Somebody grants a failed one tried again.
    Retry {
        /// Who.
        by: PersonName,
    },
    /// Time passed.
    Tick,
}

/// What policy makes of the votes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tally {
    /// More are needed.
    #[serde(rename = "waits")]
    Insufficient {
        /// What is missing, for people.
        missing: Vec<String>,
    },
    /// They suffice.
    #[serde(rename = "enough")]
    Sufficient(Approval),
}

impl Event {
    /// Its name.
    pub fn name(&self) -> EventName {
        match self {
            Self::Approve { .. } => EventName::Approve,
            Self::Deny { .. } => EventName::Deny,
            Self::PolicyRevoked { .. } => EventName::PolicyRevoked,
            Self::Return { .. } => EventName::Return,
            Self::Cancel { .. } => EventName::Cancel,
            Self::Relinquish { .. } => EventName::Relinquish,
            Self::Revoke { .. } => EventName::Revoke,
            Self::Extend(_) => EventName::Extend,
            Self::Opened => EventName::Opened,
            Self::Merged { .. } => EventName::Merged,
            Self::Absent { .. } => EventName::Absent,
            Self::Refused { .. } => EventName::Refused,
            Self::Shortened { .. } => EventName::Shortened,
            Self::Tampered { .. } => EventName::Tampered,
            Self::Live(_) => EventName::Live,
            Self::Gone(_) => EventName::Gone,
            Self::Unsynced { .. } => EventName::Unsynced,
            Self::Unapplied { .. } => EventName::Unapplied,
            Self::Retry { .. } => EventName::Retry,
            Self::Tick => EventName::Tick,
        }
    }

    /// Who did it, where somebody did.
    pub fn by(&self) -> Option<&PersonName> {
        match self {
            Self::Approve { vote, .. } => vote.as_ref().map(|vote| &vote.person),
            Self::Deny { by, .. }
            | Self::Cancel { by }
            | Self::Relinquish { by }
            | Self::Revoke { by, .. }
            | Self::Retry { by } => Some(by),
            Self::Extend(extension) => Some(&extension.by),
            _ => None,
        }
    }
}
