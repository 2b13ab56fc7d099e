//! Names of commits and of files' contents.

use std::fmt;

use git2::Oid;

use super::GitError;

/// The name of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(pub(super) Oid);

/// A file's content, not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub(super) Oid);

impl BlobId {
    /// The name that Git gives to these bytes.
    ///
    /// # Errors
    /// [`GitError`] where libgit2 cannot hash.
    pub fn of(bytes: &[u8]) -> Result<Self, GitError> {
        let hashed = Oid::hash_object(git2::ObjectType::Blob, bytes);
        hashed.map(Self).map_err(|source| GitError::Other { doing: "naming a file", source })
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
