//! Telling people: the teller sends each message of the outbox to its one recipient, through a messenger. The embedded messenger
//! keeps messages in the store. A site's own webhooks get every notice too, from a teller of their own: one that fails delays no
//! person's message.
//!
//! Not here: what happened and whom it concerns (`p0_access::request`).

use async_trait::async_trait;
use jiff::Timestamp;
use p0_access::request::{Delivery, Notice, Request};

mod log;
mod teller;
mod webhook;

pub use log::{AlsoLogged, NotificationLog};
pub use teller::Teller;
pub use webhook::{HookSecret, HookSecretError, Webhook, Webhooks};

/// One message to one recipient.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// What makes sending it twice one message.
    pub key: &'a str,
    /// About which request, as it is now.
    pub request: &'a Request,
    /// What happened.
    pub notice: &'a Notice,
    /// To whom, and what they see.
    pub delivery: &'a Delivery,
    /// How the outside calls the last message that the recipient got about the request, for editing it.
    pub previous: Option<&'a str>,
    /// When.
    pub at: Timestamp,
}

/// Sends messages.
#[async_trait]
pub trait Messenger: Send + Sync {
    /// Sends one message; twice is once. The answer is how the outside calls it, where it can be edited later.
    ///
    /// # Errors
    /// Why it could not be sent; it is tried again.
    async fn send(&self, message: &Message<'_>) -> Result<Option<String>, String>;
}
