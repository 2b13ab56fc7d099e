//! What base says at one commit: policy, persons, signers, preapprovals, cluster files, catalogues, and which grants there are.
//!
//! A snapshot is immutable and shared. A file is read when the first snapshot that has it is taken, parsed when it is first
//! needed, and both once for each blob: the next snapshot takes over what did not change. A file that is missing or cannot be
//! used is just that; what it said before is never used. Not here: what follows from it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};

use p0_access::identity::{IDENTITIES, Identities};
use p0_access::layout::{ALLOWED_SIGNERS, ClusterName, Companion, OWNER_SIGNATURES, OWNERS, REPOSITORY};
use p0_access::name::GroupName;
use p0_access::owners::{OwnerChange, Owners};
use p0_access::policy::{self, POLICY, Policy};
use p0_access::preapproval::{Opened, Preapproval};
use p0_access::repository_id::{RepositoryFile, RepositoryId};
use p0_access::verifier::{Base, ClusterBase};
use p0_grant::name::GrantId;
use p0_grant::signers::AllowedSigners;

use super::document::{Document, FileProblem};
use crate::git::{CommitId, GitError, Remote};

mod clusters;
mod preapproved;

use clusters::ClusterFiles;

/// The files of base at one commit.
#[derive(Debug)]
pub struct BaseSnapshot {
    commit: CommitId,
    policy: Document<Policy>,
    /// The policy with the resources that its deny rules name looked up in the catalogues.
    resolved_policy: OnceLock<Result<Arc<Policy>, FileProblem>>,
    identities: Document<Identities>,
    signers: Document<AllowedSigners>,
    owners: Document<Owners>,
    owner_change: Document<OwnerChange>,
    repository: Document<RepositoryFile>,
    preapprovals: Vec<(GrantId, Document<Preapproval>)>,
    /// Each preapproval with its signatures verified against this snapshot's persons.
    verified: OnceLock<BTreeMap<GrantId, Result<Opened, String>>>,
    clusters: BTreeMap<ClusterName, ClusterFiles>,
    /// What was warned of, in this snapshot and those before it.
    warned: Arc<Mutex<BTreeSet<(GrantId, String)>>>,
}

impl BaseSnapshot {
    /// Reads `commit`. What `previous` has of the same blobs is taken over.
    ///
    /// # Errors
    /// [`GitError`] where the commit cannot be read. A file that cannot be used is no error here.
    pub(super) fn take(remote: &Remote, commit: CommitId, previous: Option<&Self>) -> Result<Self, GitError> {
        let mut clusters = BTreeMap::new();
        for name in remote.list(commit, "clusters")? {
            let Ok(name) = ClusterName::new(name) else { continue };
            let before = previous.and_then(|snapshot| snapshot.clusters.get(&name));
            clusters.insert(name.clone(), ClusterFiles::take(remote, commit, &name, before)?);
        }
        Ok(Self {
            commit,
            policy: Document::take(remote, commit, POLICY, previous.map(|one| &one.policy))?,
            resolved_policy: OnceLock::new(),
            identities: Document::take(remote, commit, IDENTITIES, previous.map(|one| &one.identities))?,
            signers: Document::take(remote, commit, ALLOWED_SIGNERS, previous.map(|one| &one.signers))?,
            owners: Document::take(remote, commit, OWNERS, previous.map(|one| &one.owners))?,
            owner_change: Document::take(
                remote,
                commit,
                OWNER_SIGNATURES,
                previous.map(|one| &one.owner_change),
            )?,
            repository: Document::take(remote, commit, REPOSITORY, previous.map(|one| &one.repository))?,
            preapprovals: preapproved::take(remote, commit, previous)?,
            verified: OnceLock::new(),
            clusters,
            warned: previous.map(|one| one.warned.clone()).unwrap_or_default(),
        })
    }

    /// The commit.
    pub fn commit(&self) -> CommitId {
        self.commit
    }

    /// `p0/policy.yaml`, for the resources that the clusters of this snapshot have.
    ///
    /// # Errors
    /// [`FileProblem`] where it is missing or cannot be used.
    pub fn policy(&self) -> Result<Arc<Policy>, FileProblem> {
        let resolve = || {
            let policy = self.policy.parsed(|text| Policy::read(text).map_err(|error| error.to_string()))?;
            match policy.needs_catalogues() {
                true => Ok(Arc::new(Policy::clone(&policy).resolved_by(&self.catalogues()))),
                false => Ok(policy),
            }
        };
        self.resolved_policy.get_or_init(resolve).clone()
    }

