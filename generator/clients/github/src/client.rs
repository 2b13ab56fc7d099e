//! The connection: one repository at one GitHub, as one who asks. Not here: what is asked.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{DATE, ETAG, IF_NONE_MATCH};
use reqwest::{Method, RequestBuilder, StatusCode, Url};
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answers::Answers;
use super::auth::{Auth, Credential};
use super::error::{GithubError, Problem};
use super::transport::{Answer, Transport, parse};
use super::{RepositoryName, ServerUrl};

/// The waits before a call that only reads is made again, where GitHub failed. What writes is never repeated: it may have been done.
const READ_AGAIN: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];
/// The longest limit that a call which only reads waits for.
const SHORT: Duration = Duration::from_secs(2);
/// The most entries of a page.
const PAGE: usize = 100;
/// The most pages that are read of anything.
const PAGES: usize = 50;

/// Whether a token was refused before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// Nothing is known against it.
    No,
    /// It was.
    Yes,
}

/// One repository at a GitHub, as one who asks. Clones share its connections and tokens.
#[derive(Clone)]
pub struct Client {
    transport: Transport,
    auth: Auth,
    server: ServerUrl,
    repository: RepositoryName,
    answers: Arc<Answers>,
}

impl Client {
    /// The repository, with the credential of who acts.
    ///
    /// # Errors
    /// [`GithubError`] where no connection can be set up.
    pub fn new(
        server: ServerUrl,
        repository: RepositoryName,
        credential: Credential,
    ) -> Result<Self, GithubError> {
        let auth = Auth::new(credential, server.clone(), repository.clone());
        Ok(Self { transport: Transport::new()?, auth, server, repository, answers: Arc::default() })
    }

    /// The server.
    pub fn server(&self) -> &ServerUrl {
        &self.server
    }

    /// The repository.
    pub fn name(&self) -> &RepositoryName {
        &self.repository
    }

    /// Who asks.
    pub fn credential(&self) -> &Credential {
        self.auth.credential()
    }

