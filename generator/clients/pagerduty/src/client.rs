//! The client: one read after the other, page by page, within a time limit. Not here: what is tried again ([`crate::retry`]).

use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use reqwest::{Certificate, Response, redirect};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::config::{Config, ConfigError, Endpoint};
use crate::error::Error;
use crate::model::{EscalationPolicy, Id, Incident, OnCall, Override, Schedule, User};
use crate::retry;

/// The version of the API that is spoken.
const VERSION: &str = "application/vnd.pagerduty+json;version=2";
/// How many entries a page has: PagerDuty's most.
const PAGE: usize = 100;
/// PagerDuty refuses a page that ends beyond this entry.
const LAST: usize = 10_000;
/// How long one try may take: a connection that hangs leaves time for another.
const TRY: Duration = Duration::from_secs(3);
/// The longest answer that is read.
const LONGEST: usize = 8 << 20;

type Result<T> = std::result::Result<T, Error>;

/// Reads from PagerDuty.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    endpoint: Endpoint,
    limit: Duration,
}

/// Who is asked about, and where. What is left empty is not narrowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnCallQuery {
    /// These persons.
    pub users: Vec<Id>,
    /// These schedules.
    pub schedules: Vec<Id>,
    /// These escalation policies.
    pub escalation_policies: Vec<Id>,
}

