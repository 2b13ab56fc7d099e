//! What base says at one commit: policy, persons, signers, preapprovals, cluster files, catalogues, and which grants there are.
//!
//! A snapshot is immutable and shared. A file is read when the first snapshot that has it is taken, parsed when it is first
//! needed, and both once for each blob: the next snapshot takes over what did not change. A file that is missing or cannot be
//! used is just that; what it said before is never used. Not here: what follows from it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use p0_access::cluster::Cluster;
use p0_access::identity::{IDENTITIES, Identities};
use p0_access::layout::{ALLOWED_SIGNERS, ClusterName};
use p0_access::policy::{POLICY, Policy};
use p0_access::preapproval::{Opened, PREAPPROVALS, Preapproval};
use p0_access::verifier::{Base, ClusterBase};
use p0_grant::catalogue::Catalogue;
use p0_grant::name::GrantId;
use p0_grant::signers::AllowedSigners;

use super::document::{Document, FileProblem, chain};
use crate::git::{BlobId, CommitId, GitError, Remote};

/// The files of base at one commit.
#[derive(Debug)]
pub struct BaseSnapshot {
    commit: CommitId,
    policy: Document<Policy>,
    /// The policy with the resources that its deny rules name looked up in the catalogues.
    resolved_policy: OnceLock<Result<Arc<Policy>, FileProblem>>,
    identities: Document<Identities>,
    signers: Document<AllowedSigners>,
    preapprovals: Vec<(GrantId, Document<Preapproval>)>,
    /// Each preapproval with its signatures verified against this snapshot's persons.
    verified: OnceLock<BTreeMap<GrantId, Result<Opened, String>>>,
    clusters: BTreeMap<ClusterName, ClusterFiles>,
}

/// The files of one cluster.
#[derive(Debug)]
struct ClusterFiles {
    settings: Document<Cluster>,
    catalogue: Document<Catalogue>,
    kustomization: Document<String>,
    grants: BTreeMap<GrantId, BlobId>,
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
            preapprovals: take_preapprovals(remote, commit, previous)?,
            verified: OnceLock::new(),
            clusters,
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

    /// The clusters that have a folder, sorted.
    pub fn clusters(&self) -> impl Iterator<Item = &ClusterName> {
        self.clusters.keys()
    }

    /// Whether a cluster has a settings file.
    pub fn has(&self, cluster: &ClusterName) -> bool {
        self.files(cluster).is_some_and(|files| files.settings.is_there())
    }

    /// `p0-cluster.yaml` of a cluster.
    ///
    /// # Errors
    /// [`FileProblem`] where it is missing, cannot be used, or is another cluster's.
    pub fn settings(&self, cluster: &ClusterName) -> Result<Arc<Cluster>, FileProblem> {
        let files = self.files(cluster).ok_or_else(|| FileProblem::absent(cluster.settings_path()))?;
        files.settings.parsed(|text| {
            let read = Cluster::read(text).map_err(|error| error.to_string())?;
            match read.name == *cluster {
                true => Ok(read),
                false => Err(format!("it is the file of the cluster `{}`", read.name)),
            }
        })
    }

    /// `catalogue.yaml` of a cluster.
    ///
    /// # Errors
    /// [`FileProblem`] where it is missing or cannot be used.
    pub fn catalogue(&self, cluster: &ClusterName) -> Result<Arc<Catalogue>, FileProblem> {
        let files = self.files(cluster).ok_or_else(|| FileProblem::absent(cluster.catalogue_path()))?;
        files.catalogue.parsed(|text| Catalogue::read(text).map_err(|error| chain(&error)))
    }

    /// Every catalogue that can be read.
    pub fn catalogues(&self) -> Vec<Arc<Catalogue>> {
        self.clusters().filter_map(|cluster| self.catalogue(cluster).ok()).collect()
    }

    /// The cluster's list of grants for kustomize, where the site has one. One that is not text lists nothing.
    pub fn kustomization(&self, cluster: &ClusterName) -> Option<Arc<String>> {
        self.files(cluster)?.kustomization.parsed(|text| Ok(text.to_owned())).ok()
    }

