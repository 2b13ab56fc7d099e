//! The pulse: a tick at every interval, one at a time, and what probes are told of it.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use p0_access::duration::Lifetime;
use tokio::sync::watch;

use super::Clock;
use super::driver::{Driver, Ticked};
use super::metrics::Meters;
use crate::store::Store;

/// A tick that takes longer is stuck, and the process is better started anew.
const STUCK: Duration = Duration::from_secs(600);

/// The wish to stop, which everything that runs can wait for.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// A wish that is fulfilled as soon as `wish` is.
    pub fn when(wish: impl Future<Output = ()> + Send + 'static) -> Self {
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            wish.await;
            let _nobody_waits = sender.send(true);
        });
        Self(receiver)
    }

    /// Waits for it.
    pub(super) async fn asked(mut self) {
        // A sender that is gone without a word has panicked, which is a reason to stop as well.
        let _gone = self.0.wait_for(|stop| *stop).await;
    }
}

/// The beating of one server.
#[derive(Clone)]
pub(super) struct Pulse {
    interval: Duration,
    driver: Arc<dyn Driver>,
    store: Store,
    meters: Arc<Meters>,
    clock: Clock,
    last: Arc<Mutex<Last>>,
}

/// What is known of the last tick.
#[derive(Clone)]
struct Last {
    began: Instant,
    /// When it ended; `None` while the first one is under way.
    ended: Option<(Instant, Timestamp)>,
    ticked: Ticked,
}

/// Why the server is not ready.
pub(super) type NotReady = &'static str;

impl Pulse {
    pub(super) fn new(
        interval: Lifetime,
        driver: Arc<dyn Driver>,
        store: Store,
        meters: Arc<Meters>,
        clock: Clock,
    ) -> Self {
        let last = Last { began: Instant::now(), ended: None, ticked: Ticked::default() };
        let interval = interval.duration().unsigned_abs();
        Self { interval, driver, store, meters, clock, last: Arc::new(Mutex::new(last)) }
    }

    /// Ticks until it shall stop; a tick that is under way is ended first.
    pub(super) async fn beat(&self, stop: Stop) {
        loop {
            self.tick().await;
            let over = stop.clone().asked();
            if tokio::time::timeout(self.interval, over).await.is_ok() {
                return;
            }
        }
    }

    async fn tick(&self) {
        let began = Instant::now();
        self.with_last(|last| last.began = began);
        let ticked = self.driver.tick((self.clock)()).await;
        self.meters.ticked(&ticked, began.elapsed());
        if let Err(error) = self.meters.follow(&self.store).await {
            tracing::warn!(why = %error, "the log could not be followed");
        }
        self.with_last(|last| *last = Last { began, ended: Some((Instant::now(), (self.clock)())), ticked });
    }

    /// What the last tick could not do.
    pub(super) fn last_ticked(&self) -> (Option<Timestamp>, Ticked) {
        self.with_last(|last| (last.ended.map(|(_, at)| at), last.ticked.clone()))
    }

    /// Whether it still beats.
    pub(super) fn is_alive(&self) -> bool {
        self.with_last(|last| last.began.elapsed() < self.interval + STUCK)
    }

    /// Whether it has looked at the world lately.
    pub(super) fn ready(&self) -> Result<(), NotReady> {
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
