//! The repository's files, read from commits. Not here: what is done with them.

use p0_access::change::File;
use p0_access::cluster::Cluster;
use p0_access::layout::ClusterName;
use p0_grant::catalogue::Catalogue;
use p0_grant::manifest::Manifest;

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
        let read = settings(cluster, self.text(self.forge.head()?, &path)?);
        self.usable(read, path)
    }

    /// The cluster's catalogue on base.
    ///
    /// # Errors
    /// [`RepositoryError`] where the file is missing or cannot be read.
    pub fn catalogue(&self, cluster: &ClusterName) -> Result<Catalogue> {
        let path = cluster.catalogue_path();
        let read = catalogue(self.text(self.forge.head()?, &path)?);
        self.usable(read, path)
    }

    fn usable<T>(&self, read: std::result::Result<T, NoFile>, path: String) -> Result<T> {
        read.map_err(|problem| match problem {
            NoFile::Unusable(problem) => RepositoryError::Unusable { path, problem },
            NoFile::Absent => RepositoryError::Missing { path, base: self.forge.base().to_owned() },
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
