//! A change request for a forge that commits and merges by itself: which files it changes, what its branch holds, and what the
//! verifier says of the merge. Reading only. Not here: the forge.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use p0_access::change::FileChange;
use p0_access::verifier::{Finding, Judgement, Refusal, needs};
use p0_grant::name::GrantId;

use super::verifying::{Reviews, Rules};
use super::{ChangeRequest, Repository, Result, flatten};
use crate::git::{CommitId, Identity, MergeResult};

/// What a change request is on the base of now.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The head of base.
    pub base: CommitId,
    /// The files that it changes there; none where base is as it wants it.
    pub files: Vec<FileChange>,
    /// What its branch holds.
    pub branch: BranchContent,
}

/// What the branch of a change request holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BranchContent {
    /// There is none.
    Absent,
    /// This change and nothing else, at this commit.
    Own(CommitId),
    /// Something else, at this commit.
    Foreign(CommitId),
}

/// What the verifier says of a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeJudgement {
    /// It may be merged.
    Passed(Passed),
    /// It may be merged once it is reviewed.
    AwaitsReview(Vec<Finding>),
    /// It must not be merged.
    Refused(Vec<Finding>),
    /// It does not fit on base any more.
    Conflicts,
}

/// What a merge does that may be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Grants that it brings, extends or shortens.
    pub granted: BTreeSet<GrantId>,
    /// Grants that it removes.
    pub removed: BTreeSet<GrantId>,
}

impl Repository {
    /// What `request` is on the base of now.
    ///
    /// # Errors
    /// [`super::RepositoryError`] where the repository cannot be read, or the change cannot be made of what base holds.
    pub fn proposal(&self, request: &ChangeRequest) -> Result<Proposal> {
        let base = self.branch.head()?;
        let edits = |commit| self.edits(commit, &request.content);
        let files = self.branch.changed_files(base, &edits(base)?)?;
        let branch = match self.remote().tip(&request.branch)? {
            None => BranchContent::Absent,
            Some(tip) => match self.branch.holds_exactly(base, tip, edits).map_err(flatten)? {
                true => BranchContent::Own(tip),
                false => BranchContent::Foreign(tip),
            },
        };
        Ok(Proposal { base, files, branch })
    }

    /// What the verifier says of merging `tip` into the base of now, which is what the applier will see.
    ///
    /// # Errors
    /// [`super::RepositoryError`] where the repository cannot be read, which is no judgement and never a pass.
    pub fn judge_merge(
        &self,
        tip: CommitId,
        reviews: &Reviews,
        by: &Identity,
        now: Timestamp,
    ) -> Result<MergeJudgement> {
        let base = self.branch.head()?;
        let change = match self.remote().merge_result(base, tip)? {
            MergeResult::Merged(change) => change,
            MergeResult::Conflict(_) => return Ok(MergeJudgement::Conflicts),
            MergeResult::SeveralBases(_) => {
                let finding = Finding { path: ".".to_owned(), refusal: Refusal::SeveralBases };
                return Ok(MergeJudgement::Refused(vec![finding]));
            }
        };
        let findings = match self.verify_reviewed(Rules::of(base), &change, reviews, now)? {
            Judgement::Passed { added, extended, shortened, removed } => {
                let granted = added.into_iter().chain(extended).chain(shortened).collect();
                return Ok(MergeJudgement::Passed(Passed { granted, removed }));
            }
            Judgement::Refused(findings) => findings,
        };
        if let Some(restored) = self.restoration(base, by, now)?
            && let Some(merged) = self.branch.merge_of(base, tip, by)?
            && self.branch.is_same(restored, merged)?
        {
            return Ok(MergeJudgement::Passed(Passed::default()));
        }
        match findings.iter().all(|finding| finding.refusal.awaits_review()) {
            true => Ok(MergeJudgement::AwaitsReview(findings)),
            false => Ok(MergeJudgement::Refused(findings)),
        }
    }

    /// The grants that a branch brings or changes, each with the digest of its file there: what a review is about.
    ///
    /// # Errors
    /// [`super::RepositoryError`] where the repository cannot be read.
    pub fn grants_of(&self, tip: CommitId) -> Result<BTreeMap<GrantId, (String, Vec<u8>)>> {
        let base = self.branch.head()?;
        let change = self.remote().diff(self.remote().merge_base(base, tip)?, tip)?.files;
        let needs = needs(&change);
        let ids: BTreeSet<&GrantId> =
            needs.added.iter().chain(needs.changed.iter().map(|(_, id)| id)).collect();
        let mut grants = BTreeMap::new();
        for file in &change {
            let own = ids.iter().find(|id| file.path.ends_with(&format!("/{id}.yaml")));
            if let (Some(id), Some(after)) = (own, &file.after) {
                grants.insert((*id).clone(), (file.path.clone(), after.bytes.clone()));
            }
        }
        Ok(grants)
    }

    /// Whether `commit` holds these bytes at `path`. A commit that is not here holds nothing.
    ///
    /// # Errors
    /// [`super::RepositoryError`] where the repository cannot be read.
    pub fn commit_holds(&self, commit: &str, path: &str, bytes: &[u8]) -> Result<bool> {
        let Some(commit) = self.remote().find(commit) else { return Ok(false) };
        Ok(self.remote().read_file(commit, path)?.is_some_and(|file| file.bytes == bytes))
    }

    /// The tip of a pull request, wherever its branch is.
    ///
    /// # Errors
    /// [`super::RepositoryError`] where the repository cannot be asked.
    pub fn pull_head(&self, number: u64) -> Result<Option<CommitId>> {
        Ok(self.remote().pull_head(number)?)
    }
}
