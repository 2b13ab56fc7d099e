//! Base as it would be once a change has landed: each file that decides about access, as the change leaves it.
//!
//! A file that the change does not touch says what it says on base. Not here: what follows from it.

use std::collections::BTreeSet;
use std::sync::Arc;

use p0_grant::catalogue::Catalogue;
use p0_grant::signers::AllowedSigners;

use super::{Base, ClusterBase};
use crate::change::{File, FileChange, FileMode};
use crate::cluster::Cluster;
use crate::identity::{IDENTITIES, Identities};
use crate::layout::{ALLOWED_SIGNERS, ClusterName, OWNERS};
use crate::owners::Owners;
use crate::policy::{POLICY, Policy};

/// A file, where there is one, or why it cannot be used.
pub(super) type Found<T> = Option<Result<Arc<T>, String>>;

/// Base with a change.
#[derive(Clone, Copy)]
pub(super) struct After<'a> {
    change: &'a [FileChange],
    base: &'a Base,
}

impl<'a> After<'a> {
    pub(super) fn new(change: &'a [FileChange], base: &'a Base) -> Self {
        Self { change, base }
    }

    /// What the change does to a path.
    pub(super) fn changed(&self, path: &str) -> Option<&'a FileChange> {
        self.change.iter().find(|file| file.path == path)
    }

    /// `p0/policy.yaml`, for the resources that the clusters have then.
    pub(super) fn policy(&self) -> Found<Policy> {
        let policy = self.file(POLICY, self.base.policy.as_ref(), Policy::read);
        let resolved = |policy: Arc<Policy>| match policy.needs_catalogues() {
            true => Arc::new(Policy::clone(&policy).resolved_by(&self.catalogues())),
            false => policy,
        };
        policy.map(|read| read.map(resolved))
    }

    pub(super) fn identities(&self) -> Found<Identities> {
        self.file(IDENTITIES, self.base.identities.as_ref(), Identities::read)
    }

    pub(super) fn signers(&self) -> Found<AllowedSigners> {
        self.file(ALLOWED_SIGNERS, self.base.signers.as_ref(), AllowedSigners::read)
    }

    pub(super) fn owners(&self) -> Found<Owners> {
        self.file(OWNERS, self.base.owners.as_ref(), Owners::read)
    }

    pub(super) fn settings(&self, cluster: &ClusterName) -> Found<Cluster> {
        let known = self.base.clusters.get(cluster).map(|known| &known.settings);
        self.file(&cluster.settings_path(), known, |text| Cluster::read_of(cluster, text))
    }

    pub(super) fn catalogue(&self, cluster: &ClusterName) -> Found<Catalogue> {
        let known = self.base.clusters.get(cluster).map(|known: &ClusterBase| &known.catalogue);
        self.file(&cluster.catalogue_path(), known, Catalogue::read)
    }

    /// The clusters that base has or the change brings.
    pub(super) fn clusters(&self) -> BTreeSet<ClusterName> {
        let brought = self.change.iter().filter_map(|file| cluster_of(&file.path));
        self.base.clusters.keys().cloned().chain(brought.map(|(cluster, _)| cluster)).collect()
    }

    fn catalogues(&self) -> Vec<Arc<Catalogue>> {
        let clusters = self.clusters();
        clusters.iter().filter_map(|cluster| self.catalogue(cluster)?.ok()).collect()
    }

    fn file<T, E: std::error::Error + 'static>(
        &self,
        path: &str,
        on_base: Option<&Result<Arc<T>, String>>,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Found<T> {
        match self.changed(path) {
            None => on_base.cloned(),
            Some(file) => file.after.as_ref().map(|file| parsed(file, read).map(Arc::new)),
        }
    }
}

/// Which of a cluster's two owned files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClusterFile {
    Settings,
    Catalogue,
}

/// The cluster whose settings or catalogue stand at `path`.
pub(super) fn cluster_of(path: &str) -> Option<(ClusterName, ClusterFile)> {
    let cluster = ClusterName::new(path.split('/').nth(1)?).ok()?;
    match path {
        _ if *path == cluster.settings_path() => Some((cluster, ClusterFile::Settings)),
        _ if *path == cluster.catalogue_path() => Some((cluster, ClusterFile::Catalogue)),
        _ => None,
    }
}

/// What `read` makes of a file, or why it cannot be used, with its causes.
pub(super) fn parsed<T, E: std::error::Error + 'static>(
    file: &File,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, String> {
    match file.mode {
        FileMode::Regular | FileMode::Executable => {}
        FileMode::Link | FileMode::Submodule | FileMode::Folder | FileMode::Other(_) => {
            return Err("it is not a regular file".to_owned());
        }
    }
    let text = std::str::from_utf8(&file.bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
    read(text).map_err(|error| p0_grant::cause::chain(&error))
}
