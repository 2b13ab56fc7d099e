//! While its files are on base, and while somebody wants it for longer.

use jiff::Timestamp;

use super::Next;
use super::waiting::count;
use crate::request::{
    Approval, Asked, Ending, Event, Extending, Granted, Landed, Notice, Refused, State, Verdict, Why, Wish,
};

pub(super) fn step(asked: &Asked, mut landed: Landed, event: Event, now: Timestamp) -> Result<Next, Refused> {
    match event {
        Event::Live(witness) => {
            landed.seen = Some(witness);
            Next::telling(State::Active(landed), Notice::Live)
        }
        Event::Unsynced { .. } if landed.alarmed => Err(Refused::NothingNew),
        Event::Unsynced { why } => {
            landed.alarmed = true;
            Next::telling(landed.stays(), Notice::Alarm { what: why })
        }
        Event::Extend(wish) => {
            if !asked.concerns(&wish.by) {
                return Err(Refused::NotTheirs(wish.by));
            }
            check_longer(&landed, &wish, now)?;
            Next::telling(State::Extending(Box::new(Extending { landed, wish })), Notice::Asked)
        }
        Event::Shortened { number } => shortened(landed, number),
        Event::Tick if now < landed.granted.expires_at => warn(landed, now, Landed::stays),
        other => ends(asked, landed, other, now),
    }
}

pub(super) fn extending(
    asked: &Asked,
    extending: Extending,
    event: Event,
    now: Timestamp,
) -> Result<Next, Refused> {
    let Extending { mut landed, mut wish } = extending;
    match event {
        Event::Approve { vote, verdict } if wish.granted.is_none() => {
            if let Some(vote) = vote {
                count(&mut wish.votes, vote, wish.lifetime)?;
            }
            let notice = match verdict {
                Verdict::Waits { missing } => Notice::Counted { missing },
                Verdict::Enough(approval) => {
                    wish.granted = Some(longer(&landed, &wish, approval, now)?);
                    Notice::Approved
                }
            };
            Next::telling(State::Extending(Box::new(Extending { landed, wish })), notice)
        }
        Event::Merged { commit, number, files }
            if wish.granted.as_ref().is_some_and(|then| then.number == number) =>
        {
            let granted = wish.granted.unwrap_or(landed.granted);
            let landed =
                Landed { granted, since: now, commit, files, seen: None, warned: false, alarmed: false };
            Next::telling(State::Merged(landed), Notice::Merged)
        }
        Event::Deny { .. } | Event::Return { .. } | Event::Refused { .. } => {
            Next::telling(landed.stays(), Notice::Denied)
        }
        Event::Cancel { by } if wish.by == by || asked.concerns(&by) => {
            Next::telling(landed.stays(), Notice::Cancelled)
        }
        Event::Cancel { by } => Err(Refused::NotTheirs(by)),
        Event::Live(_) if landed.seen.is_some() => Err(Refused::NothingNew),
        Event::Live(witness) => {
            landed.seen = Some(witness);
            Next::telling(State::Extending(Box::new(Extending { landed, wish })), Notice::Live)
        }
        Event::Unsynced { .. } if landed.alarmed => Err(Refused::NothingNew),
        Event::Unsynced { why } => {
            landed.alarmed = true;
            Next::telling(State::Extending(Box::new(Extending { landed, wish })), Notice::Alarm { what: why })
        }
        Event::Shortened { number } => shortened(landed, number),
        Event::Tick if now < landed.granted.expires_at => {
            warn(landed, now, |landed| State::Extending(Box::new(Extending { landed, wish })))
        }
        other => ends(asked, landed, other, now),
    }
}

/// What ends a live grant.
fn ends(asked: &Asked, landed: Landed, event: Event, now: Timestamp) -> Result<Next, Refused> {
    let (why, by, note) = match event {
        Event::Tick => (Why::Expired, None, None),
        Event::Relinquish { by } if asked.concerns(&by) => (Why::Relinquished, Some(by), None),
        Event::Relinquish { by } => return Err(Refused::NotTheirs(by)),
        Event::Revoke { by, reason } => (Why::Revoked, Some(by), reason),
        Event::Absent { commit } => {
            let state = reverted(landed, Some(commit), now);
            return Next::telling(state, Notice::Ending { why: Why::RevertedInGit });
        }
        Event::Tampered { what } => (Why::Tampered, None, Some(what)),
        Event::Unapplied { why } => (Why::Unapplied, None, Some(why)),
        Event::Forbid { reasons } => (Why::Forbidden, None, Some(reasons.join("; "))),
        _ => return Err(Refused::NothingNew),
    };
    let ending =
        Ending { by, note, commit: Some(landed.commit), ..Ending::new(Some(landed.granted), why, now) };
    Next::telling(State::Revoking(ending), Notice::Ending { why })
}

/// Somebody removed it: it is off base already.
fn reverted(landed: Landed, removed_in: Option<String>, now: Timestamp) -> State {
    let ending = Ending::new(Some(landed.granted), Why::RevertedInGit, now);
    State::Revoking(Ending { commit: Some(landed.commit), off_base: Some(now), removed_in, ..ending })
}

fn warn(mut landed: Landed, now: Timestamp, into: impl FnOnce(Landed) -> State) -> Result<Next, Refused> {
    if landed.warned || now < landed.warn_at() {
        return Err(Refused::NothingNew);
    }
    landed.warned = true;
    Next::telling(into(landed), Notice::AboutToExpire)
}

/// An earlier file is back on base: it counts, and ends when it always did.
fn shortened(mut landed: Landed, number: u32) -> Result<Next, Refused> {
    match landed.granted.numbered(number) {
        Some(earlier) if number != landed.granted.number => {
            landed.files = landed.granted.replaced(number).cloned().unwrap_or_default();
            landed.granted = earlier.clone();
            Next::telling(landed.stays(), Notice::Shortened)
        }
        _ => Err(Refused::NothingNew),
    }
}

fn check_longer(landed: &Landed, wish: &Wish, now: Timestamp) -> Result<(), Refused> {
    let then = now.checked_add(wish.lifetime.duration()).map_err(|_| Refused::Overflow)?;
    if then > landed.granted.expires_at {
        Ok(())
    } else {
        Err(Refused::NoExtension(landed.granted.expires_at))
    }
}

/// The grant that replaces the live one.
fn longer(landed: &Landed, wish: &Wish, approval: Approval, now: Timestamp) -> Result<Granted, Refused> {
    if approval.lifetime > wish.lifetime {
        return Err(Refused::Longer);
    }
    let now_granted = &landed.granted;
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
        previous: wish.previous.clone(),
        open: false,
        former: Some(Box::new(now_granted.clone())),
    })
}
