//! The long-running driver: it ticks, answers probes and metrics, and shows who has access. It changes nothing by itself.
//!
//! What is due is done by a [`Driver`]; pages and metrics are read from the store, so that they tell the same on every
//! replica. Not here: what a request is, and what is done for one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;

use crate::store::{Alone, Store, StoreError};

mod board;
mod driver;
mod http;
mod metrics;
mod page;
mod pulse;
mod settings;

pub use driver::{Driver, Problem, Ticked};
pub use pulse::Stop;
pub use settings::{RepositorySettings, Settings, SettingsError};

use http::Site;
use metrics::Meters;
use pulse::Pulse;

/// How long work that is under way may take to end once it shall stop.
const GRACE: Duration = Duration::from_secs(25);

/// What time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Why the server did not run, or broke off.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The store said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address is taken, or not this machine's.
    #[error("cannot listen on {address}; another program may use it")]
    Listen {
        /// Which.
        address: String,
        /// The system's own word.
        #[source]
        source: std::io::Error,
    },
    /// The socket broke.
    #[error("the server's socket failed")]
    Socket(#[source] std::io::Error),
    /// What was under way did not end.
    #[error("what was under way did not end within {} s; it is done again at the next start", GRACE.as_secs())]
    Stuck,
}

/// A server that has its store and its address, and does not run yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    site: Site,
    _alone: Alone,
}

impl Server {
    /// Takes the store and the address, and reads the store through once.
    ///
    /// # Errors
    /// [`ServeError`]; nothing was done.
    pub async fn bind(
        settings: &Settings,
        store: Store,
        driver: Arc<dyn Driver>,
        clock: Clock,
    ) -> Result<Self, ServeError> {
        let alone = store.serve_alone()?;
        store.check().await?;
        let failed = |source| ServeError::Listen { address: settings.listen.to_string(), source };
        let listener = TcpListener::bind(settings.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let meters = Arc::new(Meters::new(&store).await?);
        let pulse = Pulse::new(settings.interval, driver, store.clone(), meters.clone(), clock.clone());
        let site = Site { store, pulse, meters, clock, hosts: settings.hosts(address) };
        Ok(Self { listener, address, site, _alone: alone })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs until `stop`, then ends what is under way.
    ///
    /// # Errors
    /// [`ServeError`]; what was not done is done at the next start.
    pub async fn run(self, stop: Stop) -> Result<(), ServeError> {
        let (store, pulse) = (self.site.store.clone(), self.site.pulse.clone());
        tracing::info!(address = %self.address, store = %store.place(), "serving");
        let web = axum::serve(self.listener, self.site.router());
        let web = tokio::spawn(web.with_graceful_shutdown(stop.clone().asked()).into_future());
        let until = stop.clone();
        let beating = tokio::spawn(async move { pulse.beat(until).await });
        stop.asked().await;
        tracing::info!("stopping");
        let ended = tokio::time::timeout(GRACE, async { (beating.await, web.await) }).await;
        store.close().await;
        match ended {
            Ok((Ok(()), Ok(web))) => web.map_err(ServeError::Socket),
            Ok(_) | Err(_) => Err(ServeError::Stuck),
        }
    }
}
