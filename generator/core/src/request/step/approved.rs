//! From the approval until its files are on base.

use jiff::Timestamp;

use super::Next;
use super::ended::taken_back;
use super::pending::{policy_revoked, returned};
use crate::request::{Asked, Event, Granted, MergedGrant, Notice, Refused, RequestSpec, State, StateName};

pub(super) fn step(
    asked: &mut RequestSpec,
    from: StateName,
    mut granted: Granted,
    event: Event,
    now: Timestamp,
) -> Result<Next, Refused> {
    match event {
        Event::Opened if granted.open => Err(Refused::NothingNew),
        Event::Opened => {
            granted.open = true;
            Next::quiet(match from {
                StateName::AwaitingReview => State::AwaitingReview(granted),
                _ => State::Proposed(granted),
            })
        }
        Event::Merged { commit, number, files } if number == granted.number => {
            let merged =
                MergedGrant { granted, since: now, commit, files, seen: None, warned: false, alarmed: false };
            Next::telling(State::Merged(merged), Notice::Merged)
        }
        // The branch was deleted, unmerged, by somebody who may write to the repository: that is a no.
        Event::Absent { closed_by, .. } if granted.open => {
            let by = closed_by.map(|login| format!(" by `{login}` on the forge")).unwrap_or_default();
            let reason = Some(format!("its change was closed unmerged{by}"));
            Next::telling(State::Denied { by: None, reason }, Notice::Denied)
        }
        Event::Return { why, digests } => {
            // What is over by now is not made up for: its being back is told by itself.
            let times = Asked::Once.due(asked, now).unwrap_or_default();
            returned(asked, times, why, &digests)
        }
        Event::PolicyRevoked { reasons } => policy_revoked(&reasons),
        Event::Deny { by, reason } => Next::telling(State::Denied { by: Some(by), reason }, Notice::Denied),
        Event::Refused { findings } => {
            let cause = findings.join("; ");
            let state = State::Failed { cause: cause.clone(), granted: Some(granted) };
            Next::telling(state, Notice::Failed { cause })
        }
        Event::Cancel { by } | Event::Relinquish { by } => taken_back(asked, by),
        Event::Revoke { by, .. } => Next::telling(State::Cancelled { by }, Notice::Cancelled),
        Event::Tick if now >= granted.merge_before => Next::telling(State::TimedOut, Notice::TimedOut),
        _ => Err(Refused::NothingNew),
    }
}
