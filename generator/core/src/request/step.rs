//! The one step: a request, an event and the time give the request as it is then, and what has to be done.
//!
//! What may happen is for [`TRANSITIONS`](super::TRANSITIONS) to say; what becomes of the data is said here, one file for
//! each part of a request's life. Effects are not chosen one by one: whenever the repository should hold something else
//! than before, it is applied.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::granted::{Approval, Granted};
use super::table::{EventName, StateName, targets};
use super::{Desired, Effect, Event, Notice, Pending, Refused, Request, RequestSpec, State};
use crate::name::PersonName;

mod approved;
mod ended;
mod live;
mod pending;

/// How a request begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// With approvers.
    Ask,
    /// With its own approval: on call, inside a preapproval, or persistent.
    Approved(Approval),
    /// With its change, which is reviewed in Git.
    Review(Approval),
}

/// What a step comes to. It is kept whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The request as it is then.
    pub request: Request,
    /// What is to be done, each with the key that makes it one deed.
    pub effects: Vec<(String, Effect)>,
    /// What the log says.
    pub line: AuditLine,
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AuditLine {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub event: EventName,
    /// Where it stood; nothing at the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<StateName>,
    /// Where it stands.
    pub to: StateName,
    /// Who did it, where somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonName>,
    /// All that is known of what happened; nothing at the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<Event>,
    /// What was asked, at the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<RequestSpec>,
}

/// Where a part of the life leads to, and what is told.
struct Next {
    state: State,
    told: Vec<Notice>,
}

impl Next {
    fn quiet(state: State) -> Result<Self, Refused> {
        Ok(Self { state, told: Vec::new() })
    }

    fn telling(state: State, notice: Notice) -> Result<Self, Refused> {
        Ok(Self { state, told: vec![notice] })
    }
}

/// Opens a request.
///
/// # Errors
/// [`Refused`] where its times are none.
pub fn open(asked: RequestSpec, opening: Opening, now: Timestamp) -> Result<Step, Refused> {
    let (state, notice) = match opening {
        Opening::Ask => (State::Pending(Pending::default()), Notice::Requested),
        Opening::Approved(approval) => (State::Approved(granted(approval, &asked, now)?), Notice::Approved),
        Opening::Review(approval) => {
            (State::AwaitingReview(granted(approval, &asked, now)?), Notice::Requested)
        }
    };
    let line = AuditLine {
        at: now,
        event: EventName::Ask,
        from: None,
        to: state.name(),
        by: Some(asked.requester.clone()),
        what: None,
        asked: Some(asked.clone()),
    };
    let request = Request { asked, steps: 1, state };
    let applies = request.desired() != Desired::Nothing;
    let effects = numbered(&request, applies, vec![notice]);
    Ok(Step { request, effects, line })
}

/// The step that time alone makes by `now`, if there is one.
pub fn time_step(request: &Request, now: Timestamp) -> Option<Step> {
    let is_due = request.next_due().is_some_and(|due| due <= now);
    is_due.then(|| step(request, Event::Tick, now).ok()).flatten()
}

/// Makes one step.
///
/// # Errors
/// [`Refused`]: the request stays as it is.
pub fn step(request: &Request, event: Event, now: Timestamp) -> Result<Step, Refused> {
    let (from, name) = (request.state.name(), event.name());
    let not_now = Refused::NotNow { state: from, event: name };
    let to = targets(from, name).ok_or_else(|| not_now.clone())?;
    let line_event = event.clone();
    let (asked, next) = moved(request, event, now)?;
    if !to.contains(&next.state.name()) {
        return Err(not_now);
    }
    let moved = Request { asked, steps: request.steps.saturating_add(1), state: next.state };
    let line = AuditLine {
        at: now,
        event: name,
        from: Some(from),
        to: moved.state.name(),
        by: line_event.by().cloned(),
        what: Some(line_event),
        asked: None,
    };
    let applies = request.desired() != moved.desired() || is_back(&line);
    let effects = numbered(&moved, applies, next.told);
    Ok(Step { request: moved, effects, line })
}

/// Something is on base that no request is known to have put there.
fn is_back(line: &AuditLine) -> bool {
    line.to == StateName::Revoking && matches!(line.event, EventName::Merged | EventName::Tampered)
}

fn moved(request: &Request, event: Event, now: Timestamp) -> Result<(RequestSpec, Next), Refused> {
    let mut asked = request.asked.clone();
    let next = match request.state.clone() {
        State::Pending(pending) => pending::step(&mut asked, pending, event, now),
        State::AwaitingReview(granted) | State::Approved(granted) | State::Proposed(granted) => {
            approved::step(&mut asked, request.state.name(), granted, event, now)
        }
        State::Merged(merged) | State::Active(merged) => live::step(&asked, merged, event, now),
        State::Extending(extending) => live::extending(&asked, *extending, event, now),
        State::Revoking(ending) | State::Revoked(ending) => ended::ending(ending, event, now),
        State::Denied { .. } | State::Cancelled { .. } | State::TimedOut => ended::late(None, &event, now),
        State::Failed { granted, .. } => ended::failed(&asked, granted, event, now),
    };
    next.map(|next| (asked, next))
}

/// What was granted, with the times that are fixed now.
fn granted(approval: Approval, asked: &RequestSpec, now: Timestamp) -> Result<Granted, Refused> {
    if approval.lifetime > asked.lifetime {
        return Err(Refused::Longer);
    }
    let expires_at = now.checked_add(approval.lifetime.duration()).map_err(|_| Refused::Overflow)?;
    let merge_before = now.checked_add(approval.merge_within.duration()).map_err(|_| Refused::Overflow)?;
    let merge_before = merge_before.min(expires_at);
    let previous = std::collections::BTreeMap::new();
    Ok(Granted {
        approval,
        at: now,
        expires_at,
        merge_before,
        number: 0,
        previous,
        open: false,
        former: None,
    })
}

/// Effects with their keys: of this request, of this step, the first, the second, ….
fn numbered(request: &Request, applies: bool, told: Vec<Notice>) -> Vec<(String, Effect)> {
    let applies = applies.then_some(Effect::ApplyDesired);
    let effects = applies.into_iter().chain(told.into_iter().map(Effect::Tell));
    let key = |index| format!("{}/{}/{index}", request.id(), request.steps);
    effects.enumerate().map(|(index, effect)| (key(index), effect)).collect()
}
