//! The outbox: effects are claimed for a while, done or tried again later, and never forgotten.
//!
//! A process that claims an effect and dies loses it to the next one when the lease is over; so an effect may be done twice, and
//! each must be idempotent. Not here: doing them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::database::{Cell, Transaction};
use super::{Result, Store, StoreError};

/// An effect that is ours until its lease is over.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimedEffect {
    /// What makes doing it twice one deed.
    pub key: String,
    /// For which request.
    pub request: String,
    /// What it is.
    pub kind: String,
    /// The rest.
    pub body: Value,
    /// How often it was claimed, this time included. A later claim makes this one void.
    pub claims: i64,
}

/// How much is still to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Effects that are not done.
    pub waiting: u64,
    /// Those of them that were tried, and failed.
    pub failing: u64,
    /// Since when the oldest of them waits.
    pub oldest: Option<Timestamp>,
}

/// What is due and free is claimed. PostgreSQL's replicas pass over what another is claiming at this moment.
macro_rules! claim_sql {
    ($locking:literal) => {
        concat!(
            "UPDATE p0_effects SET claims = claims + 1, lease_until = $2 WHERE key IN (",
            "SELECT key FROM p0_effects WHERE done = 0 AND due <= $1 AND lease_until <= $1 AND $4 LIKE '%,' || kind || ',%' ",
            "ORDER BY urgency, due, key LIMIT $3 ",
            $locking,
            ") RETURNING key, request, kind, body, claims, urgency, due"
        )
    };
}

/// Says that an effect is done, where its claim still holds.
pub(super) const DONE: &str =
    "UPDATE p0_effects SET done = 1, last_error = NULL WHERE key = $1 AND claims = $2 AND done = 0";

/// The longest that a failing effect waits.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(5);

/// How long to wait after the `claims`th try failed: twice as long each time, and not all effects at the same moment.
fn backoff(claims: i64, key: &str) -> SignedDuration {
    let doubled = SignedDuration::from_secs(1 << claims.clamp(1, 9)).min(LONGEST_WAIT);
    // Up to a quarter more, by the key: no randomness is needed to spread.
    let spread = key.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    let quarter = u32::try_from(doubled.as_millis() / 4).unwrap_or(u32::MAX);
    doubled + SignedDuration::from_millis(i64::from(spread % quarter.max(1)))
}

/// The effects that this process has claimed and not finished: by key, the claim.
pub(super) type Held = Mutex<BTreeMap<String, i64>>;

type Row = (String, String, String, String, i64, i64, i64);

impl Store {
    /// Claims effects of some `kinds` that are due, until `now + lease`: those that take access away first, then the longest due.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is claimed.
    pub async fn claim(
        &self,
        now: Timestamp,
        lease: SignedDuration,
        limit: u32,
        kinds: &[&str],
    ) -> Result<Vec<ClaimedEffect>> {
        let until = now.saturating_add(lease).unwrap_or(now).as_millisecond();
        let mut transaction = self.database.begin().await.map_err(self.failed())?;
        let sql = match transaction {
            Transaction::Sqlite { .. } => claim_sql!(""),
            Transaction::Postgres { .. } => claim_sql!("FOR UPDATE SKIP LOCKED"),
        };
        let kinds = format!(",{},", kinds.join(","));
        let cells = [now.as_millisecond().into(), until.into(), i64::from(limit).into(), (&kinds).into()];
        let mut rows: Vec<Row> = transaction.rows(sql, &cells).await.map_err(self.failed())?;
        transaction.commit().await.map_err(self.failed())?;
        rows.sort_by(|a, b| (a.5, a.6, &a.0).cmp(&(b.5, b.6, &b.0)));
        self.held().extend(rows.iter().map(|row| (row.0.clone(), row.4)));
        rows.into_iter().map(claimed).collect()
    }

