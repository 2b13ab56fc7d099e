//! Metrics, for Prometheus: what an operator is woken up by, and what shows a delay growing.
//!
//! What is now is read from the store at every scrape, so that it stays true while no round runs. What happened is counted
//! by following the audit log, which every process writes. docs/operations.md lists all of them.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};
use p0_access::request::{Request, State, StateName};

use crate::store::{Store, StoreError};
use crate::workflow::in_states;

/// Seconds from quick to far too slow: a round, a sync, a day.
const BUCKETS: &[f64] =
    &[0.1, 0.5, 1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 86_400.0];

/// How many lines of the log are followed at once.
const PAGE: u32 = 500;

/// The meters of one server.
pub(crate) struct Meters {
    recorder: PrometheusRecorder,
    /// The last line of the log that was counted.
    followed: Mutex<i64>,
    /// When the sweeper was last heard of.
    swept: Mutex<Option<Timestamp>>,
}

/// What a server's meters are read from.
pub(crate) struct Reading {
    states: Vec<(String, i64)>,
    backlog: crate::store::Backlog,
    past_expiry: SignedDuration,
    /// Every webhook by name.
    webhooks: Vec<String>,
    /// Those of them whose last try failed: how many messages wait, and since when.
    failing: Vec<(String, i64, Timestamp)>,
}

impl Meters {
    /// New meters, which count from the present end of the log on. The whole log is checked once.
    pub(crate) async fn new(store: &Store) -> Result<Self, StoreError> {
        let recorder = PrometheusBuilder::new();
        // Only an empty list is refused, and this one is not.
        let recorder = match recorder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), BUCKETS)
        {
            Ok(builder) => builder.build_recorder(),
            Err(_) => PrometheusBuilder::new().build_recorder(),
        };
        let (lines, is_whole) = match store.verify_chain().await {
            Ok(chain) => {
                tracing::info!(lines = chain.lines, head = chain.head, "the audit log holds");
                (chain.lines, true)
            }
            Err(broken @ StoreError::Broken { .. }) => {
                tracing::error!(why = %broken, "the audit log does not hold");
                (store.latest(1).await?.first().map_or(0, |line| line.seq), false)
            }
            Err(error) => return Err(error),
        };
        let meters = Self { recorder, followed: Mutex::new(lines), swept: Mutex::default() };
        meters.within(|| {
            describe();
            gauge!("p0_audit_log_broken").set(if is_whole { 0.0 } else { 1.0 });
            counter!("p0_rounds_total").absolute(0);
            counter!("p0_problems_total").absolute(0);
        });
        Ok(meters)
    }

    /// Counts a round that had so many problems and took so long, and notes when the sweep last ran.
    pub(crate) fn round(&self, problems: usize, swept: Option<Timestamp>, took: Duration) {
        *self.swept.lock().unwrap_or_else(PoisonError::into_inner) = swept;
        self.within(|| {
            counter!("p0_rounds_total").increment(1);
            counter!("p0_problems_total").increment(problems as u64);
            histogram!("p0_round_seconds").record(took.as_secs_f64());
        });
    }

    /// Counts what the log has that was not counted before.
    pub(crate) async fn follow(&self, store: &Store) -> Result<(), StoreError> {
        loop {
            let after = *self.followed.lock().unwrap_or_else(PoisonError::into_inner);
            let lines = store.log(after, PAGE).await?;
            let Some(last) = lines.last() else { return Ok(()) };
            for line in &lines {
                let Some(stored) = store.load(&line.request).await? else { continue };
                self.within(|| counter!("p0_steps_total").increment(1));
                if let Ok(request) = stored.read::<Request>() {
                    self.count(&request, line.at);
                }
            }
            *self.followed.lock().unwrap_or_else(PoisonError::into_inner) = last.seq;
        }
    }

    /// Counts the delay that the step at `at` has ended, if it has.
    fn count(&self, request: &Request, at: Timestamp) {
        let Some((name, delay)) = delay(request.state(), at) else { return };
        self.within(|| histogram!(name).record(delay.as_secs_f64()));
    }

    /// All meters as text, with what is so at `now`.
    pub(crate) fn text(&self, reading: Result<&Reading, &StoreError>, now: Timestamp) -> String {
        self.within(|| {
            gauge!("p0_store_up").set(if reading.is_ok() { 1.0 } else { 0.0 });
            if let Ok(reading) = reading {
                reading.show(now);
            }
            // Never heard of is as long ago as can be, and wakes somebody up.
            let swept = *self.swept.lock().unwrap_or_else(PoisonError::into_inner);
            gauge!("p0_sweep_age_seconds")
                .set(swept.map_or(f64::INFINITY, |at| seconds(now.duration_since(at))));
        });
        self.recorder.handle().render()
    }

    fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        metrics::with_local_recorder(&self.recorder, work)
    }
}

