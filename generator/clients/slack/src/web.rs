//! The Web API: one method for each of Slack's that is needed.
//!
//! A method that Slack's rate limit stops is waited for as long as Slack says, where that is short, and reported otherwise. Not
//! here: trying again after other failures, which the caller does.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::RETRY_AFTER;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::view::View;

mod error;
mod message;
mod people;

pub use error::SlackError;
pub use message::{Message, MessageAddress};
pub use people::{Member, MemberDetails};

/// Slack's own address.
const SLACK: &str = "https://slack.com/api";
/// How long one call may take.
const LIMIT: Duration = Duration::from_secs(20);
/// How long a call waits for the rate limit before it gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// The Web API with a bot's token.
#[derive(Clone)]
pub struct Web {
    http: reqwest::Client,
    api: Arc<str>,
    token: SecretString,
    /// Methods that Slack asked to leave alone for a while.
    resting: Arc<Mutex<HashMap<&'static str, Instant>>>,
}

/// The token that opens Socket Mode, `xapp-…`.
#[derive(Clone)]
pub struct AppToken(pub SecretString);

/// Where a WebSocket is opened, once.
#[derive(Deserialize)]
pub struct SocketUrl {
    pub(crate) url: String,
}

/// Who the token belongs to.
#[derive(Clone, Debug, Deserialize)]
pub struct Bot {
    /// The workspace.
    pub team_id: String,
    /// The bot's user.
    pub user_id: String,
    /// The workspace's name.
    #[serde(default)]
    pub team: String,
}

/// A view that is open.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ViewHandle {
    /// Its id.
    pub id: String,
    /// What an update must name, so that none overwrites another.
    #[serde(default)]
    pub hash: Option<String>,
}

/// What is known of a user. What Slack does not say counts against the user.
#[derive(Clone, Debug, Deserialize)]
pub struct UserProfile {
    /// The id.
    pub id: String,
    /// The workspace.
    #[serde(default)]
    pub team_id: String,
    /// Whether the account is gone.
    #[serde(default)]
    pub deleted: bool,
    /// Whether it is a program.
    #[serde(default)]
    pub is_bot: bool,
    /// Whether it is a workflow's.
    #[serde(default)]
    pub is_workflow_bot: bool,
    /// Whether it is a guest in several channels.
    #[serde(default)]
    pub is_restricted: bool,
    /// Whether it is a guest in one channel.
    #[serde(default)]
    pub is_ultra_restricted: bool,
    /// Whether it belongs to another organisation.
    #[serde(default)]
    pub is_stranger: bool,
}

/// A channel.
#[derive(Clone, Debug, Deserialize)]
pub struct ChannelInfo {
    /// The id.
    pub id: String,
    /// The name.
    #[serde(default)]
    pub name: String,
    /// Whether the bot is in it.
    #[serde(default)]
    pub is_member: bool,
    /// Whether it is closed.
    #[serde(default)]
    pub is_archived: bool,
    /// Whether it is for members only.
    #[serde(default)]
    pub is_private: bool,
    /// Whether another organisation shares it.
    #[serde(default)]
    pub is_ext_shared: bool,
}

impl Web {
    /// The Web API of Slack, or of `api` where it is another's.
    ///
    /// # Errors
    /// [`SlackError::Network`] where this machine has no TLS.
    pub fn new(token: SecretString, api: Option<&str>) -> Result<Self, SlackError> {
        let http =
            reqwest::Client::builder().timeout(LIMIT).redirect(reqwest::redirect::Policy::none()).build();
        let http = http.map_err(|error| SlackError::network("client", &error))?;
        let api = api.unwrap_or(SLACK).trim_end_matches('/').into();
        Ok(Self { http, api, token, resting: Arc::default() })
    }

    /// Who the token belongs to (`auth.test`).
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn who(&self) -> Result<Bot, SlackError> {
        self.call("auth.test", &json!({})).await
    }

