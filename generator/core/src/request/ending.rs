//! How a grant ends, why, and who saw that it is gone.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::granted::Granted;
use crate::name::PersonName;

/// Who saw that the cluster has a grant, or has it no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Witness {
    /// What said so, as the cluster file names it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What else was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// How it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Ending {
    /// What was granted; `None` where nothing was, and something merged nevertheless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<Granted>,
    /// Why it ends.
    pub why: EndReason,
    /// Who ended it, where somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonName>,
    /// What was said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// The last commit in which its files were seen as approved: there it can be read what has to go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// When it was seen to be off base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off_base: Option<Timestamp>,
    /// In which commit that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_in: Option<String>,
    /// Who saw it gone from the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<Witness>,
    /// Whether it was said that the cluster does not follow.
    #[serde(default)]
    pub alarmed: bool,
}

/// Why a grant ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// The person who had it gave it back.
    Relinquished,
    /// Its time was over.
    Expired,
    /// An approver took it away.
    Revoked,
    /// Somebody removed it in Git.
    RevertedInGit,
    /// Its file on base is not what was approved.
    Tampered,
    /// It merged after the request had ended.
    Late,
    /// The cluster cannot apply it.
    Unapplied,
    /// Policy allows it no more.
    #[serde(rename = "forbidden")]
    PolicyRevoked,
}

impl Ending {
    pub(super) fn new(granted: Option<Granted>, why: EndReason, now: Timestamp) -> Self {
        Self {
            granted,
            why,
            by: None,
            note: None,
            since: now,
            commit: None,
            off_base: None,
            removed_in: None,
            gone: None,
            alarmed: false,
        }
    }
}

impl EndReason {
    /// What a person is told.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Relinquished => "it was given back",
            Self::Expired => "its time was over",
            Self::Revoked => "it was revoked",
            Self::RevertedInGit => "it was removed in Git",
            Self::Tampered => "its file on base was not what had been approved",
            Self::Late => "it merged after the request had ended",
            Self::Unapplied => "the cluster could not apply it",
            Self::PolicyRevoked => "policy allows it no more",
        }
    }
}
