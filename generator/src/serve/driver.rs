//! What the server drives: anything that does what is due when it is asked to.

use async_trait::async_trait;
use jiff::Timestamp;

/// Does what is due. Two replicas may ask at the same moment.
#[async_trait]
pub trait Driver: Send + Sync {
    /// Does what is due at `now`, as far as it can, and says what it could not.
    async fn tick(&self, now: Timestamp) -> Ticked;
}

/// What became of a tick.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ticked {
    /// How many steps and effects were done.
    pub done: usize,
    /// What could not be done, and is tried again.
    pub problems: Vec<Problem>,
    /// When the sweeper was last heard of, in the repository where that is longest ago; `None` where one never was.
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
