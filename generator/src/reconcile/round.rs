//! One turn: time counts, what is due is done, and base is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use p0_access::request::{Effect, Event, RequestId};

use super::{Problem, Reconcile, Reconciler, RoundReport, problem};
use crate::notify::Message;
use crate::store::{ClaimedEffect, backoff};
use crate::workflow::{Result, WorkflowError, blocking};

/// How long somebody who claimed an effect has for it.
const LEASE: SignedDuration = SignedDuration::from_mins(2);
/// How many effects are claimed at once.
const BATCH: u32 = 200;
/// How many requests' times are looked at in one turn.
const DUE: u32 = 1000;

#[async_trait]
impl Reconcile for Reconciler {
    async fn reconcile(&self, now: Timestamp) -> RoundReport {
        // The inherent method, which has this name too.
        Self::reconcile(self, now).await
    }
}

impl Reconciler {
    /// Does what is due at `now`, as far as it can.
    pub async fn reconcile(&self, now: Timestamp) -> RoundReport {
        let mut report = RoundReport::default();
        for (what, done) in [
            ("time", self.let_time_count(now).await),
            ("effects", self.carry_out(now, &mut report.problems).await),
            ("base", self.observe_base(now).await),
            ("clusters", self.verify_cluster(now, &mut report.problems).await),
            ("effects", self.carry_out(now, &mut report.problems).await),
        ] {
            match done {
                Ok(count) => report.done += count,
                Err(error) => problem(&mut report.problems, what, &error),
            }
        }
        match self.swept().await {
            Ok(swept) => report.swept = swept,
            Err(error) => problem(&mut report.problems, "the sweep's heartbeat", &error),
        }
        report
    }

    /// When the sweep last ran, in the repository where that is longest ago.
    async fn swept(&self) -> Result<Option<Timestamp>> {
        let mut oldest = Timestamp::MAX;
        for forge in &self.workflow.forges {
            let own = forge.clone();
            let Some(at) = blocking(move || own.swept()).await? else { return Ok(None) };
            oldest = oldest.min(at);
        }
        Ok(Some(oldest))
    }

    async fn let_time_count(&self, now: Timestamp) -> Result<usize> {
        let due = self.workflow.store.due(now, DUE).await?;
        for id in &due {
            let Ok(id) = RequestId::from_str(id) else { continue };
            match self.workflow.advance(&id, now, |_| Ok(Event::Tick)).await {
                Ok(_) | Err(WorkflowError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(due.len())
    }

    /// Carries out effects until none is due.
    async fn carry_out(&self, now: Timestamp, problems: &mut Vec<Problem>) -> Result<usize> {
        let mut count = 0;
        loop {
            let claimed = self.workflow.store.claim(now, LEASE, BATCH).await?;
            if claimed.is_empty() {
                return Ok(count);
            }
            count += claimed.len();
            let (applying, telling): (Vec<_>, Vec<_>) =
                claimed.into_iter().partition(|effect| effect.kind == "apply-desired");
            self.carry_out_applying(applying, now, problems).await?;
            for effect in &telling {
                self.tell(effect, now, problems).await?;
            }
        }
    }

    async fn carry_out_applying(
        &self,
        effects: Vec<ClaimedEffect>,
        now: Timestamp,
        problems: &mut Vec<Problem>,
    ) -> Result<()> {
        let ids: BTreeSet<RequestId> =
            effects.iter().filter_map(|effect| RequestId::from_str(&effect.request).ok()).collect();
        let ids: Vec<RequestId> = ids.into_iter().collect();
        let applied = self.apply_desired(&ids, now, problems).await;
        let failed: BTreeMap<&str, &String> =
            applied.failed.iter().map(|(id, error)| (id.as_str(), error)).collect();
        for effect in &effects {
            match failed.get(effect.request.as_str()) {
                None => self.workflow.store.done(effect).await?,
                Some(error) => self.later(effect, now, error).await?,
            };
        }
        Ok(())
    }

    async fn tell(&self, effect: &ClaimedEffect, now: Timestamp, problems: &mut Vec<Problem>) -> Result<()> {
        let read = serde_json::from_value::<Effect>(effect.body.clone()).map_err(WorkflowError::Json)?;
        let (Effect::Tell(notice), Ok(id)) = (read, RequestId::from_str(&effect.request)) else {
            return self.workflow.store.done(effect).await.map(drop).map_err(Into::into);
        };
        let request = self.workflow.find(&id).await?;
        let message = Message { key: &effect.key, request: &request, notice: &notice, at: now };
        match self.messenger.tell(&message).await {
            Ok(()) => self.workflow.store.done(effect).await?,
            Err(why) => {
                problems.push(Problem { what: effect.key.clone(), why: why.clone() });
                self.later(effect, now, &why).await?
            }
        };
        Ok(())
    }

    async fn later(&self, effect: &ClaimedEffect, now: Timestamp, error: &str) -> Result<bool> {
        let wait = backoff(effect.claims, &effect.key);
        let at = now.saturating_add(wait).unwrap_or(now);
        Ok(self.workflow.store.retry_at(effect, at, error).await?)
    }
}
