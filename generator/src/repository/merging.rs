//! Landing what requests want: proposals opened, and many of them merged with one judgement.
//!
//! A branch that is called as ours and holds anything else than what the request says is stale or meddled with; it is made
//! anew, because the request is the authority and not the branch. Not here: what a proposal holds, and why.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use p0_access::change::Edit;
use p0_access::digest::sha256;
use p0_access::layout::ClusterName;
use p0_access::verifier::Finding;
use p0_grant::name::GrantId;

use super::{Repository, RepositoryError, Result, flatten};
use crate::git::{Change, CommitId, GitError, Identity, MergeError, Message, Proposed};

/// Grant files that come to base together or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The branch that proposes them.
    pub branch: String,
    /// What the commits say.
    pub message: Message,
    /// The files.
    pub files: Vec<(ClusterName, GrantId, Vec<u8>)>,
}

/// What became of a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeOutcome {
    /// It landed in this commit.
    Merged(CommitId),
    /// It was on base before, at the latest in this commit.
    Before(CommitId),
    /// The judgement says no; its branch is gone.
    Refused(Vec<Finding>),
}

/// The grant files on base, by their digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnBase {
    /// The commit that was read.
    pub commit: CommitId,
    /// The clusters that it has.
    pub clusters: BTreeSet<ClusterName>,
    /// The SHA-256 of each file.
    pub files: BTreeMap<(ClusterName, GrantId), String>,
}

impl Repository {
    /// Makes sure that the proposal's branch holds exactly the proposal.
    ///
    /// # Errors
    /// [`RepositoryError`]; base is where it was.
    pub fn open(&self, proposal: &Proposal, by: &Identity) -> Result<()> {
        let change = proposal.change(by);
        let ensure =
            || self.branch.ensure_change(&change, |base| self.additions(base, proposal)).map_err(flatten);
        match ensure() {
            Err(RepositoryError::Git(GitError::ForeignBranch(branch))) => {
                self.branch.delete(&branch)?;
                ensure().map(drop)
            }
            other => other.map(drop),
        }
    }

