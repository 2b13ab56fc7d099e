//! What one round of reconciling is asked for, and what it reports.

use async_trait::async_trait;
use jiff::Timestamp;

/// Does what is due. Two replicas may call it at the same moment.
#[async_trait]
pub trait Reconcile: Send + Sync {
    /// Does what is due at `now` as far as it can, and reports what it could not do.
    async fn reconcile(&self, now: Timestamp) -> RoundReport;
}

/// What a round did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoundReport {
    /// How many steps and effects were done.
    pub done: usize,
    /// What could not be done, and is tried again.
    pub problems: Vec<Problem>,
    /// When the sweep last ran, in the repository where that is longest ago; `None` where it never ran in one.
    pub swept: Option<Timestamp>,
}

/// Something that could not be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What.
    pub what: String,
    /// Why not, without secrets.
    pub why: String,
}