    /// The groups whose members may revoke everything, also where the rest of the policy cannot be used.
    pub fn trusted_groups(&self) -> BTreeSet<GroupName> {
        self.policy.text().map(policy::trusted_groups).unwrap_or_default()
    }

    /// `p0/identities.yaml`.
    ///
    /// # Errors
    /// [`FileProblem`] where it is missing or cannot be used.
    pub fn identities(&self) -> Result<Arc<Identities>, FileProblem> {
        self.identities.parsed(|text| Identities::read(text).map_err(|error| error.to_string()))
    }

    /// `p0/allowed_signers`.
    ///
    /// # Errors
    /// [`FileProblem`] where it is missing or cannot be used.
    pub fn signers(&self) -> Result<Arc<AllowedSigners>, FileProblem> {
        self.signers.parsed(|text| AllowedSigners::read(text).map_err(|error| error.to_string()))
    }

    /// `p0/owners`.
    ///
    /// # Errors
    /// [`FileProblem`] where it is missing or cannot be used.
    pub fn owners(&self) -> Result<Arc<Owners>, FileProblem> {
        self.owners.parsed(|text| Owners::read(text).map_err(|error| error.to_string()))
    }

    /// `p0/owner-signatures.yaml`.
    fn owner_change(&self) -> Result<Arc<OwnerChange>, FileProblem> {
        self.owner_change.parsed(|text| OwnerChange::read(text).map_err(|error| error.to_string()))
    }

    /// `p0/repository.yaml`.
    ///
    /// # Errors
    /// [`FileProblem`] where it is missing or cannot be used.
    pub fn repository(&self) -> Result<Arc<RepositoryFile>, FileProblem> {
        self.repository.parsed(|text| RepositoryFile::read(text).map_err(|error| error.to_string()))
    }

    /// The manifests of `aws-auth` that clusters have as companion files.
    fn aws_auth(&self) -> BTreeSet<String> {
        let files = self.clusters.values().filter_map(|files| files.companions.get(&Companion::AwsAuth));
        files.map(|(path, _)| path.clone()).collect()
    }

    /// The repository's id, where it has one.
    ///
    /// # Errors
    /// [`FileProblem`] where its file cannot be used.
    pub fn repository_id(&self) -> Result<Option<RepositoryId>, FileProblem> {
        match self.repository() {
            Ok(file) => Ok(Some(file.id.clone())),
            Err(problem) if problem.is_absent() => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// What the verifier holds a change of this snapshot to that touches `clusters`: what is written down for people is taken from
    /// `rules`, what is there from this snapshot.
    pub(super) fn for_verifier<'c>(
        &self,
        rules: &Self,
        clusters: impl IntoIterator<Item = &'c ClusterName>,
    ) -> Base {
        let of = |cluster: &ClusterName| ClusterBase {
            settings: rules.settings(cluster).map_err(FileProblem::into_sentence),
            catalogue: rules.catalogue(cluster).map_err(FileProblem::into_sentence),
            companions: self.companions(cluster),
            mapped: self.mapped(cluster),
        };
        Base {
            signers: present(rules.signers()),
            owners: present(rules.owners()),
            owner_change: present(rules.owner_change()),
            repository: present(rules.repository()),
            aws_auth: rules.aws_auth(),
            clusters: clusters.into_iter().map(|cluster| (cluster.clone(), of(cluster))).collect(),
            policy: present(rules.policy()),
            trusted: rules.trusted_groups(),
            identities: present(rules.identities()),
            preapprovals: rules.preapprovals().clone(),
            ..Base::default()
        }
    }
}

/// A file that is there, or why it cannot be used.
fn present<T>(read: Result<Arc<T>, FileProblem>) -> Option<Result<Arc<T>, String>> {
    match read {
        Ok(value) => Some(Ok(value)),
        Err(problem) if problem.is_absent() => None,
        Err(problem) => Some(Err(problem.into_sentence())),
    }
}
