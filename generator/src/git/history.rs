//! History: which ids base has had before.
//!
//! A file that stood in a folder is found in two ways. A commit that base contains may name the file in a `Request-Id` trailer, as
//! the program's commits do: then that commit is looked into, because only one that touched the file counts. And the trees of
//! base's first-parent line are compared since a given time, whatever the messages say. Commit dates can only make that longer
//! ([`super::history_cache`]). Not here: what an id is.

use std::collections::BTreeSet;

use git2::{ObjectType, Oid, Repository};
use jiff::Timestamp;
use p0_access::change::FileMode;

use super::{CommitId, GitError, Remote, Traces};

impl Remote {
    /// The trailers whose files have stood in the folders on `base` before, or stand there: those that a trailer names in the whole
    /// history, and all that stood there since `since`. What was read is remembered, so that later calls read what has come since.
    ///
    /// # Errors
    /// [`GitError::Shallow`] where the history is cut off.
    pub fn used(
        &self,
        base: CommitId,
        since: Timestamp,
        traces: &Traces<'_>,
    ) -> Result<BTreeSet<String>, GitError> {
        if self.repository.is_shallow() {
            return Err(GitError::Shallow);
        }
        let mut found = self.used_since(base, since, traces)?;
        let named = self.past.borrow_mut().named(&self.repository, base.0, traces);
        found.extend(named.map_err(|source| self.failed("reading history", source))?);
        Ok(found)
    }

    /// The same since `since` only, so that no whole history is read.
    ///
    /// # Errors
    /// [`GitError`] where a commit cannot be read.
    pub fn used_since(
        &self,
        base: CommitId,
        since: Timestamp,
        traces: &Traces<'_>,
    ) -> Result<BTreeSet<String>, GitError> {
        let found = self.past.borrow_mut().stood(&self.repository, base.0, since.as_second(), traces);
        found.map_err(|source| self.failed("reading history", source))
    }
}

impl Remote {
    /// Every version that the file at `path` has had since it last came to `base`, the latest first; nothing where it is not
    /// there.
    ///
    /// # Errors
    /// [`GitError`] where a commit cannot be read.
    pub fn versions(&self, base: CommitId, path: &str) -> Result<Vec<Vec<u8>>, GitError> {
        read_versions(&self.repository, base.0, path)
            .map_err(|source| self.failed("reading the versions of a file", source))
    }
}

impl Remote {
    /// The latest content of the file at `path`, on the first-parent line of `base`, of which `accept` holds.
    ///
    /// # Errors
    /// [`GitError`] where a commit cannot be read.
    pub fn last_content(
        &self,
        base: CommitId,
        path: &str,
        accept: impl Fn(&[u8]) -> bool,
    ) -> Result<Option<Vec<u8>>, GitError> {
        let (mut commit, mut seen) = (Some(base), None);
        while let Some(current) = commit {
            let entry = self.entry(current, path)?.filter(|(_, mode)| *mode == FileMode::Regular);
            if let Some((blob, _)) = entry.filter(|(blob, _)| seen != Some(*blob)) {
                seen = Some(blob);
                let bytes = self.blob(blob)?;
                if accept(&bytes) {
                    return Ok(Some(bytes));
                }
            }
            let parent = self.repository.find_commit(current.0).map(|commit| commit.parent_id(0).ok());
            commit = parent.map_err(|source| self.failed("reading history", source))?.map(CommitId);
        }
        Ok(None)
    }
}

fn read_versions(repository: &Repository, from: Oid, path: &str) -> Result<Vec<Vec<u8>>, git2::Error> {
    let mut versions: Vec<Vec<u8>> = Vec::new();
    let (mut commit, mut last) = (Some(repository.find_commit(from)?), None);
    while let Some(current) = commit {
        let entry = match current.tree()?.get_path(std::path::Path::new(path)) {
            Ok(entry) => entry,
            Err(error) if error.code() == git2::ErrorCode::NotFound => break,
            Err(error) => return Err(error),
        };
        if last != Some(entry.id()) && entry.kind() == Some(ObjectType::Blob) {
            last = Some(entry.id());
            versions.push(repository.find_blob(entry.id())?.content().to_vec());
        }
        commit = current.parent(0).ok();
    }
    Ok(versions)
}
