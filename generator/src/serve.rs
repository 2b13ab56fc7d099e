//! The server: it runs rounds of reconciling, answers probes and metrics, and shows who has access.
//!
//! A [`Reconcile`] does what is due; pages and metrics are read from the store, so that every replica says the same. Not here:
//! what a request is, and what is done for one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::store::{Alone, Store, StoreError};

mod settings;

pub use crate::reconcile::{Clock, Problem, Reconcile, RoundReport, Stop};
pub use settings::{RepositorySettings, Settings, SettingsError};

use crate::http::Site;
use crate::metrics::Meters;
use crate::reconcile::Ticker;

/// How long work that is under way may take to end once it shall stop.
const GRACE: Duration = Duration::from_secs(25);

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
        reconciler: Arc<dyn Reconcile>,
        clock: Clock,
    ) -> Result<Self, ServeError> {
        let alone = store.serve_alone()?;
        store.check().await?;
        let failed = |source| ServeError::Listen { address: settings.listen.to_string(), source };
        let listener = TcpListener::bind(settings.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let meters = Arc::new(Meters::new(&store).await?);
        let ticker = Ticker::new(settings.interval, reconciler, store.clone(), meters.clone(), clock.clone());
        let site = Site { store, ticker, meters, clock, hosts: settings.hosts(address) };
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
        let (store, ticker) = (self.site.store.clone(), self.site.ticker.clone());
        tracing::info!(address = %self.address, store = %store.place(), "serving");
        let web = axum::serve(self.listener, self.site.router());
        let web = tokio::spawn(web.with_graceful_shutdown(stop.clone().requested()).into_future());
        let until = stop.clone();
        let rounds = tokio::spawn(async move { ticker.run(until).await });
        stop.requested().await;
        tracing::info!("stopping");
        let ended = tokio::time::timeout(GRACE, async { (rounds.await, web.await) }).await;
        store.close().await;
        match ended {
            Ok((Ok(()), Ok(web))) => web.map_err(ServeError::Socket),
            Ok(_) | Err(_) => Err(ServeError::Stuck),
        }
    }
}
