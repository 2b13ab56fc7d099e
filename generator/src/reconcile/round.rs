//! One turn: time counts, what is due is done, and base is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use p0_access::request::RequestId;

use super::{Problem, Reconcile, Reconciler, RoundReport, problem};
use crate::repository::LogHead;
use crate::store::ClaimedEffect;
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
            ("grants folders", Ok(self.restore_base(now, &mut report.problems).await)),
            ("base", self.observe_base(now).await),
            ("clusters", self.verify_cluster(now, &mut report.problems).await),
            ("effects", self.carry_out(now, &mut report.problems).await),
        ] {
            match done {
                Ok(count) => report.done += count,
                Err(error) => problem(&mut report.problems, what, &error),
            }
        }
        self.check_changes(now, &mut report.problems).await;
        match self.swept(&mut report.problems).await {
            Ok(swept) => report.swept = swept,
            Err(error) => problem(&mut report.problems, "the sweep's heartbeat", &error),
        }
        report
    }

    /// When the sweep last ran, in the repository where that is longest ago; and whether the log still holds what a sweep saw.
    async fn swept(&self, problems: &mut Vec<Problem>) -> Result<Option<Timestamp>> {
        let mut oldest = Some(Timestamp::MAX);
        for repository in &self.workflow.repositories {
            let own = repository.mirror.clone();
            let beat = blocking(move || own.heartbeat()).await?;
            oldest = beat.as_ref().and_then(|beat| Some(oldest?.min(beat.at)));
            let Some(LogHead { line, hash }) = beat.and_then(|beat| beat.log) else { continue };
            if !self.workflow.store.holds(line, &hash).await? {
                let why = WorkflowError::LogRewritten { line, hash };
                problem(problems, "the audit log", &why);
            }
        }
        Ok(oldest)
    }

    async fn let_time_count(&self, now: Timestamp) -> Result<usize> {
        let due = self.workflow.store.due(now, DUE).await?;
        for id in &due {
            let Ok(id) = RequestId::from_str(id) else { continue };
            self.workflow.let_time_count(&id, now).await?;
        }
        Ok(due.len())
    }

    /// Carries out what the repositories should hold until nothing is due. Telling people is the [`Teller`](crate::notify::Teller)'s.
    async fn carry_out(&self, now: Timestamp, problems: &mut Vec<Problem>) -> Result<usize> {
        let mut count = 0;
        loop {
            let claimed = self.workflow.store.claim(now, LEASE, BATCH, &["apply-desired"]).await?;
            if claimed.is_empty() {
                return Ok(count);
            }
            count += claimed.len();
            self.carry_out_applying(claimed, now, problems).await?;
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
        // What waits on the forge is no problem, and is asked about again just the same.
        let again: BTreeMap<&str, &String> =
            applied.failed.iter().chain(&applied.waiting).map(|(id, why)| (id.as_str(), why)).collect();
        for effect in &effects {
            match again.get(effect.request.as_str()) {
                None => self.workflow.store.done(effect).await?,
                Some(why) => self.workflow.store.retry_later(effect, now, why).await?,
            };
        }
        Ok(())
    }
}
