//! Telling people: one notice about a request, through a messenger. The embedded one keeps notices in the store.
//!
//! Not here: what happened (`p0_access::request`).

use async_trait::async_trait;
use jiff::Timestamp;
use p0_access::request::{Notice, Request};

mod log;

pub use log::NotificationLog;

/// Something to tell people.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// What makes telling it twice once.
    pub key: &'a str,
    /// About which request.
    pub request: &'a Request,
    /// What.
    pub notice: &'a Notice,
    /// When.
    pub at: Timestamp,
}

/// Tells people.
#[async_trait]
pub trait Messenger: Send + Sync {
    /// Tells whomever it concerns; twice is once.
    ///
    /// # Errors
    /// Why it could not be told; it is tried again.
    async fn tell(&self, message: &Message<'_>) -> Result<(), String>;
}
