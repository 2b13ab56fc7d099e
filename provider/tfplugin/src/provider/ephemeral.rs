//! Ephemeral resources: things that live while Terraform runs, and are never kept.
//!
//! They are opened when a plan is made **and** when it is applied. When Terraform is interrupted it does not close them; the
//! server does, for those that are open when the process is told to end.

use std::time::SystemTime;

use async_trait::async_trait;

use super::{Call, Outcome};
use crate::schema::Schema;
use crate::value::Value;

/// What was opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The configuration with all that the provider sets.
    pub result: Value,
    /// What [`Ephemeral::renew`] and [`Ephemeral::close`] get.
    pub private: Vec<u8>,
    /// When it wants to be renewed.
    pub renew_at: Option<SystemTime>,
}

/// What was renewed.
#[derive(Clone, Debug)]
pub struct Renewed {
    /// What the next [`Ephemeral::renew`] gets; [`Ephemeral::close`] gets what was opened with.
    pub private: Vec<u8>,
    /// When it wants to be renewed again.
    pub renew_at: Option<SystemTime>,
}

/// A kind of ephemeral thing.
#[async_trait]
pub trait Ephemeral: Send + Sync {
    /// Its attributes.
    fn schema(&self) -> Schema;

    /// Looks at a configuration, several times and with unknown parts, which are never an error.
    async fn validate(&self, _call: &mut Call, _config: Value) -> Outcome<()> {
        Ok(())
    }

    /// Opens one.
    async fn open(&self, call: &mut Call, config: Value) -> Outcome<Opened>;

    /// Renews one. Asked only where [`Opened::renew_at`] is there.
    async fn renew(&self, _call: &mut Call, private: Vec<u8>) -> Outcome<Renewed> {
        Ok(Renewed { private, renew_at: None })
    }

    /// Closes one.
    async fn close(&self, call: &mut Call, private: Vec<u8>) -> Outcome<()>;
}
