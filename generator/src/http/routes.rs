//! HTTP: probes, metrics and the status page, all for reading, and a forge's webhooks, which do no more than wake the reconciler.
//!
//! Not here: what is shown, and any login. Who may reach the address may read it.

use super::page;
use super::site::Site;
use super::status_view::{self, Sources, StatusView};
use super::webhooks;
use crate::metrics::Reading;
use crate::store::StoreError;
use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

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
            .route("/webhooks/gitea", post(webhooks::gitea).layer(webhooks::limit()))
            .route("/webhooks/github", post(webhooks::github).layer(webhooks::limit()))
            .fallback(nothing)
            .layer(middleware::map_response(guarded))
            .with_state(self)
    }

    fn sources(&self) -> Sources<'_> {
        Sources { store: &self.store, service: self.service.as_deref() }
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

async fn first_page(State(site): State<Site>, Query(asked): Query<PageQuery>) -> Response {
    let (looked_at, report) = site.ticker.last_round();
    match StatusView::of(site.sources(), site.now()).await {
        Ok(view) => Html(page::view(&view, asked.refresh(), looked_at, &report.problems)).into_response(),
        Err(error) => site.trouble(&error),
    }
}

async fn request_page(
    State(site): State<Site>,
    Path(id): Path<String>,
    Query(asked): Query<PageQuery>,
) -> Response {
    let now = site.now();
    match status_view::request(site.sources(), &id, now).await {
        Ok(Some(view)) => {
            Html(page::request(&view, asked.refresh(), now, site.ticker.last_round().0)).into_response()
        }
        Ok(None) => (StatusCode::NOT_FOUND, missing(&site)).into_response(),
        Err(error) => site.trouble(&error),
    }
}

/// What a reader asks of a page.
#[derive(Deserialize)]
struct PageQuery {
    refresh: Option<String>,
}

impl PageQuery {
    /// A page loads itself again, unless the reader stopped that.
    fn refresh(&self) -> page::Refresh {
        match self.refresh.as_deref() {
            Some("off") => page::Refresh::Off,
            _ => page::Refresh::On,
        }
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