impl Reading {
    /// Reads the store.
    pub(crate) async fn of(store: &Store, now: Timestamp) -> Result<Self, StoreError> {
        let open = store.list(&in_states(|state| !state.is_ended())).await?;
        let past = open.iter().filter_map(|stored| Some(now.duration_since(ended(&stored.read().ok()?)?)));
        let past_expiry = past.max().unwrap_or_default().max(SignedDuration::ZERO);
        let (webhooks, failing) = (store.webhooks().await?, store.failing_webhooks().await?);
        Ok(Self {
            states: store.census().await?,
            backlog: store.backlog().await?,
            past_expiry,
            webhooks,
            failing,
        })
    }

    fn show(&self, now: Timestamp) {
        for state in StateName::ALL {
            let count =
                self.states.iter().find(|(name, _)| name == state.as_str()).map_or(0, |(_, count)| *count);
            gauge!("p0_requests", "state" => state.as_str()).set(count as f64);
        }
        gauge!("p0_past_expiry_seconds").set(self.past_expiry.as_secs_f64());
        gauge!("p0_outbox_waiting").set(self.backlog.waiting as f64);
        gauge!("p0_outbox_failing").set(self.backlog.failing as f64);
        let oldest = self.backlog.oldest.map_or(0.0, |since| seconds(now.duration_since(since)));
        gauge!("p0_outbox_oldest_seconds").set(oldest);
        for name in &self.webhooks {
            let (count, oldest) =
                self.failing.iter().find(|(own, ..)| own == name).map_or((0.0, 0.0), |(_, count, since)| {
                    (*count as f64, seconds(now.duration_since(*since)))
                });
            gauge!("p0_webhook_failing", "webhook" => name.clone()).set(count);
            gauge!("p0_webhook_oldest_seconds", "webhook" => name.clone()).set(oldest);
        }
    }
}

/// When a request whose access is not known to be gone had to end. What was never granted had to end when it was seen.
fn ended(request: &Request) -> Option<Timestamp> {
    match request.state() {
        State::Revoking(ending) => {
            Some(ending.granted.as_ref().map_or(ending.since, |granted| granted.expires_at))
        }
        _ => request.expires_at(),
    }
}

/// Which delay ended with the step at `at` that led to `state`.
fn delay(state: &State, at: Timestamp) -> Option<(&'static str, SignedDuration)> {
    match state {
        State::Active(landed) => {
            let seen = landed.seen.as_ref().filter(|seen| seen.at == at)?;
            Some(("p0_merge_to_active_seconds", seen.at.duration_since(landed.since)))
        }
        State::Revoked(ending) => {
            let gone = ending.gone.as_ref().filter(|gone| gone.at == at)?;
            Some(("p0_revert_to_gone_seconds", gone.at.duration_since(ending.off_base?)))
        }
        _ => None,
    }
}

fn seconds(duration: SignedDuration) -> f64 {
    duration.as_secs_f64().max(0.0)
}

fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_gauge!(
        "p0_past_expiry_seconds",
        "How long the grant that is longest past its expiry is not known to be gone; 0 is good"
    );
    describe_gauge!("p0_sweep_age_seconds", "Since when nothing was heard of the sweeper");
    describe_gauge!("p0_store_up", "Whether the store answers");
    describe_gauge!("p0_audit_log_broken", "Whether the audit log did not hold when this server started");
    describe_gauge!("p0_requests", "Requests by state");
    describe_gauge!("p0_outbox_waiting", "Effects that are not done");
    describe_gauge!("p0_outbox_failing", "Effects that were tried and failed, and are tried again");
    describe_gauge!("p0_outbox_oldest_seconds", "How long the oldest effect waits");
    describe_gauge!("p0_webhook_failing", "Messages that a webhook did not take, and that are tried again");
    describe_gauge!("p0_webhook_oldest_seconds", "How long the oldest of them waits");
    describe_counter!("p0_rounds_total", "How often everything was looked at");
    describe_counter!("p0_problems_total", "What could not be done in a round, and was tried again");
    describe_counter!("p0_steps_total", "Steps of requests, made by any process");
    describe_histogram!("p0_round_seconds", "How long a round of reconciling takes");
    describe_histogram!("p0_merge_to_active_seconds", "From a grant being on base to the cluster having it");
    describe_histogram!(
        "p0_revert_to_gone_seconds",
        "From a grant being off base to the cluster having it no more"
    );
}
