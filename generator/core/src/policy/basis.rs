//! What an approval rests on: persons who approved, a duty of the requester, or a preapproval.
//!
//! The store keeps it, a grant file is rendered from it, and it is held to what is true when the file is signed. Not here: whether
//! it is enough ([`super::accept`]), and what proves a person's vote.

use std::collections::BTreeSet;

use p0_grant::approval::ApprovalKind;
use p0_grant::name::GrantId;
use p0_grant::on_call::OnCallEvidence;
use serde::{Deserialize, Serialize};

use super::on_call::AcceptedDuty;
use crate::name::{PersonName, RuleName};

/// What one alternative of a rule was satisfied by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Persons that the rule lists.
    Reviewers(BTreeSet<PersonName>),
    /// The requester's manager.
    Manager(PersonName),
    /// Persons who review the change on the forge; none are known before its merge.
    GitReview(BTreeSet<PersonName>),
    /// Persons that the rule lists, until its review date.
    Persistent(BTreeSet<PersonName>),
    /// The requester is on call.
    OnCall(AcceptedDuty),
    /// A preapproval, and the persons who signed it.
    Preapproval {
        /// Which.
        id: GrantId,
        /// Who signed it.
        signers: BTreeSet<PersonName>,
    },
}

/// What sufficed for one grant: under which rule, and on what it rests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Accepted {
    /// The rule that answered for it.
    pub rule: RuleName,
    /// What satisfied that rule.
    pub basis: Basis,
    /// What satisfied the rules on parts of the selection.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Basis>,
}

impl Basis {
    /// The kind of approval.
    pub fn kind(&self) -> ApprovalKind {
        match self {
            Self::Reviewers(_) => ApprovalKind::Reviewers,
            Self::Manager(_) => ApprovalKind::Manager,
            Self::GitReview(_) => ApprovalKind::Git,
            Self::Persistent(_) => ApprovalKind::Persistent,
            Self::OnCall(_) => ApprovalKind::Auto,
            Self::Preapproval { .. } => ApprovalKind::Preapproval,
        }
    }

    /// The persons who approved; none where being on call did.
    pub fn approvers(&self) -> impl Iterator<Item = &PersonName> {
        let (one, several) = match self {
            Self::Manager(person) => (Some(person), None),
            Self::Reviewers(persons) | Self::GitReview(persons) | Self::Persistent(persons) => {
                (None, Some(persons))
            }
            Self::Preapproval { signers, .. } => (None, Some(signers)),
            Self::OnCall(_) => (None, None),
        };
        one.into_iter().chain(several.into_iter().flatten())
    }

    /// Whether `now`, which policy accepts at a later time, proves it still. A duty must last at least as long as it did.
    pub fn is_proved_by(&self, now: &Self) -> bool {
        match (self, now) {
            (Self::OnCall(then), Self::OnCall(now)) => then.is_proved_by(now),
            (then, now) => then == now,
        }
    }
}

impl Accepted {
    /// Everything that it rests on, the answering rule's own first.
    pub fn bases(&self) -> impl Iterator<Item = &Basis> {
        std::iter::once(&self.basis).chain(&self.parts)
    }

    /// The kind of approval that satisfied the answering rule.
    pub fn kind(&self) -> ApprovalKind {
        self.basis.kind()
    }

    /// Everybody who approved.
    pub fn approvers(&self) -> BTreeSet<&PersonName> {
        self.bases().flat_map(Basis::approvers).collect()
    }

    /// The duties that approved it or a part of it.
    pub fn duties(&self) -> impl Iterator<Item = &AcceptedDuty> {
        self.bases().filter_map(|basis| match basis {
            Basis::OnCall(duty) => Some(duty),
            _ => None,
        })
    }

    /// The evidence of those duties, each once, as the grant file carries it.
    pub fn on_call_evidence(&self) -> Vec<OnCallEvidence> {
        let mut all: Vec<OnCallEvidence> = Vec::new();
        for AcceptedDuty { evidence, .. } in self.duties() {
            if !all.contains(evidence) {
                all.push(evidence.clone());
            }
        }
        all
    }

    /// The preapproval that approved it or a part of it.
    pub fn preapproval(&self) -> Option<&GrantId> {
        self.bases().find_map(|basis| match basis {
            Basis::Preapproval { id, .. } => Some(id),
            _ => None,
        })
    }

    /// Whether what policy accepts at a later time proves all of it still.
    pub fn is_proved_by(&self, now: &Self) -> bool {
        self.rule == now.rule
            && self.basis.is_proved_by(&now.basis)
            && self.parts.len() == now.parts.len()
            && self.parts.iter().zip(&now.parts).all(|(then, now)| then.is_proved_by(now))
    }
}
