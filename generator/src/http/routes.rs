//! HTTP: probes, metrics and the status page. Every answer is for reading; nothing that is sent here is acted on.
//!
//! Not here: what is shown, and any login. Who may reach the address may read it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::page;
use super::status_view::{self, StatusView};
use crate::metrics::{Meters, Reading};
use crate::reconcile::{Clock, Ticker};
use crate::store::{Store, StoreError};
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};

/// What a browser may do with an answer: show it, with our own style sheet.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// What the answers are made of.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) store: Store,
    pub(crate) ticker: Ticker,
    pub(crate) meters: Arc<Meters>,
    pub(crate) clock: Clock,
    /// The names that a browser may have asked for.
    pub(crate) hosts: BTreeSet<String>,
}

impl Site {
    pub(crate) fn router(self) -> Router {
        let pages = Router::new()
            .route("/", get(first_page))
            .route("/requests/{id}", get(request_page))
            .route("/style.css", get(style))
            .layer(middleware::from_fn_with_state(self.clone(), known_host));
        Router::new()
            .merge(pages)
            .route("/livez", get(livez))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .fallback(nothing)
            .layer(middleware::map_response(guarded))
            .with_state(self)
    }

    fn now(&self) -> jiff::Timestamp {
        (self.clock)()
    }

    fn trouble(&self, error: &StoreError) -> Response {
        tracing::warn!(why = %error, "a page could not be read from the store");
        let text = "The store does not answer; nothing can be said about access now. Git has it.";
        (StatusCode::SERVICE_UNAVAILABLE, Html(page::message("No answer", text, self.now()))).into_response()
    }
}

async fn guarded(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A page of another site can have its own name lead to this address; then the browser says that name.
async fn known_host(State(site): State<Site>, headers: HeaderMap, request: Request, next: Next) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if site.hosts.contains(&name_of(host)) {
        return next.run(request).await;
    }
    let text = "This server does not go by that name. If it should, add the name to `hosts` in its settings.";
    (StatusCode::MISDIRECTED_REQUEST, Html(page::message("Another name", text, site.now()))).into_response()
}

/// A host without its port.
fn name_of(host: &str) -> String {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) && (!name.contains(':') || name.ends_with(']')) => name,
        _ => host,
    }
    .to_lowercase()
}

async fn first_page(State(site): State<Site>) -> Response {
    let (looked_at, report) = site.ticker.last_round();
    match StatusView::of(&site.store, site.now()).await {
        Ok(view) => Html(page::view(&view, looked_at, &report.problems)).into_response(),
        Err(error) => site.trouble(&error),
    }
}

async fn request_page(State(site): State<Site>, Path(id): Path<String>) -> Response {
    let now = site.now();
    match status_view::request(&site.store, &id, now).await {
        Ok(Some((entry, events))) => {
            Html(page::request(&entry, &events, now, site.ticker.last_round().0)).into_response()
        }
        Ok(None) => (StatusCode::NOT_FOUND, missing(&site)).into_response(),
        Err(error) => site.trouble(&error),
    }
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], page::STYLE)
}

async fn nothing(State(site): State<Site>) -> impl IntoResponse {
    (StatusCode::NOT_FOUND, missing(&site))
}

fn missing(site: &Site) -> Html<String> {
    Html(page::message("Not here", "There is no such page, or no such request in this store.", site.now()))
}

async fn livez(State(site): State<Site>) -> (StatusCode, &'static str) {
    match site.ticker.is_alive() {
        true => (StatusCode::OK, "ok\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "a round is stuck\n"),
    }
}

async fn readyz(State(site): State<Site>) -> (StatusCode, String) {
    if let Err(why) = site.ticker.ready() {
        return (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n"));
    }
    match site.store.backlog().await {
        Ok(_) => (StatusCode::OK, "ok\n".to_owned()),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")),
    }
}

async fn metrics(State(site): State<Site>) -> impl IntoResponse {
    let now = site.now();
    let reading = Reading::of(&site.store, now).await;
    if let Err(error) = &reading {
        tracing::warn!(why = %error, "the store could not be measured");
    }
    let text = site.meters.text(reading.as_ref(), now);
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_known_by_its_name_whatever_the_port() {
        for (host, name) in [
            ("localhost:8420", "localhost"),
            ("LOCALHOST", "localhost"),
            ("[::1]:8420", "[::1]"),
            ("[::1]", "[::1]"),
            ("p0.example.com", "p0.example.com"),
            ("evil.example:x", "evil.example:x"),
        ] {
            assert_eq!(name_of(host), name);
        }
    }
}
