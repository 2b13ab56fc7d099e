//! A thin client that asks an API server in few requests, and again where that is safe.
//!
//! Not here: which cluster and with whose credentials ([`super::access`]), and what is asked for.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::RETRY_AFTER;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use kube::Client;
use kube::client::{Body, ClientBuilder};
use serde::Deserialize;
use tokio::sync::Semaphore;
use tower::util::MapRequestLayer;

use crate::access::{Access, Prepared};
use crate::clock::Clock;
use crate::error::{ClusterError, Refusal};
use crate::request::{ApiRequest, Retry};

/// How often one request is sent at most.
const ATTEMPTS: u32 = 6;
/// The wait before the first repetition; each further one waits twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// The longest wait that a server may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// The longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How a cluster is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many requests run at one time.
    pub concurrent: usize,
    /// How long one request may take.
    pub request: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { concurrent: 10, request: Duration::from_secs(60) }
    }
}

/// A cluster that can be asked. A clone shares connections, limits and the clock.
#[derive(Clone)]
pub struct Cluster(std::sync::Arc<Inner>);

struct Inner {
    client: Client,
    server: String,
    authority: Option<String>,
    limits: Limits,
    slots: Semaphore,
    clock: Clock,
}

/// The outcome of one attempt.
enum Attempt {
    Answer(Vec<u8>),
    Failed(ClusterError),
    /// Worth another, after at least so long.
    Again(ClusterError, Option<Duration>),
}

impl Cluster {
    /// Reads credentials and prepares a client with the usual limits; the server is not asked yet.
    ///
    /// # Errors
    /// [`ClusterError`] where the configuration cannot be read, has no such context or makes no client.
    pub async fn connect(access: &Access) -> Result<Self, ClusterError> {
        let (mut prepared, limits) = (access.prepare().await?, Limits::default());
        // For calls of kube's own client, which no time limit of this one holds.
        prepared.config.read_timeout = Some(limits.request);
        prepared.config.reset_reader_on_write = true;
        Self::prepared(prepared, limits).await
    }

    /// A client for `config`; the server is not asked yet.
    ///
    /// # Errors
    /// [`ClusterError`] where the credentials cannot be had or the configuration makes no client.
    pub async fn with_config(config: kube::Config, limits: Limits) -> Result<Self, ClusterError> {
        Self::prepared(Prepared::from(config), limits).await
    }

    async fn prepared(prepared: Prepared, limits: Limits) -> Result<Self, ClusterError> {
        let Prepared { mut config, token_file } = prepared;
        config.connect_timeout = Some(limits.request.min(CONNECT_TIMEOUT));
        // Repetition is decided here, where it is known what is safe to repeat.
        config.default_retry = false;
        let server = config.cluster_url.to_string();
        tracing::debug!(server, "the cluster that is asked");
        let authority = config.root_cert.as_deref().map(pem);
        if let Some(file) = &token_file {
            let wrong = |detail| ClusterError::Setting { setting: crate::Setting::TokenFile, detail };
            file.check().map_err(wrong)?;
        }
        // A credential plugin is a program that is waited for, so this may block.
        let runtime = tokio::runtime::Handle::current();
        let built = tokio::task::spawn_blocking(move || {
            let _entered = runtime.enter();
            let builder = ClientBuilder::try_from(config)?;
            Ok(match token_file {
                None => builder.build(),
                Some(file) => {
                    builder.with_layer(&MapRequestLayer::new(move |request| file.authorize(request))).build()
                }
            })
        });
        let client = match built.await {
            Ok(Ok(client)) => client,
            Ok(Err(error)) => {
                return Err(ClusterError::client(&server, &format!("prepare a client for {server}"), error));
            }
            // kube panics on a plugin's token that makes no header; every other token was checked.
            Err(_) => {
                let detail = "the credential plugin printed a token with a line break or another character that no token has";
                return Err(ClusterError::Credentials { server, detail: detail.to_owned() });
            }
        };
        let slots = Semaphore::new(limits.concurrent.max(1));
        let clock = Clock::default();
        Ok(Self(std::sync::Arc::new(Inner { client, server, authority, limits, slots, clock })))
    }

    /// kube's client, for what is not sent with [`Cluster::send`].
    pub fn client(&self) -> Client {
        self.0.client.clone()
    }

    /// Says what an error of [`Cluster::client`] means; `action` completes "cannot …".
    pub fn failed(&self, action: impl Into<String>, error: kube::Error) -> ClusterError {
        ClusterError::client(&self.0.server, &action.into(), error)
    }

    /// The server's address.
    pub fn server(&self) -> &str {
        &self.0.server
    }

    /// The server's certificate authorities, PEM; `None` where the system's count.
    pub fn authority(&self) -> Option<&str> {
        self.0.authority.as_deref()
    }

