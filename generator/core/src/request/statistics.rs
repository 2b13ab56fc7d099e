//! Figures over many requests: how they ended, and how long approvals took. Not here: which requests count, and what was used in the
//! cluster, which only its audit log knows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use p0_grant::approval::ApprovalKind;
use serde::Serialize;

use super::{Request, State, StateName};
use crate::duration::Lifetime;
use crate::policy::{Accepted, Basis};

/// The figures of all requests, and of each rule's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Statistics {
    /// Of all.
    pub all: Figures,
    /// Of those that each rule answered.
    pub rules: BTreeMap<String, Figures>,
}

/// How some requests ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Figures {
    /// How many were made.
    pub requests: usize,
    /// How many of them were approved.
    pub approved: usize,
    /// How many of the approved ones no person was asked for: by a preapproval, or by being on call.
    pub without_approver: usize,
    /// How many were denied.
    pub denied: usize,
    /// How many were not answered, or did not land, in time.
    pub unanswered: usize,
    /// How many the requester took back.
    pub cancelled: usize,
    /// How many wait.
    pub waiting: usize,
    /// How many could not land.
    pub not_landed: usize,
    /// How long people took to approve: half of the approvals took no longer.
    pub median_to_approve: Option<Lifetime>,
    /// The same for nine in ten of them.
    pub ninetieth_to_approve: Option<Lifetime>,
    #[serde(skip)]
    waits: Vec<Lifetime>,
}

impl Statistics {
    /// Over `requests`.
    pub fn of<'r>(requests: impl IntoIterator<Item = &'r Request>) -> Self {
        let mut statistics = Self::default();
        for request in requests {
            statistics.all.count(request);
            statistics.rules.entry(request.spec().rule.clone()).or_default().count(request);
        }
        statistics.all.finish();
        statistics.rules.values_mut().for_each(Figures::finish);
        statistics
    }
}

impl Figures {
    fn count(&mut self, request: &Request) {
        self.requests += 1;
        let counter = match request.state() {
            State::Denied { .. } => Some(&mut self.denied),
            State::Cancelled { .. } => Some(&mut self.cancelled),
            State::TimedOut => Some(&mut self.unanswered),
            State::Failed { .. } => Some(&mut self.not_landed),
            state if matches!(state.name(), StateName::Pending | StateName::AwaitingReview) => {
                Some(&mut self.waiting)
            }
            _ => None,
        };
        if let Some(counter) = counter {
            *counter += 1;
        }
        let first = request.granted().and_then(|granted| granted.numbered(0).or(Some(granted)));
        let Some(first) = first.filter(|_| request.state().name() != StateName::AwaitingReview) else {
            return;
        };
        self.approved += 1;
        match first.approval.accepted.iter().flat_map(Accepted::bases).all(asked_no_person) {
            true => self.without_approver += 1,
            false => self.waits.push(wait(request.spec().at, first.at)),
        }
    }

    fn finish(&mut self) {
        self.waits.sort_unstable();
        let at = |tenths: usize| {
            let last = self.waits.len().checked_sub(1)?;
            self.waits.get(last * tenths / 10).copied()
        };
        (self.median_to_approve, self.ninetieth_to_approve) = (at(5), at(9));
    }
}

/// A preapproval has signers, but they answered before the request was made.
fn asked_no_person(basis: &Basis) -> bool {
    matches!(basis.kind(), ApprovalKind::Auto | ApprovalKind::Preapproval)
}

/// At least a second: an answer within the same one took some time too.
fn wait(asked: Timestamp, approved: Timestamp) -> Lifetime {
    Lifetime::between(asked, approved).unwrap_or(Lifetime::seconds(1))
}
