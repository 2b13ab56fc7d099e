//! When it is over: until Git and the cluster have it no more, and when something turns up afterwards.

use jiff::Timestamp;

use super::Next;
use crate::name::PersonName;
use crate::request::{EndReason, Ending, Event, Granted, Notice, Refused, RequestSpec, State};

/// It ends, or has ended.
pub(super) fn ending(mut ending: Ending, event: Event, now: Timestamp) -> Result<Next, Refused> {
    match event {
        Event::Absent { commit, .. } if ending.off_base.is_none() => {
            ending.off_base = Some(now);
            ending.removed_in = Some(commit);
            Next::quiet(State::Revoking(ending))
        }
        // Somebody put it back, or closed the change that removed it.
        Event::Merged { .. } | Event::Tampered { .. } if ending.off_base.is_some() => {
            ending.off_base = None;
            ending.removed_in = None;
            ending.gone = None;
            let what = "its file is on base again, and is removed again".to_owned();
            Next::telling(State::Revoking(ending), Notice::Alarm { what })
        }
        Event::Gone(witness) if ending.off_base.is_some() && ending.gone.is_none() => {
            ending.gone = Some(witness);
            let why = ending.why;
            Next::telling(State::Revoked(ending), Notice::Gone { why })
        }
        Event::Unsynced { why } if !ending.alarmed => {
            ending.alarmed = true;
            Next::telling(State::Revoking(ending), Notice::Alarm { what: why })
        }
        _ => Err(Refused::NothingNew),
    }
}

/// Something merged for a request that grants nothing.
pub(super) fn late(granted: Option<Granted>, event: &Event, now: Timestamp) -> Result<Next, Refused> {
    match event {
        Event::Merged { .. } => {
            let why = EndReason::Late;
            Next::telling(State::Revoking(Ending::new(granted, why, now)), Notice::Ending { why })
        }
        _ => Err(Refused::NothingNew),
    }
}

/// It could not land.
pub(super) fn failed(
    asked: &RequestSpec,
    granted: Option<Granted>,
    event: Event,
    now: Timestamp,
) -> Result<Next, Refused> {
    match (event, granted) {
        (Event::Cancel { by }, _) => taken_back(asked, by),
        // An approval that could be tried again is taken away like one that is on its way.
        (Event::Revoke { by, .. }, Some(granted)) if now < granted.merge_before => {
            Next::telling(State::Cancelled { by }, Notice::Cancelled)
        }
        // The approval stands as long as it could have merged.
        (Event::Retry { .. }, Some(granted)) if now < granted.merge_before => {
            Next::quiet(State::Approved(granted))
        }
        (Event::Retry { .. }, granted) => {
            Err(Refused::TooLate(granted.map_or(asked.answer_by, |granted| granted.merge_before)))
        }
        (event, granted) => late(granted, &event, now),
    }
}

/// A person whom the request concerns takes it back.
pub(super) fn taken_back(asked: &RequestSpec, by: PersonName) -> Result<Next, Refused> {
    match asked.concerns(&by) {
        true => Next::telling(State::Cancelled { by }, Notice::Cancelled),
        false => Err(Refused::NotTheirs(by)),
    }
}
