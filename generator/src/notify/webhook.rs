//! The messenger that posts to a site's own webhooks, in the form of Standard Webhooks: an id, a time and a signature.
//!
//! The id is that of the delivery, so a receiver knows a message that comes twice. Not here: posting ([`crate::post`]), and whom a
//! notice concerns.

use std::collections::BTreeMap;

use async_trait::async_trait;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use p0_access::name::HookName;
use p0_access::request::Recipient;
use serde_json::{Value, json};

use super::{Message, Messenger};
use crate::post::PostTarget;

mod secret;

pub use secret::{HookSecret, HookSecretError};

/// One webhook: where it is, and what signs for it.
pub struct Webhook {
    target: PostTarget,
    secret: HookSecret,
}

/// All webhooks of a site.
pub struct Webhooks(BTreeMap<HookName, Webhook>);

impl Webhook {
    /// A webhook at `target`, signed with `secret`.
    pub fn new(target: PostTarget, secret: HookSecret) -> Self {
        Self { target, secret }
    }

    async fn post(&self, id: &str, at: Timestamp, body: String) -> Result<(), String> {
        let seconds = at.as_second().to_string();
        let signatures = self.secret.sign(id, &seconds, &body);
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("content-type", "application/json"),
            ("webhook-id", id),
            ("webhook-timestamp", &seconds),
            ("webhook-signature", &signatures),
        ] {
            let value = HeaderValue::from_str(value).map_err(|_| format!("`{name}` cannot be a header"))?;
            headers.insert(HeaderName::from_static(name), value);
        }
        self.target.post(headers, body).await
    }
}

impl Webhooks {
    /// These, by name.
    pub fn new(webhooks: BTreeMap<HookName, Webhook>) -> Self {
        Self(webhooks)
    }
}

#[async_trait]
impl Messenger for Webhooks {
    async fn send(&self, message: &Message<'_>) -> Result<Option<String>, String> {
        let Recipient::Webhook(name) = &message.delivery.recipient else { return Ok(None) };
        let Some(webhook) = self.0.get(name) else {
            tracing::warn!(%name, key = message.key, "the settings have no such webhook any more; not sent");
            return Ok(None);
        };
        let id = id(message.key);
        webhook.post(&id, message.at, body(message).to_string()).await.map(|()| None)
    }
}

/// The key in the letters that an id of Standard Webhooks may have.
fn id(key: &str) -> String {
    key.replace(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-' && letter != '_', "_")
}

/// What happened, and the request as it is now.
fn body(message: &Message<'_>) -> Value {
    let request = message.request;
    let asked = request.spec();
    let notice = json!(message.notice);
    let kind = notice.get("notice").and_then(Value::as_str).unwrap_or_default();
    let approval = request.granted().map(|granted| &granted.approval);
    json!({
        "type": format!("request.{kind}"),
        "timestamp": message.at,
        "data": {
            "sentence": message.notice.sentence(request),
            "notice": notice,
            "request": {
                "id": request.id(),
                "state": request.state().name(),
                "requester": asked.requester,
                "subject": asked.subject.to_string(),
                "grants": asked.grants,
                "reason": asked.reason,
                "rule": asked.rule,
                "approvers": approval.map(|approval| approval.approvers()).unwrap_or_default(),
                "on-call": approval.and_then(|approval| approval.duty()),
                "expires-at": request.expires_at(),
            },
        },
    })
}
