//! Messages: posted, edited, or shown to one user alone.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{SlackError, Web};
use crate::block::{Block, fitting};
use crate::limits;
use crate::text::{cut, is_id, visible};

/// A message within Slack's limits.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// What notifications and screen readers say.
    text: String,
    blocks: Vec<Block>,
    unfurl_links: bool,
    unfurl_media: bool,
}

/// Where a message is: what edits it later.
///
/// ```
/// use slack_client::MessageAddress;
///
/// let address: MessageAddress = "C0123/1735689600.000100".parse().unwrap();
/// assert_eq!(address.to_string(), "C0123/1735689600.000100");
/// assert!("C0123".parse::<MessageAddress>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
pub struct MessageAddress {
    /// The channel.
    pub channel: String,
    /// The time, which is the message's name in its channel.
    pub ts: String,
}

/// A text that is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message's address is written as `CHANNEL/TIME`")]
pub struct NoAddress;

impl Message {
    /// A message. `text` is what notifications say; where not all blocks fit, `rest` leads to the whole.
    pub fn new(text: impl AsRef<str>, blocks: Vec<Block>, rest: Option<&str>) -> Self {
        let blocks = fitting(blocks, limits::MESSAGE_BLOCKS, rest);
        // Notifications show it as it is: there, too, nothing that people wrote is markup.
        let text = crate::text::Markup::new().plain(visible(text.as_ref())).to_string();
        Self { text: cut(&text, limits::FALLBACK), blocks, unfurl_links: false, unfurl_media: false }
    }
}

impl Web {
    /// Posts a message into a channel (`chat.postMessage`).
    ///
    /// # Errors
    /// [`SlackError`]. After a lost answer the message may be there.
    pub async fn post(&self, channel: &str, message: &Message) -> Result<MessageAddress, SlackError> {
        self.call("chat.postMessage", &addressed(message, &[("channel", channel)])?).await
    }

    /// Replies to a message in its thread, so that the channel sees it too (`chat.postMessage` with `thread_ts`).
    ///
    /// # Errors
    /// [`SlackError`]. After a lost answer the reply may be there.
    pub async fn reply(&self, to: &MessageAddress, message: &Message) -> Result<(), SlackError> {
        let mut body = addressed(message, &[("channel", &to.channel), ("thread_ts", &to.ts)])?;
        if let Some(fields) = body.as_object_mut() {
            fields.insert("reply_broadcast".to_owned(), json!(true));
        }
        let _there: serde::de::IgnoredAny = self.call("chat.postMessage", &body).await?;
        Ok(())
    }

    /// Replaces a message (`chat.update`).
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn edit(&self, at: &MessageAddress, message: &Message) -> Result<(), SlackError> {
        let body = addressed(message, &[("channel", &at.channel), ("ts", &at.ts)])?;
        let _same: serde::de::IgnoredAny = self.call("chat.update", &body).await?;
        Ok(())
    }

    /// Shows a message to one user in a channel (`chat.postEphemeral`).
    ///
    /// # Errors
    /// [`SlackError`].
    pub async fn whisper(&self, channel: &str, user: &str, message: &Message) -> Result<(), SlackError> {
        let body = addressed(message, &[("channel", channel), ("user", user)])?;
        let _shown: serde::de::IgnoredAny = self.call("chat.postEphemeral", &body).await?;
        Ok(())
    }
}

fn addressed(message: &Message, to: &[(&str, &str)]) -> Result<serde_json::Value, SlackError> {
    let unreadable = |_| SlackError::Unreadable { method: "chat" };
    let mut body = serde_json::to_value(message).map_err(unreadable)?;
    if let Some(fields) = body.as_object_mut() {
        fields.extend(to.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
    }
    Ok(body)
}

impl fmt::Display for MessageAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.channel, self.ts)
    }
}

impl FromStr for MessageAddress {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        let (channel, ts) = text.split_once('/').ok_or(NoAddress)?;
        let is_time = !ts.is_empty() && ts.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        match is_id(channel) && is_time {
            true => Ok(Self { channel: channel.to_owned(), ts: ts.to_owned() }),
            false => Err(NoAddress),
        }
    }
}
