//! The cluster: a thin client that asks an API server in few requests, and again where that is safe.
//!
//! One value lives as long as one configuration of the provider: what it has learnt (roles, discovery, the list of grants)
//! is asked for once. Not here: which cluster and with whose credentials ([`crate::config`]), and what is asked for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use kube::Client;
use kube::client::Body;
use serde::Deserialize;
use tokio::sync::Semaphore;

mod accounts;
mod clock;
mod error;
mod list_cache;
mod listing;
mod object;
mod objects;
mod review;
mod sources;

pub use accounts::IssuedToken;
pub use error::{ClusterError, Refusal};
pub use object::{Kind, LiveObject, ObjectRef};
pub use objects::{Created, Deleted};

use clock::Clock;
use list_cache::ListCache;
use sources::Sources;

/// How often one question is asked at most.
const ATTEMPTS: u32 = 6;
/// How long to wait before the first repetition; each further one waits twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// The longest wait that a server may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// How a cluster is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many requests run at one time.
    pub concurrent: usize,
    /// How long one request may take.
    pub request: Duration,
}

/// A cluster that can be asked.
pub struct Cluster {
    client: Client,
    server: String,
    authority: Option<String>,
    limits: Limits,
    slots: Semaphore,
    clock: Clock,
    skew_told: AtomicBool,
    sources: Sources,
    list_cache: ListCache,
}

/// One question.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// What the body is, and the body.
    pub body: Option<(&'static str, Vec<u8>)>,
    /// What the answer may be.
    pub accept: &'static str,
    /// What it does, completing "cannot …".
    pub action: String,
    /// The right that it takes, such as `get clusterroles.rbac.authorization.k8s.io`.
    pub right: String,
    /// Whether it may be asked again without a certain answer.
    pub repeat: Repeat,
}

/// When a question may be asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Whenever no certain answer came: done twice, it is as if done once.
    Always,
    /// Only where the server has certainly not begun.
    IfNotBegun,
}

impl Ask {
    /// A question that only reads.
    pub fn get(path: impl Into<String>, action: impl Into<String>, right: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            body: None,
            accept: "application/json",
            action: action.into(),
            right: right.into(),
            repeat: Repeat::Always,
        }
    }

    /// The same with another method and a body.
    #[must_use]
    pub fn sending(self, method: Method, kind: &'static str, body: Vec<u8>) -> Self {
        Self { method, body: Some((kind, body)), ..self }
    }

    fn request(&self) -> Result<Request<Body>, http::Error> {
        let mut request =
            Request::builder().method(self.method.clone()).uri(&self.path).header(ACCEPT, self.accept);
        let mut bytes = Vec::new();
        if let Some((kind, body)) = &self.body {
            request = request.header(CONTENT_TYPE, *kind);
            bytes.clone_from(body);
        }
        request.body(Body::from(bytes))
    }
}

/// What came of one attempt.
enum Attempt {
    Answer(Vec<u8>),
    Failed(ClusterError),
    /// Worth another, after at least so long.
    Again(ClusterError, Option<Duration>),
}

impl Cluster {
    /// A client for `config`; the server is not asked yet.
    ///
    /// # Errors
    /// [`ClusterError`] where the credentials cannot be had or the configuration makes no client.
    pub async fn connect(mut config: kube::Config, limits: Limits) -> Result<Self, ClusterError> {
        config.connect_timeout = Some(limits.request.min(Duration::from_secs(10)));
        config.read_timeout = None;
        // Repetition is decided here, where it is known what is safe to repeat.
        config.default_retry = false;
        let server = config.cluster_url.to_string();
        let authority = config.root_cert.as_deref().map(pem);
        let action = format!("prepare a client for {server}");
        // A credential plugin is a program that is waited for, so this may block.
        let runtime = tokio::runtime::Handle::current();
        let made = tokio::task::spawn_blocking(move || {
            let _entered = runtime.enter();
            Client::try_from(config)
        });
        let client = made
            .await
            .map_err(|error| ClusterError::Answer { action: action.clone(), detail: error.to_string() })?;
        let client = client.map_err(|error| ClusterError::client(&server, &action, error))?;
        Ok(Self {
            client,
            server,
            authority,
            slots: Semaphore::new(limits.concurrent.max(1)),
            limits,
            clock: Clock::default(),
            skew_told: AtomicBool::new(false),
            sources: Sources::default(),
            list_cache: ListCache::default(),
        })
    }

    /// The server's address.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The server's certificate authorities, PEM; `None` where the system's count.
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Asks, again where that is safe, and gives the body of a successful answer.
    ///
    /// # Errors
    /// [`ClusterError`] of the last attempt.
    pub async fn ask(&self, ask: &Ask) -> Result<Vec<u8>, ClusterError> {
        let mut wait = FIRST_WAIT;
        for attempt in 1..=ATTEMPTS {
            let (error, at_least) = match self.attempt(ask).await {
                Attempt::Answer(body) => return Ok(body),
                Attempt::Again(error, at_least) if attempt < ATTEMPTS => (error, at_least),
                Attempt::Failed(error) | Attempt::Again(error, _) => return Err(error),
            };
            let pause = wait.max(at_least.unwrap_or_default()).min(LONGEST_WAIT);
            tracing::debug!(action = ask.action, %error, ?pause, "asking the API server again");
            tokio::time::sleep(pause).await;
            wait *= 2;
        }
        // Not reached: the last attempt returns.
        Err(ClusterError::Answer { action: ask.action.clone(), detail: "it was never asked".to_owned() })
    }

