//! Requests: the workflow around a grant, as data and one pure step.
//!
//! What was asked, where it stands, what may happen next and what then has to be done. Git and the cluster are only ever
//! told what the state grants of them ([`Request::desired`]), and asked what is there; so an effect may be performed twice,
//! late or by two processes at once. Not here: who may approve ([`crate::policy`]), and everything that acts.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::PersonName;

mod delivery;
mod effect;
mod ending;
mod event;
mod evidence;
mod granted;
mod preview;
mod refused;
mod spec;
mod state;
mod statistics;
mod step;
mod table;

pub use delivery::{Delivery, Recipient, View, concerns_approvers, deliveries};
pub use effect::{Effect, Notice};
pub use ending::{EndReason, Ending, Witness};
pub use event::{Event, Tally};
pub use evidence::{Evidence, Vote};
pub use granted::{Approval, Granted};
pub use preview::Act;
pub use refused::Refused;
pub use spec::{RequestId, RequestSpec, RequestedGrant, Span, with_subresources};
pub use state::{Asked, Extending, ExtensionRequest, MergedGrant, Pending, State};
pub use statistics::{Figures, Statistics};
pub use step::{AuditLine, Opening, Step, open, step, time_step};
pub use table::{EventName, StateName, TRANSITIONS, Transition, document};

/// A request: what was asked, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    asked: RequestSpec,
    /// How many steps it has made: the number of the next one's effects.
    steps: u32,
    state: State,
}

/// What the repository should hold for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Desired<'r> {
    /// No branch and no file.
    Nothing,
    /// A branch for people to review, and no merge by us.
    Branch(&'r Granted),
    /// The file on base.
    OnBase(&'r Granted),
    /// The file on base as it is, and a change open that replaces it.
    Replaced {
        /// What stands there.
        now: &'r Granted,
        /// What shall.
        then: &'r Granted,
    },
}

impl Request {
    /// What was asked.
    pub fn spec(&self) -> &RequestSpec {
        &self.asked
    }

    /// Where it stands.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Its id.
    pub fn id(&self) -> &RequestId {
        &self.asked.id
    }

    /// How many steps it has made.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// As it is at `now`, where nothing but time has happened to it: what is over is over before it is noted in the store.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Self {
        time_step(&self, now).map_or(self, |step| step.request)
    }

    /// What was granted, as far as anything was.
    pub fn granted(&self) -> Option<&Granted> {
        match &self.state {
            State::AwaitingReview(granted) | State::Approved(granted) | State::Proposed(granted) => {
                Some(granted)
            }
            State::Merged(merged) | State::Active(merged) => Some(&merged.granted),
            State::Extending(extending) => Some(&extending.merged.granted),
            State::Revoking(ending) | State::Revoked(ending) => ending.granted.as_ref(),
            State::Failed { granted, .. } => granted.as_ref(),
            State::Pending(_) | State::Denied { .. } | State::Cancelled { .. } | State::TimedOut => None,
        }
    }

    /// The approvals so far of what still waits for more: the request, or its extension.
    pub fn waiting_votes(&self) -> &[Vote] {
        match &self.state {
            State::Pending(pending) => &pending.votes,
            State::Extending(extending) => &extending.extension.votes,
            _ => &[],
        }
    }

    /// Every approval of it or of an extension, whether it was enough or not.
    pub fn votes(&self) -> impl Iterator<Item = &Vote> {
        let granted = self.all_granted().flat_map(|granted| &granted.approval.votes);
        self.waiting_votes().iter().chain(granted)
    }

    /// Everybody who approved it or an extension of it, whether that was enough or not.
    pub fn approved_by(&self) -> BTreeSet<&PersonName> {
        let accepted = self.all_granted().flat_map(|granted| granted.approval.approvers());
        self.votes().map(|vote| &vote.person).chain(accepted).collect()
    }

    /// What was granted, what that replaced, and what shall replace it.
    fn all_granted(&self) -> impl Iterator<Item = &Granted> {
        let extension = match &self.state {
            State::Extending(extending) => extending.extension.granted.as_ref(),
            _ => None,
        };
        extension.into_iter().chain(self.granted().into_iter().flat_map(Granted::with_former))
    }

    /// The policy rules that answered for it.
    pub fn rules(&self) -> BTreeSet<&str> {
        let accepted = self.granted().into_iter().flat_map(|granted| &granted.approval.accepted);
        accepted.map(|accepted| accepted.rule.as_str()).chain([self.asked.rule.as_str()]).collect()
    }

    /// When access ends, where there is any.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.granted().filter(|_| !self.state.name().is_ended()).map(|granted| granted.expires_at)
    }

    /// What the repository should hold.
    pub fn desired(&self) -> Desired<'_> {
        match &self.state {
            State::AwaitingReview(granted) => Desired::Branch(granted),
            State::Approved(granted) | State::Proposed(granted) => Desired::OnBase(granted),
            State::Merged(merged) | State::Active(merged) => Desired::OnBase(&merged.granted),
            State::Extending(extending) => match &extending.extension.granted {
                None => Desired::OnBase(&extending.merged.granted),
                Some(then) => Desired::Replaced { now: &extending.merged.granted, then },
            },
            State::Pending(_)
            | State::Revoking(_)
            | State::Revoked(_)
            | State::Denied { .. }
            | State::Cancelled { .. }
            | State::TimedOut
            | State::Failed { .. } => Desired::Nothing,
        }
    }

    /// When time alone will move it next; `None` where it will not.
    pub fn next_due(&self) -> Option<Timestamp> {
        match &self.state {
            State::Pending(pending) => {
                let again = pending.asked.next(&self.asked).map(|(_, at)| at);
                Some(again.unwrap_or(self.asked.answer_by).min(self.asked.answer_by))
            }
            State::AwaitingReview(granted) | State::Approved(granted) | State::Proposed(granted) => {
                Some(granted.merge_before.min(granted.expires_at))
            }
            State::Merged(merged) | State::Active(merged) => Some(merged.next_due()),
            State::Extending(extending) => Some(extending.merged.next_due()),
            State::Revoking(_)
            | State::Revoked(_)
            | State::Denied { .. }
            | State::Cancelled { .. }
            | State::TimedOut
            | State::Failed { .. } => None,
        }
    }
}