    /// The ids of a cluster's grant files, not read yet.
    pub fn grants(&self, cluster: &ClusterName) -> impl Iterator<Item = (&GrantId, BlobId)> {
        let grants = self.files(cluster).into_iter().flat_map(|files| &files.grants);
        grants.map(|(id, blob)| (id, *blob))
    }

    /// Every preapproval with its signers, or why it approves nothing. Without readable persons there is none.
    pub fn preapprovals(&self) -> &BTreeMap<GrantId, Result<Opened, String>> {
        self.verified.get_or_init(|| {
            let Ok(identities) = self.identities() else { return BTreeMap::new() };
            let verify = |(id, document): &(GrantId, Document<Preapproval>)| {
                let file = format!("{id}.yaml");
                let read = document
                    .parsed(|text| Preapproval::read(&file, text).map_err(|error| error.to_string()))
                    .map_err(|problem| problem.sentence().to_owned());
                let opened = read.and_then(|preapproval| {
                    Preapproval::clone(&preapproval).open(&identities).map_err(|error| error.to_string())
                });
                (id.clone(), opened)
            };
            self.preapprovals.iter().map(verify).collect()
        })
    }

    /// What the verifier holds a change to that touches `clusters`.
    pub(super) fn for_verifier<'c>(&self, clusters: impl IntoIterator<Item = &'c ClusterName>) -> Base {
        let of = |cluster: &ClusterName| ClusterBase {
            settings: self.settings(cluster).map_err(FileProblem::into_sentence),
            catalogue: self.catalogue(cluster).map_err(FileProblem::into_sentence),
            kustomization: self.kustomization(cluster),
        };
        Base {
            signers: present(self.signers()),
            clusters: clusters.into_iter().map(|cluster| (cluster.clone(), of(cluster))).collect(),
            policy: present(self.policy()),
            identities: present(self.identities()),
            preapprovals: self.preapprovals().clone(),
            ..Base::default()
        }
    }

    fn files(&self, cluster: &ClusterName) -> Option<&ClusterFiles> {
        self.clusters.get(cluster)
    }
}

impl ClusterFiles {
    fn take(
        remote: &Remote,
        commit: CommitId,
        name: &ClusterName,
        previous: Option<&Self>,
    ) -> Result<Self, GitError> {
        let id =
            |(file, blob): (String, BlobId)| Some((GrantId::new(file.strip_suffix(".yaml")?).ok()?, blob));
        let (settings, catalogue) = (name.settings_path(), name.catalogue_path());
        let kustomization = name.kustomization_path();
        Ok(Self {
            settings: Document::take(remote, commit, &settings, previous.map(|one| &one.settings))?,
            catalogue: Document::take(remote, commit, &catalogue, previous.map(|one| &one.catalogue))?,
            kustomization: Document::take(
                remote,
                commit,
                &kustomization,
                previous.map(|one| &one.kustomization),
            )?,
            grants: remote.files_of(commit, &name.grants_folder())?.into_iter().filter_map(id).collect(),
        })
    }
}

fn take_preapprovals(
    remote: &Remote,
    commit: CommitId,
    previous: Option<&BaseSnapshot>,
) -> Result<Vec<(GrantId, Document<Preapproval>)>, GitError> {
    let mut preapprovals = Vec::new();
    for name in remote.list(commit, PREAPPROVALS)? {
        let Some(id) = name.strip_suffix(".yaml").and_then(|id| GrantId::new(id).ok()) else { continue };
        let own = |snapshot: &'_ BaseSnapshot| snapshot.preapprovals.iter().position(|(own, _)| *own == id);
        let before = previous
            .and_then(|snapshot| snapshot.preapprovals.get(own(snapshot)?))
            .map(|(_, document)| document);
        let document = Document::take(remote, commit, &format!("{PREAPPROVALS}/{name}"), before)?;
        preapprovals.push((id, document));
    }
    Ok(preapprovals)
}

/// A file that is there, or why it cannot be used.
fn present<T>(read: Result<Arc<T>, FileProblem>) -> Option<Result<Arc<T>, String>> {
    match read {
        Ok(value) => Some(Ok(value)),
        Err(problem) if problem.is_absent() => None,
        Err(problem) => Some(Err(problem.into_sentence())),
    }
}
