//! Change requests on a plain Git remote: made, looked at, merged with one judgement for many, and closed.
//!
//! A branch that is called as ours and holds anything else than the change request says is stale or tampered with; it is made
//! anew, because the request is the authority and not the branch. Not here: what a change request holds, and why.

use std::collections::BTreeMap;

use jiff::Timestamp;
use p0_access::verifier::Finding;

use super::{ChangeRequest, Content, Repository, RepositoryError, Result, flatten};
use crate::git::{Change, CommitId, Ensured, GitError, Identity, Proposed};

/// What became of a change request that was to be merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// It was merged in this commit.
    Now(CommitId),
    /// Base had it before, at the latest in this commit.
    Before(CommitId),
    /// The verifier refuses it.
    Refused(Vec<Finding>),
}

/// Where a change request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its branch is there and not on base.
    Open,
    /// Its branch is there, and base has it, at the latest in this commit.
    OnBase(CommitId),
    /// There is no such branch.
    Absent,
}

impl Repository {
    /// Makes sure that the change request's branch holds exactly the change.
    ///
    /// # Errors
    /// [`RepositoryError`]; base is where it was.
    pub fn ensure(&self, request: &ChangeRequest, by: &Identity) -> Result<Ensured> {
        match self.ensure_unless_foreign(request, by) {
            Err(RepositoryError::Git(GitError::ForeignBranch(branch))) => {
                self.branch.delete(&branch)?;
                self.ensure_unless_foreign(request, by)
            }
            other => other,
        }
    }

    /// The same; a branch that holds something else stays as it is.
    pub(super) fn ensure_unless_foreign(&self, request: &ChangeRequest, by: &Identity) -> Result<Ensured> {
        let edits = |base| self.edits(base, &request.content);
        self.branch.ensure_change(&request.commit_by(by), edits).map_err(flatten)
    }

    /// Where the change request of `branch` stands.
    ///
    /// # Errors
    /// [`RepositoryError`] where the repository cannot be read.
    pub fn standing(&self, branch: &str) -> Result<Standing> {
        let Some(tip) = self.remote().tip(branch)? else { return Ok(Standing::Absent) };
        let head = self.branch.head()?;
        match self.remote().contains(head, tip)? {
            true => Ok(Standing::OnBase(head)),
            false => Ok(Standing::Open),
        }
    }

    /// Brings change requests to base, as far as the verifier lets them; one that is refused does not keep the others.
    /// Removals come first, each in a commit of its own, and need no branch; the branches of the others must be there.
    ///
    /// # Errors
    /// [`RepositoryError`] where the repository cannot be read or written; some may be merged, and none is half there.
    pub fn merge(
        &self,
        requests: &[ChangeRequest],
        by: &Identity,
        now: Timestamp,
    ) -> Result<BTreeMap<String, Merged>> {
        let mut outcomes = BTreeMap::new();
        for request in requests {
            if let Content::Removal(removal) = &request.content {
                let merged = match self.remove(removal, by)? {
                    Some(commit) => Merged::Now(commit),
                    None => Merged::Before(self.branch.head()?),
                };
                outcomes.insert(request.branch.clone(), merged);
            }
        }
        let head = self.branch.head()?;
        let mut waiting = Vec::new();
        for request in requests {
            match self.holds(head, &request.content)? {
                None => {}
                Some(true) => drop(outcomes.insert(request.branch.clone(), Merged::Before(head))),
                Some(false) => waiting.push(request),
            }
        }
        self.merge_waiting(waiting, by, now, &mut outcomes)?;
        Ok(outcomes)
    }

    /// Merges all at once, and again without those that are refused.
    fn merge_waiting(
        &self,
        mut waiting: Vec<&ChangeRequest>,
        by: &Identity,
        now: Timestamp,
        outcomes: &mut BTreeMap<String, Merged>,
    ) -> Result<()> {
        while !waiting.is_empty() {
            match self.merge_batch(&waiting, by, now) {
                Ok(commits) => outcomes.extend(commits),
                Err(RepositoryError::Refused(findings)) => {
                    let refused = blamed(&waiting, &findings);
                    waiting.retain(|request| !refused.contains_key(&request.branch));
                    let refused = refused.into_iter();
                    outcomes.extend(refused.map(|(branch, findings)| (branch, Merged::Refused(findings))));
                    continue;
                }
                Err(error) => return Err(error),
            }
            return Ok(());
        }
        Ok(())
    }

    fn merge_batch(
        &self,
        batch: &[&ChangeRequest],
        by: &Identity,
        now: Timestamp,
    ) -> Result<BTreeMap<String, Merged>> {
        let changes: Vec<Change> = batch.iter().map(|request| request.commit_by(by)).collect();
        let edits = |base, index: usize| match batch.get(index) {
            Some(request) => self.edits(base, &request.content),
            None => Ok(Vec::new()),
        };
        let judged = |proposed: Proposed| self.pass(proposed.base, proposed.head, now);
        let merged = self.branch.merge_many(&changes, edits, judged).map_err(flatten)?;
        Ok(merged.into_iter().map(|(branch, commit)| (branch, Merged::Now(commit))).collect())
    }

    /// Whether base has the very files of an addition; `None` for a removal.
    fn holds(&self, base: CommitId, content: &Content) -> Result<Option<bool>> {
        let has = |path: &str, bytes: &[u8]| {
            Ok::<_, RepositoryError>(
                self.remote().read_file(base, path)?.is_some_and(|file| file.bytes == *bytes),
            )
        };
        match content {
            Content::Removal(_) => Ok(None),
            Content::File { path, bytes } => has(path, bytes).map(Some),
            Content::Grants(files) => {
                for file in files {
                    if !has(&file.path(), &file.bytes)? {
                        return Ok(Some(false));
                    }
                }
                Ok(Some(true))
            }
        }
    }

    /// Deletes a change request's branch; whether there was one.
    ///
    /// # Errors
    /// [`RepositoryError`] where it cannot be deleted.
    pub fn close(&self, branch: &str) -> Result<bool> {
        Ok(self.branch.delete(branch)?)
    }
}

/// Which change requests the findings speak against; all, where none of them alone is to blame.
fn blamed(batch: &[&ChangeRequest], findings: &[Finding]) -> BTreeMap<String, Vec<Finding>> {
    let own = |request: &ChangeRequest| -> Vec<Finding> {
        findings.iter().filter(|finding| request.puts(&finding.path)).cloned().collect()
    };
    let blamed: BTreeMap<String, Vec<Finding>> = batch
        .iter()
        .map(|request| (request.branch.clone(), own(request)))
        .filter(|(_, own)| !own.is_empty())
        .collect();
    match blamed.is_empty() {
        true => batch.iter().map(|request| (request.branch.clone(), findings.to_vec())).collect(),
        false => blamed,
    }
}
