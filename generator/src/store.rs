//! The store: requests, what is still to be done for them, what was told to whom, and the audit log.
//!
//! One SQLite file, or a PostgreSQL database when several replicas run; both are spoken to in the same SQL. A step of a
//! request is one transaction: its new state if no other writer was quicker, its effects, and one line of the hash-chained
//! log. Values are kept as JSON. Not here: what a state or an effect means, and the clock.

use std::sync::Arc;

mod audit;
mod care;
mod database;
mod delivery;
mod error;
mod inspect;
mod location;
mod migrate;
mod notice;
mod open;
mod outbox;
mod outgoing;
mod request;

pub use audit::{AuditLine, Chain, GENESIS};
pub use error::StoreError;
pub use inspect::{Inspected, Schema};
pub use location::StoreLocation;
pub use notice::Notice;
pub use open::Alone;
pub use outbox::{Backlog, ClaimedEffect};
pub use request::{Advanced, Columns, Filter, NewEffect, NewStep, Stored, Urgency};

use database::Database;

/// A database that is open, and has this program's tables.
#[derive(Clone)]
pub struct Store {
    database: Database,
    location: Arc<StoreLocation>,
    held: Arc<outbox::Held>,
}

type Result<T> = std::result::Result<T, StoreError>;

impl Store {
    /// Where it is, without secrets.
    pub fn location(&self) -> &StoreLocation {
        &self.location
    }

    fn failed(&self) -> impl Fn(sqlx::Error) -> StoreError + '_ {
        |source| StoreError::at(&self.location, source)
    }
}