    /// Brings proposals to base, as far as the judgement lets them; one that is refused does not keep the others.
    ///
    /// # Errors
    /// [`RepositoryError`] where the repository cannot be read or written; some may have landed, and none is half there.
    pub fn land(&self, proposals: &[Proposal], by: &Identity, now: Timestamp) -> Result<Vec<MergeOutcome>> {
        let head = self.branch.head()?;
        let mut outcomes: BTreeMap<usize, MergeOutcome> = BTreeMap::new();
        let mut waiting: Vec<usize> = Vec::new();
        for (index, proposal) in proposals.iter().enumerate() {
            match self.holds(head, proposal)? {
                true => drop(outcomes.insert(index, MergeOutcome::Before(head))),
                false => {
                    self.open(proposal, by)?;
                    waiting.push(index);
                }
            }
        }
        while !waiting.is_empty() {
            let batch: Vec<&Proposal> = waiting.iter().filter_map(|index| proposals.get(*index)).collect();
            match self.merge_batch(&batch, by, now) {
                Ok(commits) => {
                    outcomes.extend(
                        waiting
                            .drain(..)
                            .zip(commits)
                            .map(|(index, commit)| (index, MergeOutcome::Merged(commit))),
                    );
                }
                Err(RepositoryError::Refused(findings)) => {
                    let refused = blamed(&batch, &findings);
                    for (place, findings) in refused.iter().rev() {
                        let index = waiting.remove(*place);
                        if let Some(proposal) = proposals.get(index) {
                            self.branch.delete(&proposal.branch)?;
                        }
                        outcomes.insert(index, MergeOutcome::Refused(findings.clone()));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(outcomes.into_values().collect())
    }

    fn merge_batch(&self, batch: &[&Proposal], by: &Identity, now: Timestamp) -> Result<Vec<CommitId>> {
        let changes: Vec<Change> = batch.iter().map(|proposal| proposal.change(by)).collect();
        let edits = |base, index: usize| match batch.get(index) {
            Some(proposal) => self.additions(base, proposal),
            None => Ok(Vec::new()),
        };
        let judged = |proposed: Proposed| self.pass(proposed.base, proposed.head, now);
        self.branch.merge_many(&changes, edits, judged).map_err(flatten)
    }

    /// Whether base has the proposal's very files.
    fn holds(&self, base: CommitId, proposal: &Proposal) -> Result<bool> {
        for (cluster, id, bytes) in &proposal.files {
            let there = self.remote().read_file(base, &cluster.grant_path(id))?;
            if there.is_none_or(|file| file.bytes != *bytes) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn additions(&self, base: CommitId, proposal: &Proposal) -> Result<Vec<Edit>> {
        let mut edits = Vec::new();
        let mut added: BTreeMap<&ClusterName, BTreeSet<GrantId>> = BTreeMap::new();
        for (cluster, id, bytes) in &proposal.files {
            let path = cluster.grant_path(id);
            if self.remote().read_file(base, &path)?.is_none() {
                added.entry(cluster).or_default().insert(id.clone());
            }
            edits.push(Edit::Put { path, bytes: bytes.clone() });
        }
        for (cluster, ids) in added {
            edits.extend(self.kustomization(base, cluster, &ids, &BTreeSet::new())?);
        }
        Ok(edits)
    }

    /// Deletes a proposal's branch; whether there was one.
    ///
    /// # Errors
    /// [`RepositoryError`] where it cannot be deleted.
    pub fn close(&self, branch: &str) -> Result<bool> {
        Ok(self.branch.delete(branch)?)
    }

    /// Whether a proposal's branch is there.
    ///
    /// # Errors
    /// [`RepositoryError`] where the repository cannot be asked.
    pub fn is_open(&self, branch: &str) -> Result<bool> {
        Ok(self.remote().tip(branch)?.is_some())
    }

    /// The grant files that base has.
    ///
    /// # Errors
    /// [`RepositoryError`] where it cannot be read.
    pub fn on_base(&self) -> Result<OnBase> {
        let snapshot = self.snapshot()?;
        let (mut files, mut digests) = (BTreeMap::new(), BTreeMap::new());
        for cluster in snapshot.clusters() {
            for (id, blob) in snapshot.grants(cluster) {
                let known = self.digests.borrow().get(&blob).cloned();
                let digest = match known {
                    Some(digest) => digest,
                    None => sha256(&self.remote().blob(blob)?),
                };
                digests.insert(blob, digest.clone());
                files.insert((cluster.clone(), id.clone()), digest);
            }
        }
        self.digests.replace(digests);
        let clusters = snapshot.clusters().cloned().collect();
        Ok(OnBase { commit: snapshot.commit(), clusters, files })
    }

    /// A file as it was in `commit`.
    ///
    /// # Errors
    /// [`RepositoryError`] where there is no such commit.
    pub fn file_at(&self, commit: &str, path: &str) -> Result<Option<Vec<u8>>> {
        let commit = self.remote().resolve(commit)?;
        Ok(self.remote().read_file(commit, path)?.map(|file| file.bytes))
    }

    /// Whether `revision` is `commit`, or has it behind it. Appliers write `main@sha1:…` or the name alone.
    ///
    /// # Errors
    /// [`RepositoryError`] where one of them is no commit here.
    pub fn contains(&self, revision: &str, commit: &str) -> Result<bool> {
        let name = revision.rsplit([':', '/']).next().unwrap_or(revision);
        let (revision, commit) = (self.remote().resolve(name)?, self.remote().resolve(commit)?);
        Ok(self.remote().merge_base(commit, revision)? == commit)
    }

    /// Puts one file that is no grant on base, through a branch of its own.
    ///
    /// # Errors
    /// [`RepositoryError`]; base is where it was.
    pub fn publish(
        &self,
        branch: &str,
        path: &str,
        bytes: &[u8],
        message: Message,
        by: Identity,
    ) -> Result<()> {
        let edits = || Ok(vec![Edit::Put { path: path.to_owned(), bytes: bytes.to_vec() }]);
        let change = Change { branch: branch.to_owned(), message, by };
        let ensured = self.branch.ensure_change(&change, |_| edits()).map_err(flatten)?;
        if let crate::git::Ensured::AlreadyOnBase(_) = ensured {
            return Ok(());
        }
        let merged = self.branch.merge_many(std::slice::from_ref(&change), |_, _| edits(), |_| Ok(()));
        merged.map(drop).map_err(|error: MergeError<RepositoryError>| flatten(error))
    }
}

impl Proposal {
    fn change(&self, by: &Identity) -> Change {
        Change { branch: self.branch.clone(), message: self.message.clone(), by: by.clone() }
    }

    fn has(&self, path: &str) -> bool {
        self.files.iter().any(|(cluster, id, _)| cluster.grant_path(id) == path)
    }
}

/// Which proposals the findings speak against, by their place; all, where none of them alone is to blame.
fn blamed(batch: &[&Proposal], findings: &[Finding]) -> BTreeMap<usize, Vec<Finding>> {
    let mut blamed: BTreeMap<usize, Vec<Finding>> = BTreeMap::new();
    for (place, proposal) in batch.iter().enumerate() {
        let own: Vec<Finding> =
            findings.iter().filter(|finding| proposal.has(&finding.path)).cloned().collect();
        if !own.is_empty() {
            blamed.insert(place, own);
        }
    }
    if blamed.is_empty() {
        blamed.extend((0..batch.len()).map(|place| (place, findings.to_vec())));
    }
    blamed
}
