//! The ticker: one round of reconciling at each interval, one at a time, and what probes are told of it.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use p0_access::duration::Lifetime;
use tokio::sync::watch;

use super::{Reconcile, RoundReport};
use crate::metrics::Meters;
use crate::store::Store;
use crate::workflow::Nudge;

/// A round that takes longer is stuck, and the process is better started anew.
const STUCK: Duration = Duration::from_secs(600);

/// What time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A request to stop, which everything that runs can wait for.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// One that is made as soon as `signal` ends.
    pub fn when(signal: impl Future<Output = ()> + Send + 'static) -> Self {
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            signal.await;
            let _no_receiver = sender.send(true);
        });
        Self(receiver)
    }

    /// Waits for it.
    pub(crate) async fn requested(mut self) {
        // A sender that is gone without a word has panicked, which is a reason to stop as well.
        let _gone = self.0.wait_for(|stop| *stop).await;
    }
}

/// The rounds of one server.
#[derive(Clone)]
pub(crate) struct Ticker {
    interval: Duration,
    reconciler: Arc<dyn Reconcile>,
    store: Store,
    meters: Arc<Meters>,
    clock: Clock,
    nudge: Nudge,
    last: Arc<Mutex<Last>>,
}

/// What is known of the last round.
#[derive(Clone)]
struct Last {
    began: Instant,
    /// When it ended; `None` while the first one is under way.
    ended: Option<(Instant, Timestamp)>,
    report: RoundReport,
}

/// Why the server is not ready.
pub(crate) type NotReady = &'static str;

impl Ticker {
    pub(crate) fn new(
        interval: Lifetime,
        reconciler: Arc<dyn Reconcile>,
        store: Store,
        meters: Arc<Meters>,
        clock: Clock,
    ) -> Self {
        let last = Last { began: Instant::now(), ended: None, report: RoundReport::default() };
        let interval = interval.duration().unsigned_abs();
        let nudge = Nudge::default();
        Self { interval, reconciler, store, meters, clock, nudge, last: Arc::new(Mutex::new(last)) }
    }

    /// The same, whose next round begins at once when it is nudged.
    pub(crate) fn woken_by(mut self, nudge: Nudge) -> Self {
        self.nudge = nudge;
        self
    }

    /// The time between rounds where nothing wakes it.
    pub(crate) fn interval(&self) -> Duration {
        self.interval
    }

    /// Runs rounds until it shall stop; a round that is under way is ended first. `done` is woken after each.
    pub(crate) async fn run(&self, stop: Stop, done: &Nudge) {
        loop {
            self.round().await;
            done.wake();
            tokio::select! {
                () = stop.clone().requested() => return,
                () = self.nudge.woken() => {}
                () = tokio::time::sleep(self.interval) => {}
            }
        }
    }

    async fn round(&self) {
        let began = Instant::now();
        self.with_last(|last| last.began = began);
        let report = self.reconciler.reconcile((self.clock)()).await;
        self.meters.round(report.problems.len(), report.swept, began.elapsed());
        if let Err(error) = self.meters.follow(&self.store).await {
            tracing::warn!(why = %error, "the log could not be followed");
        }
        self.with_last(|last| *last = Last { began, ended: Some((Instant::now(), (self.clock)())), report });
    }

    /// When the last round ended, and what it reported.
    pub(crate) fn last_round(&self) -> (Option<Timestamp>, RoundReport) {
        self.with_last(|last| (last.ended.map(|(_, at)| at), last.report.clone()))
    }

    /// Whether rounds still begin.
    pub(crate) fn is_alive(&self) -> bool {
        self.with_last(|last| last.began.elapsed() < self.interval + STUCK)
    }

    /// Whether it has looked at the world lately.
    pub(crate) fn ready(&self) -> Result<(), NotReady> {
        let patience = self.interval * 3 + Duration::from_secs(60);
        self.with_last(|last| match last.ended {
            None => Err("the first look at the repositories has not ended"),
            Some((ended, _)) if ended.elapsed() > patience => {
                Err("the repositories were not looked at for long")
            }
            Some(_) => Ok(()),
        })
    }

    fn with_last<T>(&self, work: impl FnOnce(&mut Last) -> T) -> T {
        work(&mut self.last.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
