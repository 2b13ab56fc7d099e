//! While it waits for approvers.

use std::collections::BTreeMap;

use jiff::Timestamp;
use p0_grant::digest::SubsetDigest;
use p0_grant::name::GrantId;

use super::ended::taken_back;
use super::{Next, ended, granted};
use crate::duration::Lifetime;
use crate::request::{Asked, Event, Notice, Pending, Refused, RequestSpec, State, Tally, Vote};

pub(super) fn step(
    asked: &mut RequestSpec,
    pending: Pending,
    event: Event,
    now: Timestamp,
) -> Result<Next, Refused> {
    match event {
        Event::Approve { vote, verdict } => approve(asked, pending, vote, verdict, now),
        Event::Deny { by, reason } => Next::telling(State::Denied { by: Some(by), reason }, Notice::Denied),
        Event::PolicyRevoked { reasons } => policy_revoked(&reasons),
        Event::Return { why, digests } => returned(asked, pending.asked, why, &digests),
        Event::Cancel { by } | Event::Relinquish { by } => taken_back(asked, by),
        Event::Revoke { by, .. } => Next::telling(State::Cancelled { by }, Notice::Cancelled),
        Event::Tick if now >= asked.answer_by => Next::telling(State::TimedOut, Notice::TimedOut),
        Event::Tick => ask_again(asked, pending, now),
        other => ended::late(None, &other, now),
    }
}

/// Approvers who have not answered are asked again.
fn ask_again(asked: &RequestSpec, mut pending: Pending, now: Timestamp) -> Result<Next, Refused> {
    pending.asked = pending.asked.due(asked, now).ok_or(Refused::NothingNew)?;
    let notice = match pending.asked {
        Asked::Once | Asked::Again => Notice::Reminder,
        Asked::Escalated => Notice::Escalation,
    };
    Next::telling(State::Pending(pending), notice)
}

fn approve(
    asked: &RequestSpec,
    mut pending: Pending,
    vote: Option<Vote>,
    verdict: Tally,
    now: Timestamp,
) -> Result<Next, Refused> {
    if now >= asked.answer_by {
        return Err(Refused::TooLate(asked.answer_by));
    }
    if let Some(vote) = vote {
        count(&mut pending.votes, vote, asked.lifetime)?;
    }
    match verdict {
        Tally::Insufficient { missing } => {
            Next::telling(State::Pending(pending), Notice::Counted { missing })
        }
        Tally::Sufficient(approval) => {
            Next::telling(State::Approved(granted(approval, asked, now)?), Notice::Approved)
        }
    }
}

/// One vote for each person, and never for longer than was asked.
pub(super) fn count(votes: &mut Vec<Vote>, vote: Vote, longest: Lifetime) -> Result<(), Refused> {
    if vote.lifetime > longest {
        return Err(Refused::Longer);
    }
    if votes.iter().any(|earlier| earlier.person == vote.person) {
        return Err(Refused::VotedBefore(vote.person));
    }
    votes.push(vote);
    Ok(())
}

pub(super) fn policy_revoked(reasons: &[String]) -> Result<Next, Refused> {
    Next::telling(State::Denied { by: None, reason: Some(reasons.join("; ")) }, Notice::Denied)
}

/// Back at the approvers, who see what it gives now; votes for what it gave before count no more.
pub(super) fn returned(
    asked: &mut RequestSpec,
    times: Asked,
    why: String,
    digests: &BTreeMap<GrantId, SubsetDigest>,
) -> Result<Next, Refused> {
    for want in &mut asked.grants {
        if let Some(digest) = digests.get(&want.grant) {
            want.digest = digest.clone();
        }
    }
    let state = State::Pending(Pending { votes: Vec::new(), returned: Some(why.clone()), asked: times });
    Next::telling(state, Notice::Returned { why })
}
