//! The branch of a change request: made with its commit in one call, and made anew where it holds anything else.

use super::PullRequestForge;
use crate::forge::ForgeError;
use crate::forge::host::{HostError, HostProblem, NewBranch, OnExistingBranch};
use crate::repository::{BranchContent, ChangeRequest, Proposal};

/// How often a branch that somebody else moves at the same time is tried again.
const TRIES: usize = 4;

/// What became of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Branch {
    /// It holds the change, as it did before.
    Kept,
    /// It was made.
    Made,
    /// It held something else, and was made anew.
    Remade,
}

impl PullRequestForge {
    /// What a change request is on the base of now.
    pub(super) async fn proposal(&self, change: &ChangeRequest) -> Result<Proposal, ForgeError> {
        let change = change.clone();
        self.mirror.run(move |repository| repository.proposal(&change)).await
    }

    /// Makes sure that the branch holds exactly the change.
    pub(super) async fn ensure_branch(
        &self,
        change: &ChangeRequest,
        mut proposal: Proposal,
    ) -> Result<Branch, ForgeError> {
        let mut tries = 0;
        loop {
            let existing = match proposal.branch {
                _ if proposal.files.is_empty() => return Ok(Branch::Kept),
                BranchContent::Own(_) => return Ok(Branch::Kept),
                BranchContent::Absent => OnExistingBranch::Keep,
                BranchContent::Foreign(_) => OnExistingBranch::Replace,
            };
            match self.write_branch(change, &proposal, existing).await {
                Ok(()) if existing == OnExistingBranch::Replace => return Ok(Branch::Remade),
                Ok(()) => return Ok(Branch::Made),
                // Somebody was quicker, or base has moved: what is there now decides.
                Err(HostError { problem: HostProblem::Invalid | HostProblem::Conflict, .. })
                    if tries < TRIES =>
                {
                    tries += 1;
                    proposal = self.proposal(change).await?;
                }
                Err(error) => return Err(self.lost(error)),
            }
        }
    }

    /// Writes the branch on the head of base.
    pub(super) async fn write_branch(
        &self,
        change: &ChangeRequest,
        proposal: &Proposal,
        existing: OnExistingBranch,
    ) -> Result<(), HostError> {
        let branch = NewBranch {
            base: &self.base,
            base_head: proposal.base,
            name: &change.branch,
            message: &change.message,
            files: &proposal.files,
            existing,
        };
        self.host.write_branch(&branch).await
    }
}
