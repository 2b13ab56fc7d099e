//! Webhooks of a forge: a signed delivery says that there may be something to look at, and the reconciler looks.
//!
//! Nothing of a delivery but its signature is believed, so one that is repeated, late, lost or out of order changes nothing but when
//! the next look is. Not here: what is then found.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use http::{HeaderMap, StatusCode};

use super::site::Site;

/// Larger deliveries are not read.
const LARGEST: usize = 1 << 20;

pub(super) fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(LARGEST)
}

/// A delivery of a Gitea.
pub(super) async fn gitea(
    State(site): State<Site>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let Some(webhooks) = &site.webhooks else {
        return (StatusCode::NOT_FOUND, "this server has no webhook secret\n");
    };
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let delivery = match webhooks.secret.check(&body, header) {
        Ok(delivery) => delivery,
        Err(why) => {
            tracing::warn!(%why, "a webhook is not believed");
            return (StatusCode::UNAUTHORIZED, "the delivery is not signed with this server's secret\n");
        }
    };
    tracing::debug!(event = delivery.event, id = delivery.id, "a webhook wakes the reconciler");
    // What waits for the forge is asked about now and not when its turn comes.
    if let Err(error) = site.store.bring_forward((site.clock)(), "apply-desired").await {
        tracing::warn!(why = %error, "what waits for the forge is asked about later");
    }
    webhooks.nudge.wake();
    (StatusCode::ACCEPTED, "ok\n")
}
