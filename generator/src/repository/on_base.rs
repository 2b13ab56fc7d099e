//! What base holds of grants, for those who compare it with what should be there. Not here: what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use p0_access::digest::sha256;
use p0_access::layout::ClusterName;
use p0_grant::name::GrantId;

use super::{Repository, RepositoryError, Result};
use crate::git::{CommitId, GitError};

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

    /// Whether `revision` is `commit`, or has it behind it. Appliers write `main@sha1:…` or the name alone. A revision that is
    /// not here contains nothing that is known.
    ///
    /// # Errors
    /// [`RepositoryError`] where the repository cannot be read, or does not have `commit`: then nothing is known.
    pub fn contains(&self, revision: &str, commit: &str) -> Result<bool> {
        let name = revision.rsplit([':', '/']).next().unwrap_or(revision);
        let commit = self.remote().resolve(commit)?;
        match self.remote().resolve(name) {
            Ok(revision) => Ok(self.remote().merge_base(commit, revision)? == commit),
            Err(GitError::NoBranch { .. }) => Ok(false),
            Err(error) => Err(RepositoryError::Git(error)),
        }
    }
}
