//! How what people do reaches the app: as an envelope over a WebSocket, or as a signed request over HTTP. The app has three seconds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::server::FakeSlack;
use crate::{SIGNING_SECRET, payload};

/// How long the app has.
const PATIENCE: Duration = Duration::from_secs(3);

/// The way to the app.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// Over the app's own WebSocket.
    Socket,
    /// To this address, signed.
    Http(String),
}

/// What a user sees where the app did not do its part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotHandled {
    /// The app has no connection, or its address does not answer.
    #[error("dispatch_failed")]
    NoApp,
    /// It did not answer in three seconds.
    #[error("operation_timeout")]
    TooLate,
    /// It answered with something that Slack does not take.
    #[error("the app's answer is refused: {0}")]
    BadAnswer(String),
    /// The form cannot be sent as it is filled in.
    #[error("{0}")]
    NotFilledIn(String),
}

/// What is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Command,
    Interaction,
    Event,
}

impl Kind {
    fn envelope(self) -> &'static str {
        match self {
            Self::Command => "slash_commands",
            Self::Interaction => "interactive",
            Self::Event => "events_api",
        }
    }
}

impl FakeSlack {
    /// Delivers and waits for the answer; null where it is empty.
    pub(crate) async fn deliver(&self, kind: Kind, payload: &Value) -> Result<Value, NotHandled> {
        let delivered = async {
            match self.delivery() {
                Delivery::Socket => self.by_socket(kind, payload).await,
                Delivery::Http(url) => by_http(&url, kind, payload).await,
            }
        };
        tokio::time::timeout(PATIENCE, delivered).await.unwrap_or(Err(NotHandled::TooLate))
    }

    async fn by_socket(&self, kind: Kind, payload: &Value) -> Result<Value, NotHandled> {
        let id = format!("envelope-{}", self.with(|world| world.next()));
        let envelope = json!({
            "type": kind.envelope(), "envelope_id": id, "payload": payload, "accepts_response_payload": kind != Kind::Event,
        });
        let acknowledged = self.sockets.send(&id, &envelope).ok_or(NotHandled::NoApp)?;
        acknowledged.await.map_err(|_| NotHandled::NoApp)
    }

    /// Sends an envelope again that the app has had, as Slack may; whether it is acknowledged again.
    pub async fn deliver_again(&self, command: &str, user: &str) -> bool {
        let payload = payload::command(self, user, "C0NONE", command);
        let first = self.deliver(Kind::Command, &payload).await;
        first.is_ok() && self.deliver(Kind::Command, &payload).await.is_ok()
    }
}

/// A request as Slack signs it.
pub(crate) fn signed(body: &str) -> (String, String) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().to_string();
    let signature = signature(&now, body);
    (now, signature)
}

fn signature(at: &str, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(SIGNING_SECRET.as_bytes()) else { return String::new() };
    mac.update(format!("v0:{at}:{body}").as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v0={hex}")
}

async fn by_http(url: &str, kind: Kind, payload: &Value) -> Result<Value, NotHandled> {
    let (body, content) = match kind {
        Kind::Command => (payload::form(payload), "application/x-www-form-urlencoded"),
        Kind::Interaction => {
            let field = json!({ "payload": payload.to_string() });
            (payload::form(&field), "application/x-www-form-urlencoded")
        }
        Kind::Event => (payload.to_string(), "application/json"),
    };
    let (at, signature) = signed(&body);
    let request = reqwest::Client::new().post(url).header("content-type", content).body(body);
    let request = request.header("x-slack-request-timestamp", at).header("x-slack-signature", signature);
    let answer = request.send().await.map_err(|_| NotHandled::NoApp)?;
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    match (status.is_success(), text.is_empty()) {
        (false, _) => Err(NotHandled::BadAnswer(format!("HTTP status {status}: {text}"))),
        (true, true) => Ok(Value::Null),
        (true, false) => {
            let read = serde_json::from_str(&text);
            Ok(read.unwrap_or(json!({ "text": text })))
        }
    }
}
