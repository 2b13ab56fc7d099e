//! The first-parent line of a branch: what its commits changed in folders of one shape. Not here: what the files mean.

use git2::Repository;
use jiff::Timestamp;

use super::{BlobId, CommitId, GitError, Remote};

mod folders;
mod walk;

use folders::Folders;

/// One commit of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub commit: CommitId,
    /// When its committer says.
    pub at: Timestamp,
    /// Paths that it changed, with what stood there afterwards.
    pub changes: Vec<(String, Option<BlobId>)>,
}

impl Remote {
    /// What the commits on the first-parent line of `head` changed in the folders `root/*/leaf`, oldest first. Commits that
    /// changed nothing there are among them: they are what a rewritten line lacks.
    ///
    /// # Errors
    /// [`GitError::Shallow`] where the history is cut off.
    pub fn line(&self, head: CommitId, root: &str, leaf: &str) -> Result<Vec<Step>, GitError> {
        if self.repository.is_shallow() {
            return Err(GitError::Shallow);
        }
        walk::steps(&self.repository, head.0, root, leaf)
            .map_err(|source| self.failed("reading history", source))
    }

    /// The commits from `old`, which is not among them, to `new` on its first-parent line, oldest first; nothing where `old`
    /// is not on that line.
    ///
    /// # Errors
    /// [`GitError`] where a commit cannot be read.
    pub fn since(&self, old: CommitId, new: CommitId) -> Result<Option<Vec<CommitId>>, GitError> {
        let walk = || {
            let mut steps = Vec::new();
            let mut commit = self.repository.find_commit(new.0)?;
            while commit.id() != old.0 {
                steps.push(CommitId(commit.id()));
                match commit.parent(0) {
                    Ok(parent) => commit = parent,
                    Err(_) => return Ok(None),
                }
            }
            steps.reverse();
            Ok(Some(steps))
        };
        walk().map_err(|source| self.failed("reading what was pushed", source))
    }

    /// What a file held.
    ///
    /// # Errors
    /// [`GitError`] where the object cannot be read.
    pub fn blob(&self, id: BlobId) -> Result<Vec<u8>, GitError> {
        let blob = self.repository.find_blob(id.0);
        blob.map(|blob| blob.content().to_vec()).map_err(|source| self.failed("reading a file", source))
    }

    /// What `read` makes of each file, on every core: a file is small, and what is made of it may cost more. What is no file is
    /// read as an empty one.
    ///
    /// # Errors
    /// [`GitError`] where an object cannot be read.
    pub fn blobs<T: Send>(
        &self,
        files: &[BlobId],
        read: impl Fn(&[u8]) -> T + Sync,
    ) -> Result<Vec<T>, GitError> {
        let place = self.repository.path();
        let share = files.len().div_ceil(walk::cores()).max(1);
        let read_all = |files: &[BlobId]| {
            // A handle is one thread's.
            let repository = Repository::open(place)?;
            let read_one = |id: &BlobId| match id.0.is_zero() {
                true => Ok(read(&[])),
                false => Ok(read(repository.find_blob(id.0)?.content())),
            };
            files.iter().map(read_one).collect()
        };
        let all = std::thread::scope(|scope| {
            let started: Vec<_> = files.chunks(share).map(|share| scope.spawn(|| read_all(share))).collect();
            let shares =
                started.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(walk::broken())));
            shares.collect::<Result<Vec<Vec<T>>, git2::Error>>()
        });
        let all = all.map_err(|source| self.failed("reading files", source))?;
        Ok(all.into_iter().flatten().collect())
    }

    /// Whether `commit` is `newer` or behind it.
    ///
    /// # Errors
    /// [`GitError`] where history cannot be read.
    pub fn contains(&self, newer: CommitId, commit: CommitId) -> Result<bool, GitError> {
        if newer == commit {
            return Ok(true);
        }
        let found = self.repository.graph_descendant_of(newer.0, commit.0);
        found.map_err(|source| self.failed("reading history", source))
    }

    /// The files in the folders `root/*/leaf` of `commit`.
    ///
    /// # Errors
    /// [`GitError`] where the commit cannot be read.
    pub fn files(&self, commit: CommitId, root: &str, leaf: &str) -> Result<Vec<(String, BlobId)>, GitError> {
        let all = || {
            let tree = self.repository.find_commit(commit.0)?.tree_id();
            let changes = Folders::new(&self.repository, root, leaf).advance(tree)?;
            Ok(changes.into_iter().filter_map(|(path, blob)| Some((path, blob?))).collect())
        };
        all().map_err(|source| self.failed("reading a folder", source))
    }
}
