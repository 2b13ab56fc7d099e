//! One turn: time counts, what is due is done, and base is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use p0_access::request::{Effect, Event, RequestId};

use super::problem;
use crate::desk::ports::Message;
use crate::desk::{Desk, DeskError, Result};
use crate::store::{ClaimedEffect, backoff};

/// How long somebody who claimed an effect has for it.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
/// How many effects are claimed at once.
const BATCH: u32 = 200;
/// How many requests' times are looked at in one turn.
const DUE: u32 = 1000;

/// What a turn came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ticked {
    /// How many steps and effects were done.
    pub done: usize,
    /// What could not be done, and why; it is tried again.
    pub problems: Vec<(String, String)>,
}

impl Desk {
    /// Does what is due at `now`, as far as it can.
    pub async fn tick(&self, now: Timestamp) -> Ticked {
        let mut ticked = Ticked::default();
        for (what, done) in [
            ("time", self.let_time_count(now).await),
            ("effects", self.carry_out(now, &mut ticked.problems).await),
            ("base", self.observe(now).await),
            ("clusters", self.confirm(now, &mut ticked.problems).await),
            ("effects", self.carry_out(now, &mut ticked.problems).await),
        ] {
            match done {
                Ok(count) => ticked.done += count,
                Err(error) => problem(&mut ticked.problems, what, &error),
            }
        }
        ticked
    }

    async fn let_time_count(&self, now: Timestamp) -> Result<usize> {
        let due = self.store.due(now, DUE).await?;
        for id in &due {
            let Ok(id) = RequestId::from_str(id) else { continue };
            match self.advance(&id, now, |_| Ok(Event::Tick)).await {
                Ok(_) | Err(DeskError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(due.len())
    }

    /// Carries out effects until none is due.
    pub(in crate::desk) async fn carry_out(
        &self,
        now: Timestamp,
        problems: &mut Vec<(String, String)>,
    ) -> Result<usize> {
        let mut count = 0;
        loop {
            let claimed = self.store.claim(now, LEASE, BATCH).await?;
            if claimed.is_empty() {
                return Ok(count);
            }
            count += claimed.len();
            let (settling, telling): (Vec<_>, Vec<_>) =
                claimed.into_iter().partition(|effect| effect.kind == "settle");
            self.carry_out_settling(settling, now, problems).await?;
            for effect in &telling {
                self.tell(effect, now, problems).await?;
            }
        }
    }

    async fn carry_out_settling(
        &self,
        effects: Vec<ClaimedEffect>,
        now: Timestamp,
        problems: &mut Vec<(String, String)>,
    ) -> Result<()> {
        let ids: BTreeSet<RequestId> =
            effects.iter().filter_map(|effect| RequestId::from_str(&effect.request).ok()).collect();
        let ids: Vec<RequestId> = ids.into_iter().collect();
        let settled = self.settle(&ids, now, problems).await;
        let failed: BTreeMap<&str, &String> =
            settled.failed.iter().map(|(id, error)| (id.as_str(), error)).collect();
        for effect in &effects {
            match failed.get(effect.request.as_str()) {
                None => self.store.done(effect).await?,
                Some(error) => self.later(effect, now, error).await?,
            };
        }
        Ok(())
    }

    async fn tell(
        &self,
        effect: &ClaimedEffect,
        now: Timestamp,
        problems: &mut Vec<(String, String)>,
    ) -> Result<()> {
        let read = serde_json::from_value::<Effect>(effect.body.clone()).map_err(DeskError::Json)?;
        let (Effect::Tell(notice), Ok(id)) = (read, RequestId::from_str(&effect.request)) else {
            return self.store.done(effect).await.map(drop).map_err(Into::into);
        };
        let request = self.find(&id).await?;
        let message = Message { key: &effect.key, request: &request, notice: &notice, at: now };
        match self.messenger.tell(&message).await {
            Ok(()) => self.store.done(effect).await?,
            Err(why) => {
                problems.push((effect.key.clone(), why.clone()));
                self.later(effect, now, &why).await?
            }
        };
        Ok(())
    }

    async fn later(&self, effect: &ClaimedEffect, now: Timestamp, error: &str) -> Result<bool> {
        let wait = backoff(effect.claims, &effect.key);
        let at = now.saturating_add(wait).unwrap_or(now);
        Ok(self.store.retry_at(effect, at, error).await?)
    }
}