    /// The token of now, for Git, which knows no App; another one where Git was refused with it. It blocks while the token is renewed,
    /// on a thread of its own, so that it may be called from anywhere.
    ///
    /// # Errors
    /// [`GithubError`].
    pub fn token_blocking(&self, stale: Stale) -> Result<SecretString, GithubError> {
        if stale == Stale::Yes {
            self.auth.forget_present();
        }
        let doing = "getting a token for Git";
        let broken = || GithubError { doing, problem: Problem::TimedOut };
        let renew = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let transport = self.transport.apart()?;
            runtime.map_err(|_| broken())?.block_on(self.auth.token(&transport))
        };
        std::thread::scope(|scope| scope.spawn(renew).join().unwrap_or_else(|_| Err(broken())))
    }

    pub(crate) fn auth(&self) -> &Auth {
        &self.auth
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// The URL of something below the repository.
    pub(crate) fn own(&self, path: &[&str]) -> Url {
        let own = ["repos", self.repository.owner(), self.repository.name()];
        self.server.endpoint(own.into_iter().chain(path.iter().copied()))
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, GithubError> {
        self.get_at(doing, self.own(path), query).await
    }

    pub(crate) async fn get_at<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        mut url: Url,
        query: &[(&str, &str)],
    ) -> Result<T, GithubError> {
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        parse(doing, &self.read(doing, &url).await?)
    }

    /// The same; `None` where there is no such thing.
    pub(crate) async fn find<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        path: &[&str],
    ) -> Result<Option<T>, GithubError> {
        match self.get(doing, path, &[]).await {
            Ok(found) => Ok(Some(found)),
            Err(GithubError { problem: Problem::NotFound, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Every page of a list.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, GithubError> {
        let mut all = Vec::new();
        let size = PAGE.to_string();
        for page in 1..=PAGES {
            let page = page.to_string();
            let query: Vec<_> =
                query.iter().copied().chain([("per_page", size.as_str()), ("page", page.as_str())]).collect();
            let found: Vec<T> = self.get(doing, path, &query).await?;
            let is_last = found.len() < PAGE;
            all.extend(found);
            if is_last {
                return Ok(all);
            }
        }
        // A list that is read in part would be taken for the whole.
        Err(GithubError { doing, problem: Problem::Unreadable("the list is too long".to_owned()) })
    }

    /// Sends a value and reads the answer.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        doing: &'static str,
        method: Method,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T, GithubError> {
        let url = self.own(path);
        let request = || self.transport.http.request(method.clone(), url.clone()).json(body);
        parse(doing, &self.call(doing, request).await?.body)
    }

    /// Sends a value; the answer says nothing more than that it is done.
    pub(crate) async fn tell(
        &self,
        doing: &'static str,
        method: Method,
        path: &[&str],
        body: Option<&serde_json::Value>,
    ) -> Result<(), GithubError> {
        let url = self.own(path);
        let request = || {
            let request = self.transport.http.request(method.clone(), url.clone());
            match body {
                Some(body) => request.json(body),
                None => request,
            }
        };
        self.call(doing, request).await.map(drop)
    }

    /// The `Date` of an answer.
    pub(crate) async fn date_of(&self, doing: &'static str, url: Url) -> Result<Option<String>, GithubError> {
        let answer = self.call(doing, || self.transport.http.get(url.clone())).await?;
        Ok(answer.headers.get(DATE).and_then(|date| date.to_str().ok()).map(str::to_owned))
    }

    /// A call that only reads: where GitHub failed or has a short limit, it is made again, a bounded number of times. What has not
    /// changed since is not sent again.
    async fn read(&self, doing: &'static str, url: &Url) -> Result<Vec<u8>, GithubError> {
        for wait in READ_AGAIN {
            match self.read_once(doing, url).await {
                Err(GithubError { problem: Problem::Failed(_), .. }) => tokio::time::sleep(wait).await,
                Err(GithubError { problem: Problem::Limited(Some(limit)), .. }) if limit <= SHORT => {
                    tokio::time::sleep(limit).await;
                }
                answer => return answer,
            }
        }
        self.read_once(doing, url).await
    }

    async fn read_once(&self, doing: &'static str, url: &Url) -> Result<Vec<u8>, GithubError> {
        let kept = self.answers.find(url.as_str());
        let request = || {
            let request = self.transport.http.get(url.clone());
            match &kept {
                Some(kept) => request.header(IF_NONE_MATCH, &kept.tag),
                None => request,
            }
        };
        let answer = self.call(doing, request).await?;
        match (answer.status, &kept) {
            (StatusCode::NOT_MODIFIED, Some(kept)) => return Ok(kept.body.clone()),
            (StatusCode::NOT_MODIFIED, None) => {
                let why = "nothing was asked of a change, and none is told".to_owned();
                return Err(GithubError { doing, problem: Problem::Unreadable(why) });
            }
            _ => {}
        }
        if let Some(tag) = answer.headers.get(ETAG).and_then(|tag| tag.to_str().ok()) {
            self.answers.keep(url.to_string(), tag.to_owned(), &answer.body);
        }
        Ok(answer.body)
    }

    /// One call. A token that GitHub refuses is renewed once: what was asked with it was not done.
    pub(crate) async fn call(
        &self,
        doing: &'static str,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<Answer, GithubError> {
        let token = self.auth.token(&self.transport).await?;
        match self.transport.exchange(doing, request(), &token).await {
            Err(GithubError { problem: Problem::Unauthorized, .. }) if self.auth.forget(&token) => {
                let token = self.auth.token(&self.transport).await?;
                self.transport.exchange(doing, request(), &token).await
            }
            answer => answer,
        }
    }
}

/// No secret is printed.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client {{ {}/{} }}", self.server, self.repository)
    }
}
