//! The server: it runs rounds of reconciling, answers probes and metrics, and shows who has access.
//!
//! A [`Reconcile`] does what is due; pages and metrics are read from the store, so that every replica says the same. Not here:
//! what a request is, and what is done for one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::store::{Alone, Store, StoreError};

mod outgoing;
mod settings;
mod slack;

pub use crate::reconcile::{Clock, Problem, Reconcile, RoundReport, Stop};
pub use outgoing::Outgoing;
pub(crate) use settings::holds_password;
pub use settings::{
    CollectorSettings, ForgeKind, LogExportSettings, LogSinkSettings, ObjectSettings, OnCallSettings,
    PagerDutySettings, Region, RepositorySettings, Settings, SettingsError, WebhookSettings,
};
pub use slack::{SlackInbound, SlackWorker};

pub use crate::http::WebhookSecrets;
use crate::http::{Site, Webhooks};
use crate::metrics::Meters;
use crate::notify::Teller;
use crate::reconcile::Ticker;
use crate::service::Service;
use crate::workflow::Nudge;

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
    teller: Option<Teller>,
    outgoing: Outgoing,
    nudge: Nudge,
    slack: Option<SlackWorker>,
    _alone: Alone,
}

/// What works in a server.
pub struct Workers {
    /// Makes base hold what requests want.
    pub reconciler: Arc<dyn Reconcile>,
    /// Tells people, beside the reconciler.
    pub teller: Option<Teller>,
    /// What a site's own servers get.
    pub outgoing: Outgoing,
    /// Wakes the reconciler before its next tick.
    pub nudge: Nudge,
    /// Knows who may still approve a request; without it the page names no approvers.
    pub service: Option<Arc<Service>>,
    /// What people do in Slack, where they do.
    pub slack: Option<SlackWorker>,
}

impl Server {
    /// Takes the store and the address, and reads the store through once.
    ///
    /// # Errors
    /// [`ServeError`]; nothing was done.
    pub async fn bind(
        settings: &Settings,
        store: Store,
        workers: Workers,
        clock: Clock,
    ) -> Result<Self, ServeError> {
        let alone = store.serve_alone()?;
        store.check().await?;
        let failed = |source| ServeError::Listen { address: settings.listen.to_string(), source };
        let listener = TcpListener::bind(settings.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let meters = Arc::new(Meters::new(&store).await?);
        let Workers { reconciler, teller, outgoing, nudge, service, slack } = workers;
        let ticker = Ticker::new(settings.interval, reconciler, store.clone(), meters.clone(), clock.clone())
            .woken_by(nudge.clone());
        let hosts = settings.hosts(address);
        let site = Site { store, service, ticker, meters, clock, hosts, webhooks: None };
        Ok(Self { listener, address, site, teller, outgoing, nudge, slack, _alone: alone })
    }

    /// The same that believes webhooks signed with these secrets.
    #[must_use]
    pub fn with_webhooks(mut self, secrets: WebhookSecrets) -> Self {
        self.site.webhooks = Some(Webhooks::new(secrets, self.nudge.clone()));
        self
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What wakes the reconciler before its next tick.
    pub fn nudge(&self) -> Nudge {
        self.nudge.clone()
    }

    /// Runs until `stop`, then ends what is under way.
    ///
    /// # Errors
    /// [`ServeError`]; what was not done is done at the next start.
    pub async fn run(self, stop: Stop) -> Result<(), ServeError> {
        let (store, ticker, clock) =
            (self.site.store.clone(), self.site.ticker.clone(), self.site.clock.clone());
        let messengers = self.slack.iter().map(|_| "slack".to_owned());
        store.keep_messengers(&messengers.collect::<Vec<_>>()).await?;
        tracing::info!(address = %self.address, store = %store.location(), "serving");
        let (router, slack) = slack::let_in(self.site.router(), self.slack, ticker.interval());
        let web = axum::serve(self.listener, router);
        let web = tokio::spawn(web.with_graceful_shutdown(stop.clone().requested()).into_future());
        let told = Nudge::default();
        let mut beside = self.outgoing.spawn(&clock, ticker.interval());
        if let Some(teller) = self.teller {
            beside.spawn(tell(teller, told.clone(), clock, ticker.interval()));
        }
        let until = stop.clone();
        let rounds = tokio::spawn(async move { ticker.run(until, &told).await });
        stop.requested().await;
        // A message that is under way is sent again at the next start.
        beside.abort_all();
        slack.iter().for_each(tokio::task::JoinHandle::abort);
        tracing::info!("stopping");
        let ended = tokio::time::timeout(GRACE, async { (rounds.await, web.await) }).await;
        store.close().await;
        match ended {
            Ok((Ok(()), Ok(web))) => web.map_err(ServeError::Socket),
            Ok(_) | Err(_) => Err(ServeError::Stuck),
        }
    }
}

/// Sends messages after each round, and when messages that failed are due again. It has its own time: however long a message takes,
/// rounds go on.
async fn tell(teller: Teller, told: Nudge, clock: Clock, interval: Duration) {
    loop {
        if let Err(error) = teller.tell(clock()).await {
            tracing::warn!(why = error.sentence(), "messages are told later");
        }
        // A nudge or the interval, whichever comes first.
        let _either = tokio::time::timeout(interval, told.woken()).await;
    }
}
