//! A proxy in front of the API server: it moves the clock that callers see, counts what is asked, and lets requests fail.
//!
//! Time in Kubernetes is what the `Date` header says; a client that reads it there lives in the time that a test chooses.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};

use super::ControlPlane;

/// A running proxy, by plain HTTP. It ends with this value.
pub struct Proxy {
    address: std::net::SocketAddr,
    inner: Arc<Inner>,
    _runtime: tokio::runtime::Runtime,
}

/// One request that went through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// Path and query.
    pub path: String,
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub enum Fate {
    /// It is done and its answer given.
    Served,
    /// It is not done; this status and `Retry-After` in seconds are the answer.
    Refused(u16, Option<u32>),
    /// It is not done; a webhook's words are the answer.
    Denied(&'static str),
    /// It is done, but the caller's connection breaks before the answer.
    LostAnswer,
    /// It is not done, and nothing answers until the caller gives up.
    Stalled,
    /// It is done, and nothing answers until the caller gives up.
    Silent,
}

type Judge = Box<dyn FnMut(&Asked) -> Fate + Send>;

struct Inner {
    upstream: String,
    client: reqwest::Client,
    seconds: AtomicI64,
    asked: Mutex<Vec<Asked>>,
    judge: Mutex<Judge>,
}

impl Proxy {
    /// Starts one on a free port of 127.0.0.1.
    pub fn start(plane: &ControlPlane) -> Self {
        Self::to(plane.url())
    }

    /// The same in front of another server, given by its address.
    pub fn to(upstream: String) -> Self {
        let _installed_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = reqwest::Client::builder().danger_accept_invalid_certs(true).no_proxy().build();
        let inner = Arc::new(Inner {
            upstream,
            client: client.expect("a client"),
            seconds: AtomicI64::new(0),
            asked: Mutex::default(),
            judge: Mutex::new(Box::new(|_| Fate::Served)),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().fallback(serve).with_state(Arc::clone(&inner));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { address, inner, _runtime: runtime }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on it is this much later (or, negative, earlier) than it is.
    pub fn shift_clock(&self, by: SignedDuration) {
        self.inner.seconds.store(by.as_secs(), Ordering::SeqCst);
    }

    /// The time that callers see.
    pub fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_secs(self.inner.seconds.load(Ordering::SeqCst))
    }

    /// Decides from now on what becomes of each request.
    pub fn judge(&self, judge: impl FnMut(&Asked) -> Fate + Send + 'static) {
        *self.inner.judge.lock().expect("no test panicked in it") = Box::new(judge);
    }

    /// What was asked since this was last called.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.inner.asked.lock().expect("no test panicked in it"))
    }
}

impl Asked {
    /// Whether it would change something.
    pub fn writes(&self) -> bool {
        self.method != "GET"
    }
}

async fn serve(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let asked = Asked { method: request.method().to_string(), path };
    let fate = (inner.judge.lock().expect("no test panicked in it"))(&asked);
    inner.asked.lock().expect("no test panicked in it").push(asked.clone());
    match fate {
        Fate::Served => forward(&inner, &asked.path, request).await,
        Fate::Refused(status, retry_after) => {
            refusal(&inner, status, "TooManyRequests", retry_after, "refused by a test")
        }
        Fate::Denied(words) => {
            let said = format!("admission webhook \"deny.example.com\" denied the request: {words}");
            refusal(&inner, 403, "Forbidden", None, &said)
        }
        Fate::LostAnswer => {
            let _lost = forward(&inner, &asked.path, request).await;
            broken()
        }
        Fate::Stalled => std::future::pending().await,
        Fate::Silent => {
            let _unsaid = forward(&inner, &asked.path, request).await;
            std::future::pending().await
        }
    }
}

async fn forward(inner: &Inner, path: &str, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 26).await.expect("a body");
    let method = Method::from_bytes(parts.method.as_str().as_bytes()).expect("a method");
    let mut headers = parts.headers;
    for of_this_hop in [header::HOST, header::CONNECTION, header::CONTENT_LENGTH] {
        headers.remove(of_this_hop);
    }
    let sent = inner.client.request(method, format!("{}{path}", inner.upstream)).headers(headers).body(body);
    match sent.send().await {
        Ok(answer) => {
            let (status, headers) = (answer.status(), answer.headers().clone());
            let body = answer.bytes().await.unwrap_or_default();
            respond(inner, status, &headers, body)
        }
        Err(error) => panic!("the API server does not answer: {error}"),
    }
}

fn respond(inner: &Inner, status: StatusCode, headers: &HeaderMap, body: Bytes) -> Response {
    let mut response = Response::builder().status(status);
    let kept = headers.iter().filter(|(name, _)| {
        ![header::DATE, header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING].contains(name)
    });
    for (name, value) in kept {
        response = response.header(name, value);
    }
    response.header(header::DATE, date(inner)).body(Body::from(body)).expect("a response")
}

fn date(inner: &Inner) -> HeaderValue {
    let now = Timestamp::now() + SignedDuration::from_secs(inner.seconds.load(Ordering::SeqCst));
    let text = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    HeaderValue::from_str(&text).expect("a header's value")
}

fn refusal(inner: &Inner, status: u16, reason: &str, retry_after: Option<u32>, message: &str) -> Response {
    let body = serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": status,
    });
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    let status = StatusCode::from_u16(status).expect("a status");
    respond(inner, status, &headers, Bytes::from(body.to_string()))
}

/// A response whose body breaks off, which every client takes for a broken connection.
fn broken() -> Response {
    let lost: Result<Bytes, std::io::Error> = Err(std::io::Error::other("lost by a test"));
    let body = Body::from_stream(tokio_stream::iter([lost]));
    Response::builder().header(header::CONTENT_LENGTH, "1000").body(body).expect("a response")
}
