//! What a push did to base: judged step by step, and taken out where it must not stand. Not here: who runs it.

use jiff::{SignedDuration, Timestamp};
use p0_access::change::FileChange;
use p0_access::layout::{PathKind, path_kind};
use p0_access::verifier::{Finding, Judgement};

use super::{Removal, RemovalReason, Repository, Result};
use crate::git::{CommitId, Identity};

/// How long after a push it may be judged as if it were then. A commit's own time is believed no further back.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);

/// What is wrong with a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Everything that speaks against it; empty where nothing does.
    pub findings: Vec<Finding>,
    /// What of it must not stand on base.
    pub removal: Removal,
    /// Whether base was moved to where the former head is not behind it.
    pub rewritten: bool,
}

impl Repository {
    /// Judges what moved base from `old` to `new`: each commit of the first-parent line by the files of the one before it, so
    /// that a policy counts from the commit after it.
    ///
    /// # Errors
    /// [`super::RepositoryError`] where the repository cannot be read, which is no judgement and never a pass.
    pub fn verify_push(&self, old: CommitId, new: CommitId, now: Timestamp) -> Result<Pushed> {
        let steps = self.remote().since(old, new)?;
        let removal = Removal::of([], RemovalReason::Tampered);
        let mut pushed = Pushed { findings: Vec::new(), removal, rewritten: steps.is_none() };
        let mut before = old;
        for (commit, at) in steps.unwrap_or_else(|| vec![(new, now)]) {
            let earliest = now.checked_sub(PATIENCE).unwrap_or(Timestamp::MIN);
            let change = self.remote().diff(before, commit)?;
            if let Judgement::Refused(findings) =
                self.verify_files(before, &change, at.clamp(earliest, now))?
            {
                pushed.findings.extend(findings);
                change.iter().for_each(|file| pushed.take_out(file));
            }
            before = commit;
        }
        Ok(pushed)
    }

    /// Takes out of base what a push brought that must not stand there; nothing where there is nothing.
    ///
    /// # Errors
    /// [`super::RepositoryError`]; base is where it was.
    pub fn undo(&self, pushed: &Pushed, by: &Identity, now: Timestamp) -> Result<Option<CommitId>> {
        if pushed.removal.is_empty() { Ok(None) } else { self.remove(&pushed.removal, by, now) }
    }
}

impl Pushed {
    /// Of a refused step everything goes that it brought to a grants folder: which part of it was meant well, nobody knows.
    fn take_out(&mut self, file: &FileChange) {
        if file.after.is_none() {
            return;
        }
        match path_kind(&file.path) {
            PathKind::Grant { cluster, id } => {
                self.removal.grants.entry(cluster).or_default().insert(id);
            }
            PathKind::ForeignToGrants => drop(self.removal.files.insert(file.path.clone())),
            PathKind::Kustomization(_) | PathKind::Sentinel(_) | PathKind::Elsewhere => {}
        }
    }
}
