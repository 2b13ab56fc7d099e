//! The GitOps repository: the design's files read from commits, and grants proposed, judged, merged, reverted.
//!
//! Not here: Git itself ([`crate::git`]), what is decided (`p0-access`), and anything that is printed.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use p0_access::change::Edit;
use p0_access::kustomization::{self, KustomizationError};
use p0_access::layout::ClusterName;
use p0_access::verifier::Finding;
use p0_grant::manifest::{Claims, Manifest, ManifestError};
use p0_grant::name::GrantId;

use crate::git::{
    AfterMerge, BaseBranch, BlobId, Change, CommitId, Ensured, GitError, Identity, MergeError, Merged,
    Message, Remote, Used,
};

mod auditing;
mod document;
mod heartbeat;
mod merging;
mod pushing;
mod removal;
mod snapshot;
mod sweeping;
mod verifying;

use document::chain;
use verifying::{long_before, traces};

pub use auditing::{Audit, Audited};
pub use document::FileProblem;
pub use heartbeat::Heartbeat;
pub use merging::{MergeOutcome, OnBase, Proposal};
pub use pushing::Pushed;
pub use removal::{Removal, RemovalReason};
pub use snapshot::BaseSnapshot;
pub use sweeping::{Ended, Swept};

/// A repository of the design's layout.
pub struct Repository {
    branch: BaseBranch,
    /// The SHA-256 of each grant file that was on base when it was last looked at.
    digests: RefCell<BTreeMap<BlobId, String>>,
    /// The last snapshot, from which the next one takes over what did not change.
    latest: RefCell<Option<Arc<BaseSnapshot>>>,
}

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

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// Git said no.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file of base that is missing, or cannot be used.
    #[error(transparent)]
    File(#[from] FileProblem),
    /// Another file that cannot be used.
    #[error("`{path}` cannot be used: {problem}")]
    Unusable {
        /// Which.
        path: String,
        /// Why not.
        problem: String,
    },
    /// The kustomization cannot take another line.
    #[error(transparent)]
    Kustomization(#[from] KustomizationError),
    /// A grant that cannot be written or read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// No such grant on base, and none was ever proposed.
    #[error("there is no grant `{id}` for `{cluster}`: neither on `{base}` nor proposed")]
    NoGrant {
        /// Which.
        id: GrantId,
        /// Of which cluster.
        cluster: ClusterName,
        /// The base branch.
        base: String,
    },
    /// The grant was on base and is gone.
    #[error("the grant `{0}` has ended: it was merged before and reverted")]
    Ended(GrantId),
    /// The judgement says no.
    #[error("refused: {} finding(s)", .0.len())]
    Refused(Vec<Finding>),
}

type Result<T> = std::result::Result<T, RepositoryError>;

impl Repository {
    /// The repository whose base is `branch`.
    pub fn new(branch: BaseBranch) -> Self {
        Self { branch, digests: RefCell::default(), latest: RefCell::default() }
    }

    /// The base branch.
    pub fn branch(&self) -> &BaseBranch {
        &self.branch
    }

    fn remote(&self) -> &Remote {
        self.branch.remote()
    }

    /// What base says now.
    ///
    /// # Errors
    /// [`RepositoryError`] where the repository cannot be read. A file that cannot be used is no error here.
    pub fn snapshot(&self) -> Result<Arc<BaseSnapshot>> {
        self.snapshot_at(self.branch.head()?)
    }

    /// What base said, or would say, at `commit`.
    fn snapshot_at(&self, commit: CommitId) -> Result<Arc<BaseSnapshot>> {
        let latest = self.latest.borrow().clone();
        if let Some(same) = latest.as_ref().filter(|snapshot| snapshot.commit() == commit) {
            return Ok(same.clone());
        }
        let taken = Arc::new(BaseSnapshot::take(self.remote(), commit, latest.as_deref())?);
        self.latest.replace(Some(taken.clone()));
        Ok(taken)
    }

    /// The grants of `cluster` on base, each with its id. One that cannot be read as a grant is an error in its place.
    ///
    /// # Errors
    /// [`RepositoryError`] where the repository cannot be read.
    pub fn grants(&self, cluster: &ClusterName) -> Result<Vec<(GrantId, Result<Manifest>)>> {
        let snapshot = self.snapshot()?;
        let read = |(id, blob): (&GrantId, BlobId)| {
            let bytes = self.remote().blob(blob)?;
            Ok((id.clone(), manifest(&cluster.grant_path(id), &bytes)))
        };
        snapshot.grants(cluster).map(read).collect()
    }

    /// Proposes a signed grant: a branch `p0/grant/<id>` with one commit.
    ///
    /// # Errors
    /// [`RepositoryError`]; nothing was written.
    pub fn propose(&self, cluster: &ClusterName, manifest: &Manifest, by: Identity) -> Result<Ensured> {
        let bytes = manifest.to_yaml()?.into_bytes();
        let id = &manifest.claims().id;
        self.check_unused(manifest, cluster, &bytes)?;
        let change =
            Change { branch: grant_branch(id), message: grant_message("Grant", manifest.claims()), by };
        let done = self.branch.ensure_change(&change, |base| self.addition(base, cluster, id, bytes.clone()));
        done.map_err(flatten)
    }

    /// An id that ended never comes back; one that is live may be proposed again as it is.
    ///
    /// Only what happened since the grant was made is read, so that proposing stays quick in a long history; the
    /// judgement reads all of it.
    fn check_unused(&self, manifest: &Manifest, cluster: &ClusterName, bytes: &[u8]) -> Result<()> {
        let Claims { id, created_at, .. } = manifest.claims();
        let base = self.branch.head()?;
        match self.remote().read_file(base, &cluster.grant_path(id))? {
            Some(live) if live.bytes == bytes => return Ok(()),
            Some(_) => return Err(GitError::ForeignBranch(grant_branch(id)).into()),
            None => {}
        }
        let (folder, since) = (cluster.grants_folder(), long_before(*created_at));
        match self.remote().used_since(base, &[folder], since, &traces([id]))? {
            none if none == Used::default() => Ok(()),
            _ => Err(RepositoryError::Ended(id.clone())),
        }
    }

    /// Merges a proposed grant, judged on the head that it lands on.
    ///
    /// # Errors
    /// [`RepositoryError::Refused`] with every finding; base is where it was.
    pub fn merge(
        &self,
        cluster: &ClusterName,
        id: &GrantId,
        by: Identity,
        now: Timestamp,
    ) -> Result<(Merged, Option<Claims>)> {
        let branch = grant_branch(id);
        let path = cluster.grant_path(id);
        let Some(tip) = self.remote().tip(&branch)? else {
            return self.merged_before(cluster, id).map(|()| (Merged::Before, None));
        };
        let file = self.remote().read_file(tip, &path)?.ok_or_else(|| self.no_grant(cluster, id))?;
        let manifest = manifest(&path, &file.bytes)?;
        let message = grant_message("Merge grant", manifest.claims());
        let change = Change { branch, message, by };
        let edits = |base, _| self.addition(base, cluster, id, file.bytes.clone());
        let judged = |proposed: crate::git::Proposed| self.pass(proposed.base, proposed.head, now);
        let merged = self.branch.merge(&change, AfterMerge::DeleteBranch, edits, judged).map_err(flatten)?;
        if merged == Merged::Before {
            // An old branch that base contains: its grant is live, or it has ended.
            self.merged_before(cluster, id)?;
        }
        Ok((merged, Some(manifest.claims().clone())))
    }

    fn merged_before(&self, cluster: &ClusterName, id: &GrantId) -> Result<()> {
        let base = self.branch.head()?;
        if self.remote().read_file(base, &cluster.grant_path(id))?.is_some() {
            return Ok(());
        }
        match self.remote().used(base, &[], Timestamp::MAX, &traces([id]))? {
            none if none == Used::default() => Err(self.no_grant(cluster, id)),
            _ => Err(RepositoryError::Ended(id.clone())),
        }
    }

    /// Removes a grant from base: exactly the paths that it added. One that is proposed and not merged is withdrawn.
    ///
    /// # Errors
    /// [`RepositoryError`]; base is where it was.
    pub fn revert(
        &self,
        cluster: &ClusterName,
        id: &GrantId,
        by: Identity,
        now: Timestamp,
    ) -> Result<Reverted> {
        if self.remote().read_file(self.branch.head()?, &cluster.grant_path(id))?.is_none() {
            return self.withdraw(cluster, id);
        }
        let trailers = vec![("Request-Id", id.to_string())];
        let message = Message { subject: format!("Revert grant {id}"), body: String::new(), trailers };
        let change = Change { branch: format!("p0/revoke/{id}"), message, by };
        let removal = |base| self.removal(base, cluster, id);
        self.branch.ensure_change(&change, removal).map_err(flatten)?;
        let judged = |proposed: crate::git::Proposed| self.pass(proposed.base, proposed.head, now);
        let merged = self.branch.merge(&change, AfterMerge::DeleteBranch, |base, _| removal(base), judged);
        match merged.map_err(flatten)? {
            Merged::Now(commit) => Ok(Reverted::Now(commit)),
            Merged::Before => Ok(Reverted::Before),
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

    fn addition(
        &self,
        base: CommitId,
        cluster: &ClusterName,
        id: &GrantId,
        bytes: Vec<u8>,
    ) -> Result<Vec<Edit>> {
        let mut edits = vec![Edit::Put { path: cluster.grant_path(id), bytes }];
        edits.extend(self.kustomization(base, cluster, &[id.clone()].into(), &BTreeSet::new())?);
        Ok(edits)
    }

    fn removal(&self, base: CommitId, cluster: &ClusterName, id: &GrantId) -> Result<Vec<Edit>> {
        let mut edits = vec![Edit::Delete { path: cluster.grant_path(id) }];
        edits.extend(self.kustomization(base, cluster, &BTreeSet::new(), &[id.clone()].into())?);
        Ok(edits)
    }

    fn kustomization(
        &self,
        base: CommitId,
        cluster: &ClusterName,
        added: &BTreeSet<GrantId>,
        removed: &BTreeSet<GrantId>,
    ) -> Result<Option<Edit>> {
        let path = cluster.kustomization_path();
        let text = self.remote().read_file(base, &path)?.and_then(|file| String::from_utf8(file.bytes).ok());
        let Some(text) = text else { return Ok(None) };
        let bytes = kustomization::edit(&text, added, removed)?.into_bytes();
        Ok(Some(Edit::Put { path, bytes }))
    }

    fn no_grant(&self, cluster: &ClusterName, id: &GrantId) -> RepositoryError {
        RepositoryError::NoGrant {
            id: id.clone(),
            cluster: cluster.clone(),
            base: self.branch.base().to_owned(),
        }
    }
}

/// The branch that proposes a grant: the key that makes proposing twice one change.
pub fn grant_branch(id: &GrantId) -> String {
    format!("p0/grant/{id}")
}

/// What a grant's commits say; the trailers are for reading, the signature is the evidence.
fn grant_message(verb: &str, claims: &Claims) -> Message {
    let mut trailers = vec![("Request-Id", claims.id.to_string())];
    if let Some(flow) = &claims.workflow {
        trailers.push(("Requested-by", flow.requester.clone()));
        trailers.extend(flow.approvers.iter().map(|approver| ("Approved-by", approver.clone())));
        trailers.extend(flow.policy_rule.iter().map(|rule| ("Policy-rule", rule.clone())));
    }
    trailers.push(("Expires-at", claims.expires_at.to_string()));
    let subject = format!("{verb}: {} on {} to {}", claims.role, claims.selection, claims.subject);
    Message { subject, body: String::new(), trailers }
}

fn flatten(error: MergeError<RepositoryError>) -> RepositoryError {
    match error {
        MergeError::Git(error) => error.into(),
        MergeError::Refused(error) => error,
    }
}

/// The grant in a file.
fn manifest(path: &str, bytes: &[u8]) -> Result<Manifest> {
    let unusable = |problem| RepositoryError::Unusable { path: path.to_owned(), problem };
    let text = std::str::from_utf8(bytes).map_err(|_| unusable("it is not UTF-8 text".to_owned()))?;
    Manifest::read(text).map_err(|error| unusable(chain(&error)))
}