    /// Sends a request, again where that is safe, and gives the body of a successful answer.
    ///
    /// # Errors
    /// [`ClusterError`] of the last attempt.
    pub async fn send(&self, request: &ApiRequest) -> Result<Vec<u8>, ClusterError> {
        let mut wait = FIRST_WAIT;
        let mut attempt = 1;
        loop {
            let (error, at_least) = match self.attempt(request).await {
                Attempt::Answer(body) => return Ok(body),
                Attempt::Again(error, at_least) if attempt < ATTEMPTS => (error, at_least),
                Attempt::Failed(error) | Attempt::Again(error, _) => return Err(error),
            };
            attempt += 1;
            let pause = wait.max(at_least.unwrap_or_default()).min(LONGEST_WAIT);
            tracing::debug!(action = request.action, %error, ?pause, "asking the API server again");
            tokio::time::sleep(pause).await;
            wait *= 2;
        }
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// As [`Cluster::send`].
    pub async fn send_json<T: serde::de::DeserializeOwned>(
        &self,
        request: &ApiRequest,
    ) -> Result<T, ClusterError> {
        let body = self.send(request).await?;
        serde_json::from_slice(&body).map_err(|error| ClusterError::Answer {
            action: request.action.clone(),
            detail: format!("the answer is not what Kubernetes sends ({error})"),
        })
    }

    async fn attempt(&self, request: &ApiRequest) -> Attempt {
        let action = || request.action.clone();
        let http = match request.http() {
            Ok(http) => http,
            Err(error) => {
                return Attempt::Failed(ClusterError::Answer { action: action(), detail: error.to_string() });
            }
        };
        let Ok(_slot) = self.0.slots.acquire().await else {
            let detail = "this program is ending".to_owned();
            return Attempt::Failed(ClusterError::Answer { action: action(), detail });
        };
        match tokio::time::timeout(self.0.limits.request, self.send_once(request, http)).await {
            Ok(attempt) => attempt,
            Err(_) => {
                let (server, after) = (self.0.server.clone(), self.0.limits.request);
                uncertain(request, ClusterError::Slow { action: action(), server, after })
            }
        }
    }

    async fn send_once(&self, request: &ApiRequest, http: Request<Body>) -> Attempt {
        let response = match self.0.client.send(http).await {
            Ok(response) => response,
            Err(error) => {
                return match ClusterError::client(&self.0.server, &request.action, error) {
                    error @ ClusterError::Unreachable { .. } => uncertain(request, error),
                    error => Attempt::Failed(error),
                };
            }
        };
        self.0.clock.note(response.headers());
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match response.into_body().collect().await {
            Ok(body) => body.to_bytes().to_vec(),
            Err(error) => {
                let (server, action) = (self.0.server.clone(), request.action.clone());
                return uncertain(request, ClusterError::unreachable(server, action, &error));
            }
        };
        if status.is_success() {
            return Attempt::Answer(body);
        }
        let error = ClusterError::Refused(Box::new(refusal(&self.0.server, request, status.as_u16(), &body)));
        match (status.as_u16(), request.retry) {
            (_, Retry::Never) => Attempt::Failed(error),
            // The server turned the request away before it began.
            (429, _) | (500 | 502..=504, Retry::Always) => Attempt::Again(error, retry_after(&headers)),
            _ => Attempt::Failed(error),
        }
    }

    /// The cluster's time in whole seconds; this machine's where no answer carries one.
    ///
    /// # Errors
    /// [`ClusterError`] where the server has not answered yet and does not now.
    pub async fn now(&self) -> Result<Timestamp, ClusterError> {
        if let Some(now) = self.0.clock.now() {
            return Ok(now);
        }
        let asked = self.send(&ApiRequest::get("/version", "ask for the time", "get /version")).await;
        match (self.0.clock.now(), asked) {
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
        self.0.clock.now()
    }

    /// How far this machine's clock is off, where the difference matters.
    pub fn skew(&self) -> Option<SignedDuration> {
        self.0.clock.skew()
    }
}

/// It is not known whether the server has done it.
fn uncertain(request: &ApiRequest, error: ClusterError) -> Attempt {
    match request.retry {
        Retry::Always => Attempt::Again(error, None),
        Retry::IfNotBegun | Retry::Never => Attempt::Failed(error),
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

/// An answer that is no success, as Kubernetes words it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    reason: String,
    message: String,
}

fn refusal(server: &str, request: &ApiRequest, code: u16, body: &[u8]) -> Refusal {
    let status: Status = serde_json::from_slice(body).unwrap_or_default();
    let message = match status.message {
        message if message.is_empty() => {
            // A proxy on the way may have answered; its first line says what it is.
            let text = String::from_utf8_lossy(body);
            text.lines().next().unwrap_or_default().chars().take(200).collect()
        }
        message => message,
    };
    let (action, right) = (request.action.clone(), request.right.clone());
    Refusal { server: server.to_owned(), action, right, code, reason: status.reason, message }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
