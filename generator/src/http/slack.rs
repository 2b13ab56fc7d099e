//! Slack's requests over HTTP: the signature over the very bytes is verified before anything is read.
//!
//! Not here: what a request means ([`crate::slack`]).

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderMap, StatusCode, header};
use slack_client::inbound::{Handler, read_event, read_form};
use slack_client::signature::SigningSecret;

use crate::reconcile::Clock;

/// More than any request of Slack has.
const MOST_BYTES: usize = 512 * 1024;

/// Slack's requests, and what handles them.
#[derive(Clone)]
pub struct SignedRequests {
    secret: SigningSecret,
    handler: Arc<dyn Handler>,
    clock: Clock,
}

impl SignedRequests {
    /// Requests that are signed with `secret`.
    pub fn new(secret: SigningSecret, handler: Arc<dyn Handler>, clock: Clock) -> Self {
        Self { secret, handler, clock }
    }

    pub(crate) fn router(self) -> Router {
        let limit = DefaultBodyLimit::max(MOST_BYTES);
        Router::new().route("/slack", post(receive)).layer(limit).with_state(self)
    }
}

async fn receive(State(slack): State<SignedRequests>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (at, signature) = (header("x-slack-request-timestamp"), header("x-slack-signature"));
    if let Err(why) = slack.secret.verify(at, signature, &body, (slack.clock)().as_second()) {
        tracing::warn!(%why, "a request that is not Slack's");
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let is_json = header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    let read = if is_json { read_event(&body) } else { read_form(&body) };
    let Ok(inbound) = read else { return StatusCode::BAD_REQUEST.into_response() };
    match slack.handler.handle(inbound).await.body() {
        None => StatusCode::OK.into_response(),
        Some(body) => ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response(),
    }
}
