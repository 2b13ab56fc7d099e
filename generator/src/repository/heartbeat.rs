//! The sweep's heartbeat: a note in Git that says when it last looked, and at which commit of base.
//!
//! The bot watches it: a sweep that has stopped is an alarm. The audit reads it too: a commit that was seen on base and is
//! not there any more means that base was rewritten. Not here: what a sweep does.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Repository, RepositoryError, Result};
use crate::git::{CommitId, Identity, Message};

/// The branch, and the only file on it.
const BRANCH: &str = "p0/heartbeat/sweep";
const FILE: &str = "heartbeat.json";

/// What the last sweep saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// When it looked.
    pub at: Timestamp,
    /// The head of base afterwards.
    pub base: String,
    /// How many grants it looked at.
    pub looked_at: usize,
    /// How many it removed.
    pub removed: usize,
}

impl Repository {
    /// The last sweep's heartbeat; nothing where there never was one.
    ///
    /// # Errors
    /// [`RepositoryError`] where it cannot be read.
    pub fn heartbeat(&self) -> Result<Option<Heartbeat>> {
        let Some(bytes) = self.branch.note(BRANCH, FILE)? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| RepositoryError::Unusable {
            path: format!("{FILE}` on `{BRANCH}"),
            problem: error.to_string(),
        })
    }

    pub(super) fn beat(&self, base: CommitId, looked_at: usize, removed: usize, by: &Identity) -> Result<()> {
        let heartbeat = Heartbeat { at: by.at, base: base.to_string(), looked_at, removed };
        let bytes = serde_json::to_vec(&heartbeat).unwrap_or_default();
        let message = Message { subject: format!("Sweep at {}", by.at), ..Message::default() };
        Ok(self.branch.put_note(BRANCH, FILE, &bytes, by, &message)?)
    }
}
