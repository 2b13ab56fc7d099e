//! What was approved: which rule it answers to, by whose approval, and its times. Grant files are made of this.
//!
//! Not here: what proves an approval ([`super::evidence`]).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use p0_grant::name::GrantId;
use serde::{Deserialize, Serialize};

use super::evidence::Vote;
use crate::duration::Lifetime;
use crate::name::PersonName;
use crate::policy::{Accepted, AcceptedDuty};

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

impl Approval {
    /// Everybody who approved.
    pub fn approvers(&self) -> BTreeSet<&PersonName> {
        self.accepted.iter().flat_map(Accepted::approvers).collect()
    }

    /// The duty that approved it, where being on call did.
    pub fn duty(&self) -> Option<&AcceptedDuty> {
        self.accepted.iter().flat_map(Accepted::duties).next()
    }
}

impl Granted {
    /// This one and those that it replaced, the latest first.
    pub fn with_former(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |granted| granted.former.as_deref())
    }

    /// The grant of this number: this one, or one that it replaced.
    pub fn numbered(&self, number: u32) -> Option<&Self> {
        self.with_former().find(|granted| granted.number == number)
    }

    /// The digests of the files of the grant of this number, where it was replaced.
    pub fn replaced(&self, number: u32) -> Option<&BTreeMap<GrantId, String>> {
        self.numbered(number.saturating_add(1)).map(|granted| &granted.previous)
    }
}
