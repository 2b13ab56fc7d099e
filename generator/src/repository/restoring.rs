//! The last good state of the grants folders and of owned files, put back: after a push, in every round of the server, and in every sweep.
//!
//! A grant that was changed or added past the verifier goes; the sentinel and the list of files come back as they were.
//! Nothing that has gone comes back. Not here: what is wrong ([`super::inspecting`], [`super::pushing`]).

use jiff::Timestamp;
use p0_access::change::Edit;
use p0_access::verifier::Finding;

use super::{Moved, Pushed, RemovalReason, Repository, Result, flatten};
use crate::git::{CommitId, Identity, Message};

/// What was found on base, and what became of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Everything that must not stand there.
    pub findings: Vec<Finding>,
    /// The commit that puts it right, where something had to be.
    pub commit: Option<CommitId>,
    /// Whether base was moved to where a head that was seen before is not on its line.
    pub rewritten: bool,
}

/// What a forge that moves base itself has to bring there.
#[derive(Clone, Debug, Default)]
pub struct Restoration {
    /// What was found.
    pub restored: Restored,
    /// The commit that puts it right, where something has to be.
    pub commit: Option<CommitId>,
    /// What that commit says.
    pub message: Message,
}

impl Repository {
    /// Judges what came to base since it was last found good, looks into its grants folders, and puts right what must not
    /// stand there. The last good state is the one that this value saw, or else the sweep's heartbeat.
    ///
    /// # Errors
    /// [`super::RepositoryError`] where the repository cannot be read or written.
    pub fn restore(&self, by: &Identity, now: Timestamp) -> Result<Restored> {
        match self.pushed_since_good(now)? {
            None => Ok(Restored::default()),
            Some(pushed) => self.put_right(&pushed, by, now),
        }
    }

    /// The same for a forge that moves base itself: nothing is moved, and the commit that puts it right is on no branch.
    ///
    /// # Errors
    /// [`super::RepositoryError`] where the repository cannot be read.
    pub fn plan_restoration(&self, by: &Identity, now: Timestamp) -> Result<Restoration> {
        let Some(pushed) = self.pushed_since_good(now)? else { return Ok(Restoration::default()) };
        let head = self.branch.head()?;
        let (findings, message, edits) = self.plan(head, &pushed)?;
        let restored = Restored { findings, commit: None, rewritten: pushed.rewritten };
        let commit = self.branch.commit_on(head, by, &message, &edits)?;
        if commit.is_none() {
            self.found_good(head, now);
        }
        Ok(Restoration { restored, commit, message })
    }

    /// Base is good at `commit`.
    pub fn found_good(&self, commit: CommitId, now: Timestamp) {
        self.good.set(Some((commit, now)));
    }

    /// The commit that would put `base` right; `None` where nothing has to be.
    pub(super) fn restoration(
        &self,
        base: CommitId,
        by: &Identity,
        now: Timestamp,
    ) -> Result<Option<CommitId>> {
        let pushed = self.pushed_since_good(now)?.unwrap_or_else(Pushed::nothing);
        let (_, message, edits) = self.plan(base, &pushed)?;
        Ok(self.branch.commit_on(base, by, &message, &edits)?)
    }

    /// What a push since base was last found good did; `None` where there was none.
    fn pushed_since_good(&self, now: Timestamp) -> Result<Option<Pushed>> {
        let head = self.branch.head()?;
        let pushed = match self.good.get() {
            Some((commit, _)) if commit == head => return Ok(None),
            Some((commit, at)) => self.verify_push((commit, head), Moved::SinceLastLook, at, now)?,
            // A heartbeat that cannot be read says nothing, and must not keep what is wrong where it is.
            None => match self.heartbeat().ok().flatten() {
                None => Pushed::nothing(),
                Some(beat) => match self.remote().resolve(&beat.base) {
                    Ok(commit) => self.verify_push((commit, head), Moved::SinceLastLook, beat.at, now)?,
                    Err(_) => Pushed { rewritten: true, ..Pushed::nothing() },
                },
            },
        };
        Ok(Some(pushed))
    }

    /// Puts right what a push brought that must not stand on base, and whatever else must not stand in its grants folders.
    ///
    /// # Errors
    /// [`super::RepositoryError`]; base is where it was.
    pub fn put_right(&self, pushed: &Pushed, by: &Identity, now: Timestamp) -> Result<Restored> {
        let head = self.branch.head()?;
        let (findings, message, edits) = self.plan(head, pushed)?;
        let mut restored = Restored { findings, commit: None, rewritten: pushed.rewritten };
        if !edits.is_empty() {
            let edits = |base| self.plan(base, pushed).map(|(_, _, edits)| edits);
            // It takes away by construction, so the state that it starts from is no reason to refuse it.
            restored.commit = self.branch.land(by, &message, edits, |_| Ok(())).map_err(flatten)?;
        }
        self.found_good(restored.commit.unwrap_or(head), now);
        Ok(restored)
    }

    /// What is wrong on `base`, and what puts it right.
    fn plan(&self, base: CommitId, pushed: &Pushed) -> Result<(Vec<Finding>, Message, Vec<Edit>)> {
        let inspection = self.inspect(base, pushed.trusted.unwrap_or(base), &pushed.removal.grants)?;
        let mut findings = pushed.findings.clone();
        findings.extend(inspection.findings);
        findings.sort();
        findings.dedup();
        let mut trailers: Vec<_> = inspection.gone.iter().map(|id| ("Request-Id", id.to_string())).collect();
        trailers.push(("Reason", RemovalReason::Tampered.as_str().to_owned()));
        let subject = "Restore the last good state of grants folders and owned files".to_owned();
        let message = Message { subject, body: String::new(), trailers };
        // What owners agreed to is put back last: what else the edits make of it is of the state that it replaces.
        let edits = pushed.take_foreign().chain(inspection.edits).chain(pushed.put_back()).collect();
        Ok((findings, message, edits))
    }
}
