//! The sweep's heartbeat: a note in Git that says when it last looked, and at which commit of base.
//!
//! The bot watches it: a sweep that has stopped is an alarm. It anchors the audit log too: a store that does not hold the line
//! that a sweep saw last was rewritten. The audit reads it too: a commit that was seen on base and is
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
    /// The head of base afterwards. Where base was rewritten it stays the last head before that, so that the audit goes on
    /// reporting it until a person deletes the branch.
    pub base: String,
    /// How many grants it looked at.
    pub looked_at: usize,
    /// How many it removed.
    pub removed: usize,
    /// The end of the audit log, as the last sweep saw it that could look at the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogHead>,
}

/// The last line of an audit log at some time: a log that does not hold it later was rewritten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogHead {
    /// Which line: so many there were.
    pub line: i64,
    /// Its hash.
    pub hash: String,
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

    /// Leaves the heartbeat. Where base was rewritten, the head that the last one saw stays; where this sweep did not look at the
    /// log, what the last one saw of it stays.
    pub(super) fn beat(
        &self,
        (base, rewritten): (CommitId, bool),
        (looked_at, removed): (usize, usize),
        log: Option<LogHead>,
        by: &Identity,
    ) -> Result<()> {
        // One that cannot be read must not keep the sweep from leaving another.
        let before = self.heartbeat().ok().flatten();
        let log = log.or_else(|| before.as_ref().and_then(|before| before.log.clone()));
        let seen = before.filter(|_| rewritten).map(|before| before.base);
        let base = seen.unwrap_or_else(|| base.to_string());
        let heartbeat = Heartbeat { at: by.at, base, looked_at, removed, log };
        let bytes = serde_json::to_vec(&heartbeat).unwrap_or_default();
        let message = Message { subject: format!("Sweep at {}", by.at), ..Message::default() };
        Ok(self.branch.put_note(BRANCH, FILE, &bytes, by, &message)?)
    }
}
