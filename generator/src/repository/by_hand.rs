//! `propose`, `merge` and `revert`: a grant without a request, brought to base and taken from it by a person's commands.
//!
//! The change requests are the ones that the reconciler makes. Not here: judging them.

use jiff::Timestamp;
use p0_access::layout::ClusterName;
use p0_grant::manifest::{Claims, Manifest};
use p0_grant::name::GrantId;

use super::change_request::{ChangeRequest, GrantFile, grant_branch};
use super::merging::Merged;
use super::verifying::{long_before, traces};
use super::{Removal, RemovalReason, Repository, RepositoryError, Result, manifest};
use crate::git::{CommitId, Ensured, GitError, Identity};

/// What became of a revert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reverted {
    /// The grant was on base, and base moved to this commit.
    Now(CommitId),
    /// The grant was proposed, and its branch is deleted.
    Withdrawn,
    /// The grant had gone before.
    Before,
}

impl Repository {
    /// Proposes a signed grant: a branch `p0/grant/<id>` with one commit.
    ///
    /// # Errors
    /// [`RepositoryError`]; nothing was written. A branch that holds something else stays as it is.
    pub fn propose_grant(
        &self,
        cluster: &ClusterName,
        manifest: &Manifest,
        by: &Identity,
    ) -> Result<Ensured> {
        let bytes = manifest.to_yaml()?.into_bytes();
        self.check_unused(manifest, cluster, &bytes)?;
        let id = manifest.claims().id.clone();
        let file = GrantFile { cluster: cluster.clone(), id, bytes };
        self.ensure_unless_foreign(&ChangeRequest::grant("Grant", manifest.claims(), file), by)
    }

    /// An id that ended never comes back; one that is live may be proposed again as it is.
    ///
    /// Only what happened since the grant was made is read, so that proposing stays quick in a long history; the
    /// verifier reads all of it.
    fn check_unused(&self, manifest: &Manifest, cluster: &ClusterName, bytes: &[u8]) -> Result<()> {
        let Claims { id, created_at, .. } = manifest.claims();
        let base = self.branch.head()?;
        match self.remote().read_file(base, &cluster.grant_path(id))? {
            Some(live) if live.bytes == bytes => return Ok(()),
            Some(_) => return Err(GitError::ForeignBranch(grant_branch(id)).into()),
            None => {}
        }
        match self.remote().used_since(base, long_before(*created_at), &traces([id]))?.is_empty() {
            true => Ok(()),
            false => Err(RepositoryError::Ended(id.clone())),
        }
    }

    /// Merges a proposed grant, judged on the head that it lands on; with what the grant says where it was proposed.
    ///
    /// # Errors
    /// [`RepositoryError::Refused`] with every finding; base is where it was.
    pub fn merge_grant(
        &self,
        cluster: &ClusterName,
        id: &GrantId,
        by: &Identity,
        now: Timestamp,
    ) -> Result<(Merged, Option<Claims>)> {
        let head = self.branch.head()?;
        let Some(tip) = self.remote().tip(&grant_branch(id))? else {
            return self.merged_before(cluster, id).map(|()| (Merged::Before(head), None));
        };
        if self.remote().contains(head, tip)? {
            // An old branch that base contains: its grant is live, or it has ended.
            self.merged_before(cluster, id)?;
            self.close(&grant_branch(id))?;
            return Ok((Merged::Before(head), None));
        }
        let path = cluster.grant_path(id);
        let file = self.remote().read_file(tip, &path)?.ok_or_else(|| self.no_grant(cluster, id))?;
        let manifest = manifest(&path, &file.bytes)?;
        let file = GrantFile { cluster: cluster.clone(), id: id.clone(), bytes: file.bytes };
        let request = ChangeRequest::grant("Merge grant", manifest.claims(), file);
        let merged = self.merge(std::slice::from_ref(&request), by, now)?.remove(&grant_branch(id));
        match merged {
            Some(Merged::Refused(findings)) => Err(RepositoryError::Refused(findings)),
            Some(merged) => Ok((merged, Some(manifest.into_claims()))),
            None => Err(self.no_grant(cluster, id)),
        }
    }

    fn merged_before(&self, cluster: &ClusterName, id: &GrantId) -> Result<()> {
        let base = self.branch.head()?;
        if self.remote().read_file(base, &cluster.grant_path(id))?.is_some() {
            return Ok(());
        }
        match self.remote().used(base, Timestamp::MAX, &traces([id]))?.is_empty() {
            true => Err(self.no_grant(cluster, id)),
            false => Err(RepositoryError::Ended(id.clone())),
        }
    }

    /// Removes a grant from base: exactly the paths that it added. One that is proposed and not merged is withdrawn.
    ///
    /// # Errors
    /// [`RepositoryError`]; base is where it was.
    pub fn revert_grant(&self, cluster: &ClusterName, id: &GrantId, by: &Identity) -> Result<Reverted> {
        let removal = Removal::of([(cluster.clone(), id.clone())], RemovalReason::Revoked);
        match self.remove(&removal, by)? {
            Some(commit) => Ok(Reverted::Now(commit)),
            None => self.withdraw(cluster, id),
        }
    }

    /// A grant that is not on base is proposed, has ended, or never was.
    fn withdraw(&self, cluster: &ClusterName, id: &GrantId) -> Result<Reverted> {
        if self.branch.delete(&grant_branch(id))? {
            return Ok(Reverted::Withdrawn);
        }
        match self.merged_before(cluster, id) {
            Ok(()) | Err(RepositoryError::Ended(_)) => Ok(Reverted::Before),
            Err(error) => Err(error),
        }
    }

    fn no_grant(&self, cluster: &ClusterName, id: &GrantId) -> RepositoryError {
        RepositoryError::NoGrant {
            id: id.clone(),
            cluster: cluster.clone(),
            base: self.branch.base().to_owned(),
        }
    }
}
