//! The messenger that keeps notices in the store, for `show`, `watch` and the status page.

use async_trait::async_trait;
use p0_access::name::PersonName;
use serde_json::json;

use super::{Message, Messenger};
use crate::store::{Notice, Store};

/// Notices in the store.
pub struct NotificationLog(Store);

impl NotificationLog {
    /// The notices of `store`.
    pub fn new(store: Store) -> Self {
        Self(store)
    }
}

#[async_trait]
impl Messenger for NotificationLog {
    async fn tell(&self, message: &Message<'_>) -> Result<(), String> {
        let asked = message.request.spec();
        let mut people: Vec<&PersonName> = std::iter::once(&asked.requester).chain(&asked.owner).collect();
        people.sort();
        people.dedup();
        let recipients = people.into_iter().map(ToString::to_string).chain([String::from("channel")]);
        let sentence = message.notice.sentence(message.request);
        for recipient in recipients {
            let body = json!({ "notice": message.notice, "sentence": sentence });
            let key = format!("{}/{recipient}", message.key);
            let request = message.request.id().to_string();
            let notice = Notice { key, request, recipient, at: message.at, body };
            self.0.post(&notice).await.map_err(|error| error.to_string())?;
        }
        if message.notice.is_alarm() {
            tracing::error!(request = %message.request.id(), notice = sentence, "alarm");
        }
        Ok(())
    }
}
