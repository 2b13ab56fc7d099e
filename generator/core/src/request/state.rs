//! Where a request stands. What is known in a state, and in no other, lies in that state.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use p0_grant::approval::ApprovalKind;
use p0_grant::name::GrantId;
use serde::{Deserialize, Serialize};

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
    /// Its change is open, and whoever merges it approves it.
    AwaitingReview(Granted),
    /// It is approved; its change is not open yet.
    Approved(Granted),
    /// Its change is open.
    Proposed(Granted),
    /// Its files are on base; nobody has seen it in the cluster.
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
    /// Nobody answered in time, or it did not land in time.
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
}

/// Somebody's yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Vote {
    /// Whose.
    pub person: PersonName,
    /// Where it was given.
    pub channel: Channel,
    /// When.
    pub at: Timestamp,
    /// For how long at most.
    pub lifetime: Lifetime,
    /// The person's own signatures over what was shown, by grant, in OpenSSH's armor.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub signatures: BTreeMap<GrantId, String>,
}

/// Where somebody acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// On the command line, proved by an SSH signature.
    Cli,
    /// In Slack.
    Slack,
    /// On the forge.
    Git,
    /// On the command line of a demo, by name alone.
    Demo,
}

/// A winning approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Approval {
    /// The policy's sha256.
    pub policy: String,
    /// What sufficed for each of the grants, in their order.
    pub accepted: Vec<Accepted>,
    /// The votes that were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
    /// For how long: never longer than asked.
    pub lifetime: Lifetime,
    /// How long it may take to land.
    pub merge_within: Lifetime,
}

/// What sufficed for one grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Accepted {
    /// The rule that answered for it.
    pub rule: String,
    /// Which kind of approval.
    pub via: ApprovalKind,
    /// Who approved; empty where no person did.
    pub approvers: Vec<PersonName>,
    /// The preapproval that was opened beforehand, where that sufficed.
    #[serde(rename = "window", default, skip_serializing_if = "Option::is_none")]
    pub preapproval: Option<GrantId>,
}

/// What was granted, with its times. The grant files are made of this and of nothing that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Granted {
    /// By which approval.
    pub approval: Approval,
    /// When it was approved.
    pub at: Timestamp,
    /// When it ends: fixed here.
    pub expires_at: Timestamp,
    /// Until when it may land.
    pub merge_before: Timestamp,
    /// 0 for the first grant, n for its n-th extension.
    pub number: u32,
    /// The sha256 of the file that an extension replaces, by grant.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub previous: BTreeMap<GrantId, String>,
    /// Whether its change was seen open: only then can it have been closed.
    #[serde(default)]
    pub open: bool,
    /// What an extension replaces: if its file comes back, it counts again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<Box<Granted>>,
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
    /// Whoever had it gave it back.
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

impl Approval {
    /// Everybody who approved.
    pub fn approvers(&self) -> BTreeSet<&PersonName> {
        self.accepted.iter().flat_map(|accepted| &accepted.approvers).collect()
    }
}

impl Granted {
    /// The grant of this number: this one, or one that it replaced.
    pub fn numbered(&self, number: u32) -> Option<&Self> {
        std::iter::successors(Some(self), |granted| granted.former.as_deref())
            .find(|granted| granted.number == number)
    }

    /// The digests of the files of the grant of this number, where it was replaced.
    pub fn replaced(&self, number: u32) -> Option<&BTreeMap<GrantId, String>> {
        self.numbered(number.saturating_add(1)).map(|granted| &granted.previous)
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
