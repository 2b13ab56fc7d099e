//! The connection: one user's token at one Gitea, with its limits. Not here: what is asked.

use std::fmt;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{GiteaError, Problem};
use super::{RepositoryName, ServerUrl};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a call may take. A merge of a large repository takes seconds.
const CALL: Duration = Duration::from_secs(30);
/// The waits before a call that only reads is made again, where the server failed. A Gitea on SQLite answers 500 to a read while
/// another writes. What writes is never repeated here: it may have been done.
const READ_AGAIN: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];
/// The largest answer that is read.
const LARGEST: usize = 16 << 20;

/// One repository at a Gitea, as one user. Clones share its connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    server: ServerUrl,
    repository: RepositoryName,
    token: HeaderValue,
}

impl Client {
    /// The repository, with a token of the user who acts.
    ///
    /// # Errors
    /// [`GiteaError`] where the token cannot be sent.
    pub fn new(
        server: ServerUrl,
        repository: RepositoryName,
        token: &SecretString,
    ) -> Result<Self, GiteaError> {
        let failed = |problem| GiteaError { doing: "setting the connection up", problem };
        let mut value = HeaderValue::from_str(&format!("token {}", token.expose_secret().trim()))
            .map_err(|_| failed(Problem::Unauthorized))?;
        value.set_sensitive(true);
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(CALL)
            .redirect(redirect::Policy::none())
            .user_agent(concat!("p0-gitops/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| failed(Problem::Unreachable(error)))?;
        Ok(Self { http, server, repository, token: value })
    }

    /// The server.
    pub fn server(&self) -> &ServerUrl {
        &self.server
    }

    /// The repository.
    pub fn name(&self) -> &RepositoryName {
        &self.repository
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, GiteaError> {
        parse(doing, &self.read(doing, || self.request(Method::GET, path).query(query)).await?)
    }

    /// The same; `None` where there is no such thing.
    pub(crate) async fn find<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        path: &[&str],
    ) -> Result<Option<T>, GiteaError> {
        match self.get(doing, path, &[]).await {
            Ok(found) => Ok(Some(found)),
            Err(GiteaError { problem: Problem::NotFound, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends a value and reads the answer.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        method: Method,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T, GiteaError> {
        parse(doing, &self.call(doing, self.request(method, path).json(body)).await?)
    }

    /// Sends a value; the answer says nothing more than that it is done.
    pub(crate) async fn tell(
        &self,
        doing: &'static str,
        method: Method,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<(), GiteaError> {
        self.call(doing, self.request(method, path).json(body)).await.map(drop)
    }

    /// What is below the repository.
    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let own = ["repos", self.repository.owner(), self.repository.name()];
        self.http.request(method, self.server.endpoint(own.into_iter().chain(path.iter().copied())))
    }

    /// What is not of one repository.
    pub(crate) async fn get_of_server<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        path: &[&str],
    ) -> Result<T, GiteaError> {
        let endpoint = self.server.endpoint(path.iter().copied());
        parse(doing, &self.read(doing, || self.http.get(endpoint.clone())).await?)
    }

    /// A call that only reads: where the server failed, it is made again, a bounded number of times.
    async fn read(
        &self,
        doing: &'static str,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Vec<u8>, GiteaError> {
        for wait in READ_AGAIN {
            match self.call(doing, request()).await {
                Err(GiteaError { problem: Problem::Failed(_), .. }) => tokio::time::sleep(wait).await,
                answer => return answer,
            }
        }
        self.call(doing, request()).await
    }

    /// The same; `None` where there is no such thing.
    pub(crate) async fn find_of_server<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        path: &[&str],
    ) -> Result<Option<T>, GiteaError> {
        match self.get_of_server(doing, path).await {
            Ok(found) => Ok(Some(found)),
            Err(GiteaError { problem: Problem::NotFound, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The `Date` of an answer.
    pub(crate) async fn date_of(
        &self,
        doing: &'static str,
        path: &[&str],
    ) -> Result<Option<String>, GiteaError> {
        let request = self.http.request(Method::GET, self.server.endpoint(path.iter().copied()));
        let answer = self.answer(doing, request).await?;
        Ok(answer.headers().get(DATE).and_then(|date| date.to_str().ok()).map(str::to_owned))
    }

    async fn answer(&self, doing: &'static str, request: RequestBuilder) -> Result<Response, GiteaError> {
        let answer = request.header(AUTHORIZATION, self.token.clone()).send().await;
        answer.map_err(|error| GiteaError { doing, problem: lost(error) })
    }

    async fn call(&self, doing: &'static str, request: RequestBuilder) -> Result<Vec<u8>, GiteaError> {
        let failed = |problem| GiteaError { doing, problem };
        let answer = self.answer(doing, request).await?;
        let (status, retry_after) = (answer.status(), retry_after(answer.headers()));
        let body = bounded(answer).await.map_err(failed)?;
        match status.is_success() {
            true => Ok(body),
            false => Err(failed(Problem::of(status, retry_after, &body))),
        }
    }
}

/// The token is not printed.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client {{ {}/{} }}", self.server, self.repository)
    }
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

fn parse<T: DeserializeOwned>(doing: &'static str, body: &[u8]) -> Result<T, GiteaError> {
    serde_json::from_slice(body)
        .map_err(|error| GiteaError { doing, problem: Problem::Unreadable(error.to_string()) })
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}
