//! The forge that is a plain Git remote: a change request is a branch, and merging it is a merge commit that the verifier passes.
//!
//! It has no checks to wait for and no place for comments.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{ChangeStatus, Forge, ForgeError, MergeOutcome, Mirror, Opened, sentence};
use crate::git::Identity;
use crate::repository::{ChangeRequest, Content, Merged, Restored, Standing};

/// Change requests as branches of a plain Git remote.
pub struct GitForge {
    mirror: Mirror,
    name: String,
    email: String,
}

impl GitForge {
    /// The repository of `mirror`, in which `name` commits.
    pub fn new(mirror: Mirror, name: impl Into<String>, email: impl Into<String>) -> Self {
        Self { mirror, name: name.into(), email: email.into() }
    }

    fn by(&self, at: Timestamp) -> Identity {
        Identity { name: self.name.clone(), email: self.email.clone(), at }
    }
}

#[async_trait]
impl Forge for GitForge {
    async fn ensure(&self, change: &ChangeRequest, now: Timestamp) -> Result<Opened, ForgeError> {
        // A removal waits for no branch.
        if !matches!(change.content, Content::Removal(_)) {
            let (change, by) = (change.clone(), self.by(now));
            self.mirror.run(move |repository| repository.ensure(&change, &by).map(drop)).await?;
        }
        Ok(Opened::default())
    }

    async fn status(&self, branch: &str) -> Result<ChangeStatus, ForgeError> {
        let branch = branch.to_owned();
        let standing = self.mirror.run(move |repository| repository.standing(&branch)).await?;
        Ok(match standing {
            Standing::Open => ChangeStatus::Open,
            Standing::OnBase(commit) => ChangeStatus::Merged { commit: commit.to_string() },
            Standing::Absent => ChangeStatus::Absent,
        })
    }

    async fn merge(
        &self,
        changes: &[ChangeRequest],
        now: Timestamp,
    ) -> Result<BTreeMap<String, MergeOutcome>, ForgeError> {
        let (changes, by) = (changes.to_vec(), self.by(now));
        let merged = self.mirror.run(move |repository| repository.merge(&changes, &by, now)).await?;
        Ok(merged.into_iter().map(|(branch, merged)| (branch, outcome(merged))).collect())
    }

    async fn close(&self, branch: &str) -> Result<(), ForgeError> {
        let branch = branch.to_owned();
        self.mirror.run(move |repository| repository.close(&branch).map(drop)).await
    }

    async fn comment(&self, branch: &str, text: &str) -> Result<(), ForgeError> {
        tracing::info!(branch, text, "a plain Git remote has no place for comments");
        Ok(())
    }

    async fn restore(&self, now: Timestamp) -> Result<Restored, ForgeError> {
        let by = self.by(now);
        self.mirror.run(move |repository| repository.restore(&by, now)).await
    }
}

fn outcome(merged: Merged) -> MergeOutcome {
    match merged {
        Merged::Now(commit) | Merged::Before(commit) => MergeOutcome::Merged { commit: commit.to_string() },
        Merged::Refused(findings) => MergeOutcome::Refused { why: findings.iter().map(sentence).collect() },
    }
}
