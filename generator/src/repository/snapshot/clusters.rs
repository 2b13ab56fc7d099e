//! The files of each cluster in a snapshot: settings, catalogue, companion files, and which grants there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use p0_access::cluster::Cluster;
use p0_access::companion::{CompanionFile, mapping_of};
use p0_access::eks::ManifestPath;
use p0_access::layout::{ClusterName, Companion};
use p0_grant::catalogue::Catalogue;
use p0_grant::cause::chain;
use p0_grant::mapping::Mapping;
use p0_grant::name::GrantId;

use super::BaseSnapshot;
use crate::git::{BlobId, CommitId, GitError, Remote};
use crate::repository::document::{Document, FileProblem};

/// The files of one cluster.
#[derive(Debug)]
pub(super) struct ClusterFiles {
    settings: Document<Cluster>,
    catalogue: Document<Catalogue>,
    pub(super) companions: BTreeMap<Companion, (String, Document<String>)>,
    /// What `aws-auth` must map for each grant, where the site keeps it in a companion file.
    mapped: BTreeMap<GrantId, Document<Option<Mapping>>>,
    grants: BTreeMap<GrantId, BlobId>,
}

impl BaseSnapshot {
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
        let files = self.files_of(cluster, cluster.settings_path())?;
        files.settings.parsed(|text| Cluster::read_of(cluster, text).map_err(|error| error.to_string()))
    }

    /// `catalogue.yaml` of a cluster.
    ///
    /// # Errors
    /// [`FileProblem`] where it is missing or cannot be used.
    pub fn catalogue(&self, cluster: &ClusterName) -> Result<Arc<Catalogue>, FileProblem> {
        let files = self.files_of(cluster, cluster.catalogue_path())?;
        files.catalogue.parsed(|text| Catalogue::read(text).map_err(|error| chain(&error)))
    }

    /// Every catalogue that can be read.
    pub fn catalogues(&self) -> Vec<Arc<Catalogue>> {
        self.clusters().filter_map(|cluster| self.catalogue(cluster).ok()).collect()
    }

    /// The companion files that the cluster has. One that is not text says nothing.
    pub fn companions(&self, cluster: &ClusterName) -> BTreeMap<Companion, CompanionFile> {
        let files = self.files(cluster).into_iter().flat_map(|files| &files.companions);
        let text = |document: &Document<String>| document.parsed(|text| Ok(text.to_owned())).ok();
        let file = |(path, document): &(String, Document<String>)| {
            Some(CompanionFile { path: path.clone(), text: text(document)? })
        };
        files.filter_map(|(companion, taken)| Some((*companion, file(taken)?))).collect()
    }

    /// What `aws-auth` must map for the cluster's grants, where the site keeps it in a companion file.
    pub fn mapped(&self, cluster: &ClusterName) -> BTreeMap<GrantId, Mapping> {
        let files = self.files(cluster).into_iter().flat_map(|files| &files.mapped);
        let mapping = |document: &Document<Option<Mapping>>| {
            let read = document.parsed(|text| Ok(mapping_of(text.as_bytes())));
            read.ok().and_then(|mapping| Option::clone(&mapping))
        };
        files.filter_map(|(id, document)| Some((id.clone(), mapping(document)?))).collect()
    }

    /// The ids of a cluster's grant files, not read yet.
    pub fn grants(&self, cluster: &ClusterName) -> impl Iterator<Item = (&GrantId, BlobId)> {
        let grants = self.files(cluster).into_iter().flat_map(|files| &files.grants);
        grants.map(|(id, blob)| (id, *blob))
    }

    /// The files of a cluster that base has, for the sake of the one at `path`.
    fn files_of(&self, cluster: &ClusterName, path: String) -> Result<&ClusterFiles, FileProblem> {
        let known = self.clusters().filter(|own| self.has(own));
        let files = self.files(cluster).filter(|files| files.settings.is_there());
        files.ok_or_else(|| FileProblem::no_cluster(path, cluster, known))
    }

    fn files(&self, cluster: &ClusterName) -> Option<&ClusterFiles> {
        self.clusters.get(cluster)
    }
}

impl ClusterFiles {
    pub(super) fn take(
        remote: &Remote,
        commit: CommitId,
        name: &ClusterName,
        previous: Option<&Self>,
    ) -> Result<Self, GitError> {
        let id =
            |(file, blob): (String, BlobId)| Some((GrantId::new(file.strip_suffix(".yaml")?).ok()?, blob));
        let (settings, catalogue) = (name.settings_path(), name.catalogue_path());
        let settings: Document<Cluster> =
            Document::take(remote, commit, &settings, previous.map(|one| &one.settings))?;
        let read = settings.parsed(|text| Cluster::read(text).map_err(|error| error.to_string())).ok();
        let aws_auth = read.as_ref().and_then(|read| read.eks.as_ref()?.aws_auth_file());
        let mut companions = BTreeMap::new();
        for companion in Companion::ALL {
            let Some(path) = companion.path(name, aws_auth.map(ManifestPath::as_str)) else { continue };
            let before =
                previous.and_then(|one| one.companions.get(&companion)).map(|(_, document)| document);
            let document = Document::take(remote, commit, &path, before)?;
            companions.insert(companion, (path, document));
        }
        let grants: BTreeMap<GrantId, BlobId> =
            remote.files_of(commit, &name.grants_folder())?.into_iter().filter_map(id).collect();
        let mut mapped = BTreeMap::new();
        for id in grants.keys().filter(|_| aws_auth.is_some()) {
            let before = previous.and_then(|one| one.mapped.get(id));
            mapped.insert(id.clone(), Document::take(remote, commit, &name.grant_path(id), before)?);
        }
        Ok(Self {
            settings,
            catalogue: Document::take(remote, commit, &catalogue, previous.map(|one| &one.catalogue))?,
            companions,
            mapped,
            grants,
        })
    }
}