    /// The scopes that the token has (`auth.test`).
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn scopes(&self) -> Result<Vec<String>, SlackError> {
        let request =
            self.http.post(format!("{}/auth.test", self.api)).bearer_auth(self.token.expose_secret());
        let answer = request.send().await.map_err(|error| SlackError::network("auth.test", &error))?;
        let header = answer.headers().get("x-oauth-scopes").and_then(|value| value.to_str().ok());
        Ok(header.unwrap_or_default().split(',').map(|scope| scope.trim().to_owned()).collect())
    }

    /// A user (`users.info`).
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn user(&self, id: &str) -> Result<UserProfile, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            user: UserProfile,
        }
        Ok(self.form::<Answer>("users.info", &[("user", id)]).await?.user)
    }

    /// A channel (`conversations.info`).
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn channel(&self, id: &str) -> Result<ChannelInfo, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            channel: ChannelInfo,
        }
        Ok(self.form::<Answer>("conversations.info", &[("channel", id)]).await?.channel)
    }

    /// The channel for direct messages with a user (`conversations.open`).
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn direct_channel(&self, user: &str) -> Result<String, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            channel: Channel,
        }
        #[derive(Deserialize)]
        struct Channel {
            id: String,
        }
        Ok(self.call::<Answer>("conversations.open", &json!({ "users": user })).await?.channel.id)
    }

    /// Opens a view (`views.open`). A trigger counts once, and for three seconds.
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn open_view(&self, trigger: &str, view: &View) -> Result<ViewHandle, SlackError> {
        self.view("views.open", &json!({ "trigger_id": trigger, "view": view })).await
    }

    /// Replaces an open view (`views.update`), where it is still as `view` says.
    ///
    /// # Errors
    /// [`SlackError`]; [`SlackError::is_conflict`] where somebody else replaced it.
    pub async fn update_view(&self, handle: &ViewHandle, view: &View) -> Result<ViewHandle, SlackError> {
        let mut body = json!({ "view_id": handle.id, "view": view });
        if let (Some(hash), Some(fields)) = (&handle.hash, body.as_object_mut()) {
            fields.insert("hash".to_owned(), json!(hash));
        }
        self.view("views.update", &body).await
    }

    /// Shows a user their Home tab (`views.publish`).
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn publish_home(&self, user: &str, view: &View) -> Result<ViewHandle, SlackError> {
        self.view("views.publish", &json!({ "user_id": user, "view": view })).await
    }

    async fn view(&self, method: &'static str, body: &Value) -> Result<ViewHandle, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            view: ViewHandle,
        }
        Ok(self.call::<Answer>(method, body).await?.view)
    }

    /// Answers where an interaction came from, seen by its user alone. `url` is the interaction's `response_url`.
    ///
    /// # Errors
    /// [`SlackError`]; also for an address that is not of this API.
    pub async fn respond(&self, url: &str, message: &Message) -> Result<(), SlackError> {
        const METHOD: &str = "response_url";
        if !self.is_own(url) {
            return Err(SlackError::refused(METHOD, "the address is not Slack's"));
        }
        let mut body =
            serde_json::to_value(message).map_err(|_| SlackError::Unreadable { method: METHOD })?;
        if let Some(fields) = body.as_object_mut() {
            fields.insert("response_type".to_owned(), json!("ephemeral"));
            fields.insert("replace_original".to_owned(), json!(false));
        }
        // The token stays here: the address itself is what may be answered.
        let sent = self.http.post(url).json(&body).send().await;
        let status = sent.map_err(|error| SlackError::network(METHOD, &error))?.status();
        match status.is_success() {
            true => Ok(()),
            false => Err(SlackError::refused(METHOD, &format!("HTTP status {}", status.as_u16()))),
        }
    }

    /// Whether a `response_url` leads to Slack, or to where this API is.
    fn is_own(&self, url: &str) -> bool {
        let origin = |url: &str| url.split('/').take(3).collect::<Vec<_>>().join("/");
        let is_slack =
            self.api.starts_with("https://slack.com/") && url.starts_with("https://hooks.slack.com/");
        is_slack || origin(url) == origin(&self.api)
    }

    /// Where a WebSocket is opened (`apps.connections.open`).
    ///
    /// # Errors
    /// [`SlackError`]; [`SlackError::is_final`] where the token is none.
    pub async fn open_socket(&self, token: &AppToken) -> Result<SocketUrl, SlackError> {
        const METHOD: &str = "apps.connections.open";
        self.send(METHOD, |http, url| http.post(url).bearer_auth(token.0.expose_secret())).await
    }

    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: &'static str,
        body: &impl Serialize,
    ) -> Result<T, SlackError> {
        self.send(method, |http, url| http.post(url).bearer_auth(self.token.expose_secret()).json(body)).await
    }

    /// Methods that read take a form, and no JSON.
    async fn form<T: DeserializeOwned>(
        &self,
        method: &'static str,
        fields: &[(&str, &str)],
    ) -> Result<T, SlackError> {
        let query: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let query = query.join("&");
        self.send(method, |http, url| {
            let request = http.post(url).bearer_auth(self.token.expose_secret());
            request.header("content-type", "application/x-www-form-urlencoded").body(query.clone())
        })
        .await
    }

    /// Sends a request and reads its answer; where Slack asks to wait a little, it is sent once more.
    async fn send<T: DeserializeOwned>(
        &self,
        method: &'static str,
        request: impl Fn(&reqwest::Client, String) -> reqwest::RequestBuilder,
    ) -> Result<T, SlackError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.rest(method, deadline).await?;
            let sent = request(&self.http, format!("{}/{method}", self.api)).send().await;
            let answer = sent.map_err(|error| SlackError::network(method, &error))?;
            if answer.status() == reqwest::StatusCode::TOO_MANY_REQUESTS {
                let header = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                let seconds = header.and_then(|text| text.parse().ok()).unwrap_or(1_u64).clamp(1, 3600);
                self.leave_alone(method, Instant::now() + Duration::from_secs(seconds));
                continue;
            }
            return read(method, answer).await;
        }
    }

    /// Waits until Slack takes `method` again.
    async fn rest(&self, method: &'static str, deadline: Instant) -> Result<(), SlackError> {
        let until = self.with_resting(|resting| resting.get(method).copied());
        let Some(until) = until.filter(|until| *until > Instant::now()) else { return Ok(()) };
        if until > deadline {
            let wait = until.saturating_duration_since(Instant::now()).as_secs();
            return Err(SlackError::RateLimited { method, seconds: wait });
        }
        tokio::time::sleep_until(until.into()).await;
        Ok(())
    }

    fn leave_alone(&self, method: &'static str, until: Instant) {
        self.with_resting(|resting| {
            let known = resting.entry(method).or_insert(until);
            *known = until.max(*known);
        });
    }

    fn with_resting<T>(&self, act: impl FnOnce(&mut HashMap<&'static str, Instant>) -> T) -> T {
        act(&mut self.resting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn read<T: DeserializeOwned>(method: &'static str, answer: reqwest::Response) -> Result<T, SlackError> {
    #[derive(Deserialize)]
    struct Envelope {
        ok: bool,
        #[serde(default)]
        error: Option<String>,
        #[serde(default)]
        needed: Option<String>,
        #[serde(default)]
        response_metadata: Option<Metadata>,
    }
    #[derive(Deserialize)]
    struct Metadata {
        #[serde(default)]
        messages: Vec<String>,
    }
    let status = answer.status();
    let text = answer.text().await.map_err(|error| SlackError::network(method, &error))?;
    if !status.is_success() {
        return Err(SlackError::Unavailable { method, status: status.as_u16() });
    }
    let unreadable = |_| SlackError::Unreadable { method };
    let envelope: Envelope = serde_json::from_str(&text).map_err(unreadable)?;
    if envelope.ok {
        return serde_json::from_str(&text).map_err(unreadable);
    }
    let needed = envelope.needed.map(|scope| format!("the scope `{scope}` is needed"));
    let said = envelope.response_metadata.into_iter().flat_map(|metadata| metadata.messages);
    let detail: Vec<String> = needed.into_iter().chain(said).collect();
    let code = envelope.error.unwrap_or_else(|| "unknown_error".to_owned());
    Err(SlackError::Refused { method, code, detail: detail.join("; ") })
}

/// A value in a form.
fn encoded(value: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    value.bytes().map(byte).collect()
}
