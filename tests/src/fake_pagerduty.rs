//! A PagerDuty account on this machine, over real HTTPS: it keeps what it is told, and refuses what the real one refuses.
//!
//! The API key and what it may do, the version header, pages and their end, the rate limit, ids that are not there. PagerDuty's own
//! Python client runs against it (`tests/tests/pagerduty.rs`). Not here: notifying anybody.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;

use crate::https::Https;

mod account;
mod limiter;
mod query;
mod routes;

pub use account::{Account, Incident, Shift, Target};
pub use limiter::Limiter;

/// The key that may read.
pub const READER: &str = "y_NbAkKc66ryYTWUXYEu";
/// The key that may write too.
pub const WRITER: &str = "u+x3fvwWPSBT6zt3ZkZw";

/// A running account. It ends with this value.
pub struct FakePagerDuty {
    https: Https,
    state: Arc<Mutex<State>>,
}

/// Everything that a request changes or is answered from.
pub(crate) struct State {
    account: Account,
    limiter: Limiter,
    weather: Weather,
    asked: Vec<String>,
}

/// How the service does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// It answers.
    Fair,
    /// So many requests are answered with this status, and then it answers.
    Failing {
        /// How many.
        requests: u32,
        /// With what.
        status: u16,
    },
    /// Requests are taken and never answered.
    Silent,
    /// It answers with something that is no JSON.
    Garbled,
}

impl FakePagerDuty {
    /// An account without anything in it.
    pub fn start() -> Self {
        let state = State {
            account: Account::default(),
            limiter: Limiter::default(),
            weather: Weather::Fair,
            asked: Vec::new(),
        };
        let state = Arc::new(Mutex::new(state));
        Self { https: Https::start(routes::router(state.clone())), state }
    }

    /// An account with a shop: Alice is on call in its schedule from 8 to 16, and Bob after her; Carol is always on the second level.
    ///
    /// # Panics
    /// Where a time is none.
    pub fn with_shop() -> Self {
        let pagerduty = Self::start();
        pagerduty.change(|account| {
            account.user("PALICE", "alice@example.com").user("PBOB", "bob@example.com");
            account.user("PCAROL", "carol@example.com");
            account.shift("PSHOP", "PALICE", "2026-11-24T08:00:00Z", "2026-11-24T16:00:00Z");
            account.shift("PSHOP", "PBOB", "2026-11-24T16:00:00Z", "2026-11-25T08:00:00Z");
            let schedule = Target::Schedule("PSHOP".to_owned());
            account.policy("ECORE", &[&[schedule], &[Target::User("PCAROL".to_owned())]]);
        });
        pagerduty
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.https.url()
    }

    /// The certificate of its authority, in PEM.
    pub fn authority(&self) -> &Path {
        self.https.authority()
    }

    /// Changes what is in the account.
    pub fn change<T>(&self, change: impl FnOnce(&mut Account) -> T) -> T {
        change(&mut self.state().account)
    }

    /// Sets another rate limit.
    pub fn limit(&self, limiter: Limiter) {
        self.state().limiter = limiter;
    }

    /// Makes the service do otherwise from now on.
    pub fn weather(&self, weather: Weather) {
        self.state().weather = weather;
    }

    /// The paths that were asked for since the last time, each with its query.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state().asked)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panicked with it")
    }
}

/// A time, as tests write it.
fn time(text: &str) -> Timestamp {
    text.parse().expect("a time in RFC 3339")
}
