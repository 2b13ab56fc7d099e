//! What a site's own servers get while this one runs. Not here: what is sent ([`crate::notify`], [`crate::log_export`]).

use std::time::Duration;

use tokio::task::JoinSet;

use super::{Clock, tell};
use crate::log_export::LogExport;
use crate::notify::Teller;
use crate::workflow::Nudge;

/// What a site's own servers get, beside everything else: whatever they do delays nothing here.
#[derive(Default)]
pub struct Outgoing {
    /// Tells webhooks.
    pub webhooks: Option<Teller>,
    /// Exports of the audit log.
    pub exports: Vec<LogExport>,
}

impl Outgoing {
    /// Runs each by itself, so that none waits for another.
    pub(super) fn spawn(self, clock: &Clock, interval: Duration) -> JoinSet<()> {
        let mut beside = JoinSet::new();
        if let Some(webhooks) = self.webhooks {
            beside.spawn(tell(webhooks, Nudge::default(), clock.clone(), interval));
        }
        for export in self.exports {
            beside.spawn(follow(export, interval));
        }
        beside
    }
}

/// Brings one export of the audit log up to date at each interval.
async fn follow(export: LogExport, interval: Duration) {
    loop {
        if let Err(error) = export.catch_up().await {
            tracing::warn!(why = %error, "the lines are exported later");
        }
        tokio::time::sleep(interval).await;
    }
}