    /// Gives back what this process has claimed and not finished, so that another need not wait for the end of its leases.
    ///
    /// # Errors
    /// [`StoreError`]; what was not given back is free when its lease is over.
    pub async fn release(&self) -> Result<()> {
        let held = std::mem::take(&mut *self.held());
        for (key, claims) in held {
            let sql = "UPDATE p0_effects SET lease_until = 0 WHERE key = $1 AND claims = $2 AND done = 0";
            self.finish(sql, &[(&key).into(), claims.into()]).await?;
        }
        Ok(())
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<String, i64>> {
        // A panic elsewhere leaves a map that is still right.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that an effect is done. `false` where the lease was over and somebody else has claimed it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn done(&self, effect: &ClaimedEffect) -> Result<bool> {
        self.held().remove(&effect.key);
        self.finish(DONE, &[(&effect.key).into(), effect.claims.into()]).await
    }

    /// Gives an effect back, to be tried again at `at`. `false` where somebody else has claimed it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retry_at(&self, effect: &ClaimedEffect, at: Timestamp, error: &str) -> Result<bool> {
        let sql = "UPDATE p0_effects SET due = $3, last_error = $4, lease_until = 0 \
            WHERE key = $1 AND claims = $2 AND done = 0";
        let at = at.as_millisecond();
        self.held().remove(&effect.key);
        self.finish(sql, &[(&effect.key).into(), effect.claims.into(), at.into(), error.into()]).await
    }

    /// Gives an effect back after a failure, to be tried again the later the oftener it failed. `false` where another process has
    /// claimed it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retry_later(&self, effect: &ClaimedEffect, now: Timestamp, error: &str) -> Result<bool> {
        let at = now.saturating_add(backoff(effect.claims, &effect.key)).unwrap_or(now);
        self.retry_at(effect, at, error).await
    }

    /// Makes effects of a kind that wait for their next try due at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bring_forward(&self, now: Timestamp, kind: &str) -> Result<()> {
        let sql =
            "UPDATE p0_effects SET due = $1 WHERE done = 0 AND kind = $2 AND due > $1 AND lease_until <= $1";
        let mut transaction = self.database.begin().await.map_err(self.failed())?;
        transaction.execute(sql, &[now.as_millisecond().into(), kind.into()]).await.map_err(self.failed())?;
        transaction.commit().await.map_err(self.failed())
    }

    pub(super) async fn finish(&self, sql: &'static str, cells: &[Cell<'_>]) -> Result<bool> {
        let mut transaction = self.database.begin().await.map_err(self.failed())?;
        let changed = transaction.execute(sql, cells).await.map_err(self.failed())?;
        transaction.commit().await.map_err(self.failed())?;
        Ok(changed == 1)
    }

    /// How much is still to be done.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn backlog(&self) -> Result<Backlog> {
        let sql = "SELECT COUNT(*), COUNT(last_error), MIN(since) FROM p0_effects WHERE done = 0";
        let found: Vec<(i64, i64, Option<i64>)> =
            self.database.rows(sql, &[]).await.map_err(self.failed())?;
        let (waiting, failing, oldest) = found.into_iter().next().unwrap_or_default();
        Ok(Backlog {
            waiting: waiting.unsigned_abs(),
            failing: failing.unsigned_abs(),
            oldest: oldest.and_then(|at| Timestamp::from_millisecond(at).ok()),
        })
    }
}

fn claimed((key, request, kind, body, claims, _, _): Row) -> Result<ClaimedEffect> {
    match serde_json::from_str(&body) {
        Ok(body) => Ok(ClaimedEffect { key, request, kind, body, claims }),
        Err(source) => Err(StoreError::Unreadable { what: key, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_longer_until_the_longest() {
        let waits: Vec<i64> = (1..=12).map(|claims| backoff(claims, "merge/abc").as_secs()).collect();
        assert!(waits.is_sorted(), "{waits:?}");
        assert!(waits.iter().all(|wait| (2..=375).contains(wait)), "{waits:?}");
        assert_eq!(backoff(i64::MAX, "k"), backoff(9, "k"));
    }

    #[test]
    fn effects_that_failed_together_are_not_tried_together() {
        let waits: std::collections::BTreeSet<_> =
            (0..100).map(|number| backoff(5, &format!("merge/{number}"))).collect();
        assert!(waits.len() > 50, "{}", waits.len());
    }
}