    /// Asks, and reads the answer.
    ///
    /// # Errors
    /// As [`Cluster::ask`].
    pub async fn ask_json<T: serde::de::DeserializeOwned>(&self, ask: &Ask) -> Result<T, ClusterError> {
        let body = self.ask(ask).await?;
        serde_json::from_slice(&body).map_err(|error| ClusterError::Answer {
            action: ask.action.clone(),
            detail: format!("the answer is not what Kubernetes sends ({error})"),
        })
    }

    async fn attempt(&self, ask: &Ask) -> Attempt {
        let action = || ask.action.clone();
        let request = match ask.request() {
            Ok(request) => request,
            Err(error) => {
                return Attempt::Failed(ClusterError::Answer { action: action(), detail: error.to_string() });
            }
        };
        let Ok(_slot) = self.slots.acquire().await else {
            let detail = "the provider is ending".to_owned();
            return Attempt::Failed(ClusterError::Answer { action: action(), detail });
        };
        match tokio::time::timeout(self.limits.request, self.send(ask, request)).await {
            Ok(attempt) => attempt,
            Err(_) => self.uncertain(
                ask,
                ClusterError::Slow {
                    action: action(),
                    server: self.server.clone(),
                    after: self.limits.request,
                },
            ),
        }
    }

    async fn send(&self, ask: &Ask, request: Request<Body>) -> Attempt {
        let response = match self.client.send(request).await {
            Ok(response) => response,
            Err(error) => {
                let is_untrusted = ClusterError::is_untrusted(&error);
                return match ClusterError::client(&self.server, &ask.action, error) {
                    error @ ClusterError::Unreachable { .. } if !is_untrusted => self.uncertain(ask, error),
                    error => Attempt::Failed(error),
                };
            }
        };
        self.clock.note(response.headers());
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match response.into_body().collect().await {
            Ok(body) => body.to_bytes().to_vec(),
            Err(error) => {
                let error = ClusterError::unreachable(self.server.clone(), ask.action.clone(), &error);
                return self.uncertain(ask, error);
            }
        };
        if status.is_success() {
            return Attempt::Answer(body);
        }
        let error = ClusterError::Refused(refusal(ask, status.as_u16(), &body));
        match status.as_u16() {
            // The server turned it away before it began.
            429 => Attempt::Again(error, retry_after(&headers)),
            500 | 502..=504 if ask.repeat == Repeat::Always => Attempt::Again(error, retry_after(&headers)),
            _ => Attempt::Failed(error),
        }
    }

    /// Nobody knows whether it was done.
    fn uncertain(&self, ask: &Ask, error: ClusterError) -> Attempt {
        match ask.repeat {
            Repeat::Always => Attempt::Again(error, None),
            Repeat::IfNotBegun => Attempt::Failed(error),
        }
    }

    /// The cluster's time in whole seconds; this machine's where no answer carries one.
    ///
    /// # Errors
    /// [`ClusterError`] where the server has not answered yet and does not now.
    pub async fn now(&self) -> Result<Timestamp, ClusterError> {
        if let Some(now) = self.clock.now() {
            return Ok(now);
        }
        let asked = self.ask(&Ask::get("/version", "ask for the time", "get /version")).await;
        match (self.clock.now(), asked) {
            (Some(now), _) => Ok(now),
            (None, Err(error)) => Err(error),
            (None, Ok(_)) => {
                tracing::debug!("the API server sends no date, so this machine's clock counts");
                let now = Timestamp::now();
                Ok(Timestamp::from_second(now.as_second()).unwrap_or(now))
            }
        }
    }

    /// The cluster's time by its last answer, without asking; `None` before the first one.
    pub fn last_seen(&self) -> Option<Timestamp> {
        self.clock.now()
    }

    /// How far this machine's clock is off, once, where it is worth telling.
    pub fn skew(&self) -> Option<SignedDuration> {
        let skew = self.clock.skew()?;
        (!self.skew_told.swap(true, Ordering::Relaxed)).then_some(skew)
    }
}

/// Certificates as text.
fn pem(certificates: &[Vec<u8>]) -> String {
    let one = |certificate: &Vec<u8>| {
        let text = STANDARD.encode(certificate);
        let lines: Vec<&str> =
            (0..text.len()).step_by(64).filter_map(|at| text.get(at..text.len().min(at + 64))).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    };
    certificates.iter().map(one).collect()
}

/// The answer to a question that was not done, as Kubernetes words it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    reason: String,
    message: String,
}

fn refusal(ask: &Ask, code: u16, body: &[u8]) -> Refusal {
    let status: Status = serde_json::from_slice(body).unwrap_or_default();
    let message = match status.message {
        message if message.is_empty() => {
            // A proxy on the way may have answered; its first line says what it is.
            let text = String::from_utf8_lossy(body);
            text.lines().next().unwrap_or_default().chars().take(200).collect()
        }
        message => message,
    };
    Refusal { action: ask.action.clone(), right: ask.right.clone(), code, reason: status.reason, message }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
