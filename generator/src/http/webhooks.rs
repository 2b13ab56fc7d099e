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

type Reply = (StatusCode, &'static str);

pub(super) fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(LARGEST)
}

/// A delivery of a Gitea.
pub(super) async fn gitea(site: State<Site>, headers: HeaderMap, body: Bytes) -> Reply {
    let secrets = site.webhooks.as_ref().map(|own| own.secrets.clone());
    let checked =
        secrets.and_then(|own| Some(own.gitea.as_ref()?.check(&body, |name| header(&headers, name))));
    let checked = checked.map(|own| own.map(|delivery| (delivery.event, delivery.id)));
    taken(&site, checked).await
}

/// A delivery of a GitHub.
pub(super) async fn github(site: State<Site>, headers: HeaderMap, body: Bytes) -> Reply {
    let secrets = site.webhooks.as_ref().map(|own| own.secrets.clone());
    let checked =
        secrets.and_then(|own| Some(own.github.as_ref()?.check(&body, |name| header(&headers, name))));
    let checked = checked.map(|own| own.map(|delivery| (delivery.event, delivery.id)));
    taken(&site, checked).await
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// `checked` is the event and the name of a delivery whose signature is right; `None` where this server has no secret of that forge.
async fn taken<E: std::fmt::Display>(site: &Site, checked: Option<Result<(String, String), E>>) -> Reply {
    let (Some(webhooks), Some(checked)) = (&site.webhooks, checked) else {
        return (StatusCode::NOT_FOUND, "this server has no webhook secret\n");
    };
    let (event, id) = match checked {
        Ok(delivery) => delivery,
        Err(why) => {
            tracing::warn!(%why, "a webhook is not believed");
            return (StatusCode::UNAUTHORIZED, "the delivery is not signed with this server's secret\n");
        }
    };
    tracing::debug!(event, id, "a webhook wakes the reconciler");
    // What waits for the forge is asked about now and not when its turn comes.
    if let Err(error) = site.store.bring_forward((site.clock)(), "apply-desired").await {
        tracing::warn!(why = %error, "what waits for the forge is asked about later");
    }
    webhooks.nudge.wake();
    (StatusCode::ACCEPTED, "ok\n")
}
