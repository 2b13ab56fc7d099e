//! Webhooks of a repository: found, made and mended by its administrators. Not here: deliveries ([`super::Delivery`]).

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::Client;
use super::error::GiteaError;

/// A webhook to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHook {
    /// Where deliveries go.
    pub url: String,
    /// The key that they are signed with.
    pub secret: String,
    /// What is delivered: `push`, `pull_request`, `status`, ….
    pub events: Vec<String>,
}

/// A webhook that is there. Its secret is never told.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Hook {
    /// Its number.
    pub id: u64,
    /// What it delivers.
    #[serde(default)]
    pub events: Vec<String>,
    /// Whether it delivers.
    #[serde(default)]
    pub active: bool,
    /// `url` and `content_type`.
    #[serde(default)]
    config: BTreeMap<String, String>,
}

impl Hook {
    /// Where deliveries go.
    pub fn url(&self) -> &str {
        self.config.get("url").map(String::as_str).unwrap_or_default()
    }
}

impl Client {
    /// The repository's webhooks.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn hooks(&self) -> Result<Vec<Hook>, GiteaError> {
        self.get("reading the webhooks", &["hooks"], &[("limit", "50")]).await
    }

    /// Makes a webhook.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn make_hook(&self, hook: &NewHook) -> Result<(), GiteaError> {
        let body = json!({
            "type": "gitea", "active": true, "events": hook.events,
            "config": { "url": hook.url, "content_type": "json", "secret": hook.secret },
        });
        self.tell("making the webhook", Method::POST, &["hooks"], &body).await
    }

    /// Lets a webhook deliver these events. Its secret cannot be changed.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn mend_hook(&self, id: u64, events: &[String]) -> Result<(), GiteaError> {
        let body = json!({ "active": true, "events": events });
        self.tell("mending the webhook", Method::PATCH, &["hooks", &id.to_string()], &body).await
    }
}
