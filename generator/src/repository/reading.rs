//! The repository's files, read from commits. Not here: what is done with them.

use p0_access::change::File;
use p0_access::cluster::Cluster;
use p0_access::identity::{IDENTITIES, Identities};
use p0_access::layout::{ClusterName, PathKind, path_kind};
use p0_access::policy::{POLICY, Policy};
use p0_grant::catalogue::Catalogue;
use p0_grant::manifest::Manifest;
use p0_grant::name::GrantId;

use super::{Repository, RepositoryError, Result};
use crate::git::CommitId;

/// Why a file gives nothing.
pub(super) enum NoFile {
    /// There is none.
    Absent,
    /// It cannot be used.
    Unusable(String),
}

impl Repository {
    /// The cluster's settings on base.
    ///
    /// # Errors
    /// [`RepositoryError`] where the file is missing or cannot be read.
    pub fn settings(&self, cluster: &ClusterName) -> Result<Cluster> {
        let path = cluster.settings_path();
        let read = settings(cluster, self.text(self.branch.head()?, &path)?);
        self.usable(read, path)
    }

    /// The cluster's catalogue on base.
    ///
    /// # Errors
    /// [`RepositoryError`] where the file is missing or cannot be read.
    pub fn catalogue(&self, cluster: &ClusterName) -> Result<Catalogue> {
        let path = cluster.catalogue_path();
        let read = catalogue(self.text(self.branch.head()?, &path)?);
        self.usable(read, path)
    }

    /// The policy on base. One that cannot be read is an error, and never the one before it.
    ///
    /// # Errors
    /// [`RepositoryError`] where the file is missing or cannot be read.
    pub fn policy(&self) -> Result<Policy> {
        let read = policy(self.text(self.branch.head()?, POLICY)?);
        self.usable(read, POLICY.to_owned())
    }

    /// The persons on base.
    ///
    /// # Errors
    /// [`RepositoryError`] where the file is missing or cannot be read.
    pub fn identities(&self) -> Result<Identities> {
        let read = identities(self.text(self.branch.head()?, IDENTITIES)?);
        self.usable(read, IDENTITIES.to_owned())
    }

    /// The clusters that have a folder on base, sorted.
    ///
    /// # Errors
    /// [`RepositoryError`] where the repository cannot be read.
    pub fn clusters(&self) -> Result<Vec<ClusterName>> {
        let names = self.remote().list(self.branch.head()?, "clusters")?;
        let mut clusters: Vec<ClusterName> =
            names.into_iter().filter_map(|name| ClusterName::new(name).ok()).collect();
        clusters.sort();
        Ok(clusters)
    }

    /// The grants of `cluster` on base, each with its id. One that cannot be read as a grant is an error in its place.
    ///
    /// # Errors
    /// [`RepositoryError`] where the repository cannot be read.
    pub fn grants(&self, cluster: &ClusterName) -> Result<Vec<(GrantId, Result<Manifest>)>> {
        let base = self.branch.head()?;
        let mut grants = Vec::new();
        for name in self.remote().list(base, &cluster.grants_folder())? {
            let path = format!("{}/{name}", cluster.grants_folder());
            if let (PathKind::Grant { id, .. }, Some(file)) =
                (path_kind(&path), self.remote().read_file(base, &path)?)
            {
                grants.push((id, manifest(&path, &file)));
            }
        }
        Ok(grants)
    }

    fn usable<T>(&self, read: std::result::Result<T, NoFile>, path: String) -> Result<T> {
        read.map_err(|problem| match problem {
            NoFile::Unusable(problem) => RepositoryError::Unusable { path, problem },
            NoFile::Absent => RepositoryError::Missing { path, base: self.branch.base().to_owned() },
        })
    }

    /// What `path` holds, if it is text. Only a repository that cannot be read is an error.
    pub(super) fn text(&self, commit: CommitId, path: &str) -> Result<std::result::Result<String, NoFile>> {
        Ok(match self.remote().read_file(commit, path)? {
            None => Err(NoFile::Absent),
            Some(File { bytes, .. }) => String::from_utf8(bytes).map_err(|_| NoFile::not_text()),
        })
    }
}

impl NoFile {
    fn not_text() -> Self {
        Self::Unusable("it is not UTF-8 text".to_owned())
    }

    pub(super) fn sentence(self) -> String {
        match self {
            Self::Absent => "there is none".to_owned(),
            Self::Unusable(problem) => problem,
        }
    }
}

/// The settings of `cluster` in a file's text.
pub(super) fn settings(
    cluster: &ClusterName,
    text: std::result::Result<String, NoFile>,
) -> std::result::Result<Cluster, NoFile> {
    let read = Cluster::read(&text?).map_err(|error| NoFile::Unusable(error.to_string()))?;
    if read.name == *cluster {
        Ok(read)
    } else {
        Err(NoFile::Unusable(format!("it is the file of the cluster `{}`", read.name)))
    }
}

/// The catalogue in a file's text.
pub(super) fn catalogue(text: std::result::Result<String, NoFile>) -> std::result::Result<Catalogue, NoFile> {
    Catalogue::read(&text?).map_err(|error| NoFile::Unusable(chain(&error)))
}

/// The policy in a file's text.
pub(super) fn policy(text: std::result::Result<String, NoFile>) -> std::result::Result<Policy, NoFile> {
    Policy::read(&text?).map_err(|error| NoFile::Unusable(error.to_string()))
}

/// The persons in a file's text.
pub(super) fn identities(
    text: std::result::Result<String, NoFile>,
) -> std::result::Result<Identities, NoFile> {
    Identities::read(&text?).map_err(|error| NoFile::Unusable(error.to_string()))
}

/// The grant in a file.
pub(super) fn manifest(path: &str, file: &File) -> Result<Manifest> {
    let unusable = |problem| RepositoryError::Unusable { path: path.to_owned(), problem };
    let text = std::str::from_utf8(&file.bytes).map_err(|_| unusable("it is not UTF-8 text".to_owned()))?;
    Manifest::read(text).map_err(|error| unusable(chain(&error)))
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
