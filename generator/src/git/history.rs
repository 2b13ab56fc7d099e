//! History: which ids base has had before.
//!
//! Two traces are read. Every commit that base contains may name an id in a `Request-Id` trailer: the bot's commits
//! always do. And of the commits on base's first-parent line since a given time, the trees are compared: whatever the
//! messages say, a file that stood there leaves its name. Not here: what an id is, and remembering ([`super::past`]).

use std::collections::BTreeSet;

use git2::{ObjectType, Oid, Repository};
use jiff::Timestamp;

use super::{CommitId, GitError, Remote};

const TRAILER: &[u8] = b"\nRequest-Id: ";

/// Traces of ids: what is looked for, and what of it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Values of `Request-Id` trailers.
    pub trailers: BTreeSet<String>,
    /// Names of entries of the folders, on base or removed from it since the given time.
    pub entries: BTreeSet<String>,
}

impl Remote {
    /// What of `asked` is in the whole history of `base`: its trailers, and the entries that the `folders` have had since
    /// `since`. What was read is remembered, so that later calls read what has come since.
    ///
    /// # Errors
    /// [`GitError::Shallow`] where the history is cut off.
    pub fn used(
        &self,
        base: CommitId,
        folders: &[String],
        since: Timestamp,
        asked: &Used,
    ) -> Result<Used, GitError> {
        if self.repository.is_shallow() {
            return Err(GitError::Shallow);
        }
        let mut found = self.used_since(base, folders, since, asked)?;
        let known = self.past.borrow_mut().trailers(&self.repository, base.0, &asked.trailers);
        found.trailers.extend(known.map_err(|source| self.failed("reading history", source))?);
        Ok(found)
    }

    /// The same on the first-parent line of `base` since `since` and no further, so that the cost does not grow with history.
    ///
    /// # Errors
    /// [`GitError`] where a commit cannot be read.
    pub fn used_since(
        &self,
        base: CommitId,
        folders: &[String],
        since: Timestamp,
        asked: &Used,
    ) -> Result<Used, GitError> {
        let found = self.past.borrow_mut().line(&self.repository, base.0, folders, since.as_second(), asked);
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

/// The parents of a raw commit, and its message with the line feed before it.
pub(super) fn parse(data: &[u8]) -> (impl Iterator<Item = Oid> + '_, &[u8]) {
    let end = data.windows(2).position(|pair| pair == b"\n\n").unwrap_or(data.len());
    let (header, message) = data.split_at(end);
    let parents = header.split(|byte| *byte == b'\n').skip(1).map_while(|line| line.strip_prefix(b"parent "));
    let parents =
        parents.filter_map(|hex| std::str::from_utf8(hex).ok().and_then(|hex| Oid::from_str(hex).ok()));
    (parents, message)
}

/// The values of all trailers of a message that begins with a line feed.
pub(super) fn trailers(message: &[u8]) -> impl Iterator<Item = String> + '_ {
    let mut rest = message;
    std::iter::from_fn(move || {
        let start = rest.windows(TRAILER.len()).position(|bytes| bytes == TRAILER)?;
        let (_, value) = rest.split_at(start + TRAILER.len());
        let end = value.iter().position(|byte| *byte == b'\n').unwrap_or(value.len());
        let (value, after) = value.split_at(end);
        rest = after;
        Some(String::from_utf8_lossy(value).trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_are_found_wherever_a_line_begins_with_them() {
        let message = b"\n\nGrant\n\nRequest-Id: one\nMore: x\n\nRequest-Id: two\nnot Request-Id: three";
        assert_eq!(trailers(message).collect::<Vec<_>>(), ["one", "two"]);
    }

    #[test]
    fn a_raw_commit_gives_its_parents_and_message() {
        let one = "1".repeat(40);
        let raw = format!("tree {one}\nparent {one}\nparent {}\nauthor a\n\nmessage", "2".repeat(40));
        let (parents, message) = parse(raw.as_bytes());
        assert_eq!((parents.count(), message), (2, &b"\n\nmessage"[..]));
    }
}