impl Client {
    /// A client; nothing is asked yet.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn new(config: Config) -> std::result::Result<Self, ConfigError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(VERSION));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(AUTHORIZATION, config.token.header()?);
        let builder = reqwest::Client::builder()
            .default_headers(headers)
            .user_agent(concat!("p0-gitops/", env!("CARGO_PKG_VERSION")))
            .https_only(true)
            // PagerDuty does not redirect, and the API key goes nowhere else.
            .redirect(redirect::Policy::none())
            .timeout(TRY);
        let own = config.authorities.as_deref().map(Certificate::from_pem_bundle).transpose();
        let own = own.map_err(|_| ConfigError::Authorities)?.unwrap_or_default();
        let builder = if own.is_empty() { builder } else { builder.tls_certs_merge(own) };
        let http = builder.build().map_err(|_| ConfigError::Client)?;
        Ok(Self { http, endpoint: config.endpoint, limit: config.limit })
    }

    /// Who is on call at `at`, in the places of `query`. The filter is PagerDuty's; the caller looks at each entry again.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn on_calls(&self, query: &OnCallQuery, at: Timestamp) -> Result<Vec<OnCall>> {
        let at = at.to_string();
        let mut all: Vec<(&'static str, &str)> = vec![("since", &at), ("until", &at), ("time_zone", "UTC")];
        all.extend(query.users.iter().map(|id| ("user_ids[]", id.as_str())));
        all.extend(query.schedules.iter().map(|id| ("schedule_ids[]", id.as_str())));
        all.extend(query.escalation_policies.iter().map(|id| ("escalation_policy_ids[]", id.as_str())));
        self.pages("/oncalls", "oncalls", "who is on call", &all).await
    }

    /// The overrides of a schedule that touch the time from `since` to `until`.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn overrides(
        &self,
        schedule: &Id,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Override>> {
        let (since, until) = (since.to_string(), until.to_string());
        let query = vec![("since", since.as_str()), ("until", &until), ("overflow", "true")];
        let what = format!("overrides of the schedule `{schedule}`");
        let path = format!("/schedules/{schedule}/overrides");
        let body = self.one(&path, &what, &query).await?;
        entry(body, "overrides", &what)
    }

    /// The users whose address is `email`, in any case. PagerDuty also finds parts of names and addresses: those are left out.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn users_by_email(&self, email: &str) -> Result<Vec<User>> {
        let found: Vec<User> = self.pages("/users", "users", "users", &[("query", email)]).await?;
        Ok(found.into_iter().filter(|user| user.email.eq_ignore_ascii_case(email)).collect())
    }

    /// Open incidents that are assigned to a user.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn open_incidents(&self, user: &Id) -> Result<Vec<Incident>> {
        let query = [
            ("user_ids[]", user.as_str()),
            ("statuses[]", "triggered"),
            ("statuses[]", "acknowledged"),
            // Without it PagerDuty looks at the last month only.
            ("date_range", "all"),
        ];
        self.pages("/incidents", "incidents", "incidents", &query).await
    }

    /// A schedule.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Missing`] where there is none.
    pub async fn schedule(&self, id: &Id) -> Result<Schedule> {
        let what = format!("schedule `{id}`");
        let body = self.one(&format!("/schedules/{id}"), &what, &[]).await?;
        entry(body, "schedule", &what)
    }

    /// An escalation policy.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Missing`] where there is none.
    pub async fn escalation_policy(&self, id: &Id) -> Result<EscalationPolicy> {
        let what = format!("escalation policy `{id}`");
        let body = self.one(&format!("/escalation_policies/{id}"), &what, &[]).await?;
        entry(body, "escalation_policy", &what)
    }

    /// All entries of a list, page by page.
    async fn pages<T: DeserializeOwned>(
        &self,
        path: &str,
        key: &str,
        what: &str,
        query: &[(&'static str, &str)],
    ) -> Result<Vec<T>> {
        let deadline = Instant::now() + self.limit;
        let limit = PAGE.to_string();
        let mut all: Vec<T> = Vec::new();
        loop {
            if all.len() + PAGE > LAST {
                return Err(Error::TooMany(what.to_owned()));
            }
            let offset = all.len().to_string();
            let paged = [query, &[("limit", &limit), ("offset", &offset)]].concat();
            let body = self.read(path, what, &paged, deadline).await?;
            let more = body.get("more").and_then(Value::as_bool);
            let more = more.ok_or_else(|| unreadable(what, "it does not say whether there is more"))?;
            let page: Vec<T> = entry(body, key, what)?;
            let is_empty = page.is_empty();
            all.extend(page);
            match more {
                false => return Ok(all),
                true if is_empty => return Err(unreadable(what, "a page is empty, and there is more")),
                true => {}
            }
        }
    }

    /// The body of an answer that has no pages.
    async fn one(&self, path: &str, what: &str, query: &[(&'static str, &str)]) -> Result<Value> {
        self.read(path, what, query, Instant::now() + self.limit).await
    }

    /// The body of one answer, with more tries where the reason for a failure passes before the deadline.
    async fn read(
        &self,
        path: &str,
        what: &str,
        query: &[(&'static str, &str)],
        deadline: Instant,
    ) -> Result<Value> {
        let mut failed = 0;
        loop {
            let asked = timeout_at(deadline, self.http.get(self.endpoint.at(path)).query(query).send());
            let (error, wait) = match asked.await.map_err(|_| Error::TimedOut(self.limit))? {
                Err(error) => (Error::Unreachable(error.without_url()), Duration::ZERO),
                Ok(response) if response.status().is_success() => {
                    let read = timeout_at(deadline, body(response, what)).await;
                    return read.map_err(|_| Error::TimedOut(self.limit))?;
                }
                Ok(response) => refused(&response, what)?,
            };
            failed += 1;
            let again = retry::pause(failed).map(|pause| Instant::now() + pause.max(wait));
            match again {
                Some(again) if again < deadline => sleep_until(again).await,
                Some(_) | None => return Err(error),
            }
        }
    }
}

/// What to say of an answer that is no success, and how long to wait before another try.
///
/// # Errors
/// What no other try changes.
fn refused(response: &Response, what: &str) -> Result<(Error, Duration)> {
    match response.status() {
        StatusCode::UNAUTHORIZED => Err(Error::Token),
        StatusCode::FORBIDDEN => Err(Error::Forbidden(what.to_owned())),
        StatusCode::NOT_FOUND => Err(Error::Missing(what.to_owned())),
        StatusCode::TOO_MANY_REQUESTS => Ok((Error::RateLimited, retry::rate_limit_ends(response.headers()))),
        status if retry::is_passing(status) => {
            Ok((Error::Status { what: what.to_owned(), status }, Duration::ZERO))
        }
        status => Err(Error::Status { what: what.to_owned(), status }),
    }
}

async fn body(mut response: Response, what: &str) -> Result<Value> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Error::Unreachable(error.without_url()))? {
        if bytes.len() + chunk.len() > LONGEST {
            return Err(unreadable(what, "it is longer than 8 MiB"));
        }
        bytes.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&bytes).map_err(|error| unreadable(what, &error.to_string()))
}

/// What stands under `key`.
fn entry<T: DeserializeOwned>(mut body: Value, key: &str, what: &str) -> Result<T> {
    let value = body.get_mut(key).map(Value::take);
    let value = value.ok_or_else(|| unreadable(what, &format!("it has no `{key}`")))?;
    serde_json::from_value(value).map_err(|error| unreadable(what, &error.to_string()))
}

fn unreadable(what: &str, problem: &str) -> Error {
    Error::Unreadable { what: what.to_owned(), problem: problem.to_owned() }
}
