//! What the answers are made of.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::metrics::Meters;
use crate::reconcile::{Clock, Ticker};
use crate::service::Service;
use crate::store::Store;
use crate::workflow::Nudge;

/// What the answers are made of.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) store: Store,
    /// Knows who may still approve; none where nothing but the store is served.
    pub(crate) service: Option<Arc<Service>>,
    pub(crate) ticker: Ticker,
    pub(crate) meters: Arc<Meters>,
    pub(crate) clock: Clock,
    /// The names that a browser may have asked for.
    pub(crate) hosts: BTreeSet<String>,
    /// Where a forge's deliveries are believed.
    pub(crate) webhooks: Option<Webhooks>,
}

/// The keys that forges sign their deliveries with. Of a forge without one nothing is believed.
#[derive(Default)]
pub struct WebhookSecrets {
    /// Gitea's and Forgejo's.
    pub gitea: Option<gitea_client::WebhookSecret>,
    /// GitHub's.
    pub github: Option<github_client::WebhookSecret>,
}

/// Whose deliveries are believed, and whom they wake.
#[derive(Clone)]
pub(crate) struct Webhooks {
    pub(super) secrets: Arc<WebhookSecrets>,
    pub(super) nudge: Nudge,
}

impl Webhooks {
    pub(crate) fn new(secrets: WebhookSecrets, nudge: Nudge) -> Self {
        Self { secrets: Arc::new(secrets), nudge }
    }
}
