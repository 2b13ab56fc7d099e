//! One request and its answer, with their limits. Not here: who asks ([`super::auth`]), and what is asked again.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{RequestBuilder, Response, StatusCode, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;

use super::error::{GithubError, Problem, Said};
use super::limits::{self, Pause};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a call may take. GitHub itself gives up after ten seconds.
const CALL: Duration = Duration::from_secs(30);
/// The largest answer that is read.
const LARGEST: usize = 16 << 20;
/// The version of REST that the answers are read as.
const VERSION: HeaderValue = HeaderValue::from_static("2022-11-28");
const JSON: HeaderValue = HeaderValue::from_static("application/vnd.github+json");

/// Connections to one GitHub. Clones share them, and the pause that GitHub asked for.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    pub(crate) http: reqwest::Client,
    pause: Arc<Pause>,
}

/// An answer that is no refusal.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Transport {
    pub(crate) fn new() -> Result<Self, GithubError> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(CALL)
            .redirect(redirect::Policy::none())
            .user_agent(concat!("p0-gitops/", env!("CARGO_PKG_VERSION")))
            .build();
        let failed =
            |error| GithubError { doing: "setting the connection up", problem: Problem::Unreachable(error) };
        Ok(Self { http: http.map_err(failed)?, pause: Arc::default() })
    }

    /// The same pause with connections of its own: those of another runtime end with it.
    pub(crate) fn apart(&self) -> Result<Self, GithubError> {
        Ok(Self { pause: self.pause.clone(), ..Self::new()? })
    }

    /// Asks once. While GitHub wants to be left alone, it is not asked at all.
    pub(crate) async fn exchange(
        &self,
        doing: &'static str,
        request: RequestBuilder,
        token: &SecretString,
    ) -> Result<Answer, GithubError> {
        let failed = |problem| GithubError { doing, problem };
        if let Some(left) = self.pause.left() {
            return Err(failed(Problem::Limited(Some(left))));
        }
        let request = request
            .header(AUTHORIZATION, bearer(token).ok_or_else(|| failed(Problem::Unauthorized))?)
            .header(ACCEPT, JSON)
            .header("x-github-api-version", VERSION);
        let answer = request.send().await.map_err(|error| failed(lost(error)))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = bounded(answer).await.map_err(failed)?;
        if let Some(wait) = limits::wait(status, &headers, &Said::of(&body), Timestamp::now()) {
            self.pause.begin(wait);
            return Err(failed(Problem::Limited(Some(wait))));
        }
        match status.is_success() || status == StatusCode::NOT_MODIFIED {
            true => Ok(Answer { status, headers, body }),
            false => Err(failed(Problem::of(status, &body))),
        }
    }
}

/// `None` where the token cannot be sent.
fn bearer(token: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret().trim())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// An error of the connection. The URL is known, and is not repeated.
fn lost(error: reqwest::Error) -> Problem {
    match error.is_timeout() && !error.is_connect() {
        true => Problem::TimedOut,
        false => Problem::Unreachable(error.without_url()),
    }
}

async fn bounded(mut answer: Response) -> Result<Vec<u8>, Problem> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(lost)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(Problem::Unreadable("it is too long".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

pub(crate) fn parse<T: DeserializeOwned>(doing: &'static str, body: &[u8]) -> Result<T, GithubError> {
    serde_json::from_slice(body)
        .map_err(|error| GithubError { doing, problem: Problem::Unreadable(error.to_string()) })
}
