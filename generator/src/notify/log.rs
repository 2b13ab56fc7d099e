//! The messenger that keeps messages in the store, for `show`, `watch` and the status page.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;

use super::{Message, Messenger};
use crate::store::{Notice, Store};

/// Messages in the store.
pub struct NotificationLog(Store);

impl NotificationLog {
    /// The messages of `store`.
    pub fn new(store: Store) -> Self {
        Self(store)
    }
}

#[async_trait]
impl Messenger for NotificationLog {
    async fn send(&self, message: &Message<'_>) -> Result<Option<String>, String> {
        let sentence = message.notice.sentence(message.request);
        let notice = Notice {
            key: message.key.to_owned(),
            request: message.request.id().to_string(),
            recipient: message.delivery.recipient.to_string(),
            at: message.at,
            body: json!({ "notice": message.notice, "sentence": sentence }),
        };
        self.0.post(&notice).await.map_err(|error| error.to_string())?;
        Ok(None)
    }
}

/// Another messenger, whose messages are kept in the store as well.
pub struct AlsoLogged {
    log: Arc<NotificationLog>,
    outside: Arc<dyn Messenger>,
}

impl AlsoLogged {
    /// `outside`, kept in `log`.
    pub fn new(log: Arc<NotificationLog>, outside: Arc<dyn Messenger>) -> Self {
        Self { log, outside }
    }
}

#[async_trait]
impl Messenger for AlsoLogged {
    async fn send(&self, message: &Message<'_>) -> Result<Option<String>, String> {
        // First: what the outside does not take for hours can be read here at once.
        self.log.send(message).await?;
        self.outside.send(message).await
    }
}
