//! While its files are on base, and while somebody grants it for longer.

use jiff::Timestamp;

use super::Next;
use super::pending::count;
use crate::request::{
    Approval, EndReason, Ending, Event, Extending, ExtensionRequest, Granted, MergedGrant, Notice, Refused,
    RequestSpec, State, Tally,
};

pub(super) fn step(
    asked: &RequestSpec,
    mut merged: MergedGrant,
    event: Event,
    now: Timestamp,
) -> Result<Next, Refused> {
    match event {
        Event::Live(witness) => {
            merged.seen = Some(witness);
            Next::telling(State::Active(merged), Notice::Live)
        }
        Event::Unsynced { .. } if merged.alarmed => Err(Refused::NothingNew),
        Event::Unsynced { why } => {
            merged.alarmed = true;
            Next::telling(merged.stays(), Notice::Alarm { what: why })
        }
        Event::Extend(extension) => {
            if !asked.concerns(&extension.by) {
                return Err(Refused::NotTheirs(extension.by));
            }
            check_longer(&merged, &extension, now)?;
            Next::telling(State::Extending(Box::new(Extending { merged, extension })), Notice::Requested)
        }
        Event::Shortened { number } => shortened(merged, number),
        Event::Tick if now < merged.granted.expires_at => warn(merged, now, MergedGrant::stays),
        other => ends(asked, merged, other, now),
    }
}

pub(super) fn extending(
    asked: &RequestSpec,
    extending: Extending,
    event: Event,
    now: Timestamp,
) -> Result<Next, Refused> {
    let Extending { mut merged, mut extension } = extending;
    match event {
        Event::Approve { vote, verdict } if extension.granted.is_none() => {
            if let Some(vote) = vote {
                count(&mut extension.votes, vote, extension.lifetime)?;
            }
            let notice = match verdict {
                Tally::Insufficient { missing } => Notice::Counted { missing },
                Tally::Sufficient(approval) => {
                    extension.granted = Some(longer(&merged, &extension, approval, now)?);
                    Notice::Approved
                }
            };
            Next::telling(State::Extending(Box::new(Extending { merged, extension })), notice)
        }
        Event::Merged { commit, number, files }
            if extension.granted.as_ref().is_some_and(|then| then.number == number) =>
        {
            let granted = extension.granted.unwrap_or(merged.granted);
            let merged =
                MergedGrant { granted, since: now, commit, files, seen: None, warned: false, alarmed: false };
            Next::telling(State::Merged(merged), Notice::Merged)
        }
        Event::Deny { .. } | Event::Return { .. } | Event::Refused { .. } => {
            Next::telling(merged.stays(), Notice::Denied)
        }
        Event::Cancel { by } if extension.by == by || asked.concerns(&by) => {
            Next::telling(merged.stays(), Notice::Cancelled)
        }
        Event::Cancel { by } => Err(Refused::NotTheirs(by)),
        Event::Live(_) if merged.seen.is_some() => Err(Refused::NothingNew),
        Event::Live(witness) => {
            merged.seen = Some(witness);
            Next::telling(State::Extending(Box::new(Extending { merged, extension })), Notice::Live)
        }
        Event::Unsynced { .. } if merged.alarmed => Err(Refused::NothingNew),
        Event::Unsynced { why } => {
            merged.alarmed = true;
            Next::telling(
                State::Extending(Box::new(Extending { merged, extension })),
                Notice::Alarm { what: why },
            )
        }
        Event::Shortened { number } => shortened(merged, number),
        Event::Tick if now < merged.granted.expires_at => {
            warn(merged, now, |merged| State::Extending(Box::new(Extending { merged, extension })))
        }
        other => ends(asked, merged, other, now),
    }
}

/// What ends a live grant.
fn ends(asked: &RequestSpec, merged: MergedGrant, event: Event, now: Timestamp) -> Result<Next, Refused> {
    let (why, by, note) = match event {
        Event::Tick => (EndReason::Expired, None, None),
        Event::Relinquish { by } if asked.concerns(&by) => (EndReason::Relinquished, Some(by), None),
        Event::Relinquish { by } => return Err(Refused::NotTheirs(by)),
        Event::Revoke { by, reason } => (EndReason::Revoked, Some(by), reason),
        Event::Absent { commit, .. } => {
            let state = reverted(merged, Some(commit), now);
            return Next::telling(state, Notice::Ending { why: EndReason::RevertedInGit });
        }
        Event::Tampered { what } => (EndReason::Tampered, None, Some(what)),
        Event::Unapplied { why } => (EndReason::Unapplied, None, Some(why)),
        Event::PolicyRevoked { reasons } => (EndReason::PolicyRevoked, None, Some(reasons.join("; "))),
        _ => return Err(Refused::NothingNew),
    };
    let ending =
        Ending { by, note, commit: Some(merged.commit), ..Ending::new(Some(merged.granted), why, now) };
    Next::telling(State::Revoking(ending), Notice::Ending { why })
}

/// Somebody removed it: it is off base already.
fn reverted(merged: MergedGrant, removed_in: Option<String>, now: Timestamp) -> State {
    let ending = Ending::new(Some(merged.granted), EndReason::RevertedInGit, now);
    State::Revoking(Ending { commit: Some(merged.commit), off_base: Some(now), removed_in, ..ending })
}

fn warn(
    mut merged: MergedGrant,
    now: Timestamp,
    into: impl FnOnce(MergedGrant) -> State,
) -> Result<Next, Refused> {
    if merged.warned || now < merged.warn_at() {
        return Err(Refused::NothingNew);
    }
    merged.warned = true;
    Next::telling(into(merged), Notice::AboutToExpire)
}

/// An earlier file is back on base: it counts, and ends when it always did.
fn shortened(mut merged: MergedGrant, number: u32) -> Result<Next, Refused> {
    match merged.granted.numbered(number) {
        Some(earlier) if number != merged.granted.number => {
            merged.files = merged.granted.replaced(number).cloned().unwrap_or_default();
            merged.granted = earlier.clone();
            Next::telling(merged.stays(), Notice::Shortened)
        }
        _ => Err(Refused::NothingNew),
    }
}

fn check_longer(merged: &MergedGrant, extension: &ExtensionRequest, now: Timestamp) -> Result<(), Refused> {
    let then = now.checked_add(extension.lifetime.duration()).map_err(|_| Refused::Overflow)?;
    if then > merged.granted.expires_at {
        Ok(())
    } else {
        Err(Refused::NoExtension(merged.granted.expires_at))
    }
}

/// The grant that replaces the live one.
fn longer(
    merged: &MergedGrant,
    extension: &ExtensionRequest,
    approval: Approval,
    now: Timestamp,
) -> Result<Granted, Refused> {
    if approval.lifetime > extension.lifetime {
        return Err(Refused::Longer);
    }
    let now_granted = &merged.granted;
    let expires_at = now.checked_add(approval.lifetime.duration()).map_err(|_| Refused::Overflow)?;
    if expires_at <= now_granted.expires_at {
        return Err(Refused::NoExtension(now_granted.expires_at));
    }
    let merge_before = now.checked_add(approval.merge_within.duration()).map_err(|_| Refused::Overflow)?;
    Ok(Granted {
        approval,
        at: now,
        expires_at,
        // It replaces a live grant; once that has ended there is nothing to replace.
        merge_before: merge_before.min(now_granted.expires_at),
        number: now_granted.number.saturating_add(1),
        previous: extension.previous.clone(),
        open: false,
        former: Some(Box::new(now_granted.clone())),
    })
}
