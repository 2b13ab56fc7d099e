//! What a commit holds: files, folders, and how it differs from another.

use git2::Oid;
use p0_access::change::{File, FileMode};

use super::{CommitId, Remote};
use crate::git::{BlobId, GitError, TreeDiff, TreeFlaw, tree};

/// What a folder holds under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderEntry {
    /// The name's bytes, which need not be text.
    pub name: Vec<u8>,
    /// What it is.
    pub mode: FileMode,
    /// The object: a file's content where `mode` is a file's.
    pub id: BlobId,
}

impl Remote {
    /// The commit with this full name, if it is here.
    pub fn find(&self, name: &str) -> Option<CommitId> {
        let id = Oid::from_str(name).ok().filter(|_| name.len() == 40)?;
        self.repository.find_commit(id).ok().map(|commit| CommitId(commit.id()))
    }

    /// The file at `path` in `commit`; `None` where there is none.
    ///
    /// # Errors
    /// [`GitError`] where the commit cannot be read.
    pub fn read_file(&self, commit: CommitId, path: &str) -> Result<Option<File>, GitError> {
        let tree = self.tree(commit)?;
        tree::read_file(&self.repository, &tree, path).map_err(|source| self.failed("reading a file", source))
    }

    /// What stands at `path` in `commit`, not read; `None` where there is nothing, or a folder.
    ///
    /// # Errors
    /// [`GitError`] where the commit cannot be read.
    pub fn entry(&self, commit: CommitId, path: &str) -> Result<Option<(BlobId, FileMode)>, GitError> {
        let found = tree::entry(&self.repository, &self.tree(commit)?, path);
        let found = found.map_err(|source| self.failed("reading a folder", source))?;
        Ok(found.map(|(id, mode)| (BlobId(id), mode)))
    }

    /// The names of the entries of `folder` in `commit`, in Git's order.
    ///
    /// # Errors
    /// [`GitError`] where the commit cannot be read.
    pub fn list(&self, commit: CommitId, folder: &str) -> Result<Vec<String>, GitError> {
        let tree = self.tree(commit)?;
        tree::list(&self.repository, &tree, folder).map_err(|source| self.failed("reading a folder", source))
    }

    /// The files of `folder` in `commit`, not read yet.
    ///
    /// # Errors
    /// [`GitError`] where the commit cannot be read.
    pub fn files_of(&self, commit: CommitId, folder: &str) -> Result<Vec<(String, BlobId)>, GitError> {
        let files = tree::files(&self.repository, &self.tree(commit)?, folder);
        let files = files.map_err(|source| self.failed("reading a folder", source))?;
        Ok(files.into_iter().map(|(name, id)| (name, BlobId(id))).collect())
    }

    /// Everything that `folder` holds in `commit`, however malformed its tree is; nothing where there is no such folder.
    ///
    /// # Errors
    /// [`GitError`] where the commit cannot be read.
    pub fn entries(&self, commit: CommitId, folder: &str) -> Result<Option<Vec<FolderEntry>>, GitError> {
        let tree = tree::subtree_id(&self.repository, &self.tree(commit)?, folder);
        let read = |id| tree::raw::entries(&self.repository, id);
        let entries = tree.and_then(|tree| tree.map(read).transpose());
        let entries = entries.map_err(|source| self.failed("reading a folder", source))?;
        let entry = |entry: tree::raw::RawEntry| FolderEntry {
            name: entry.name,
            mode: FileMode::from_bits(entry.mode),
            id: BlobId(entry.id),
        };
        Ok(entries.map(|entries| entries.into_iter().map(entry).collect()))
    }

    /// What is wrong with the folders on the way to `folder` in `commit`, and with it.
    ///
    /// # Errors
    /// [`GitError`] where the commit cannot be read.
    pub fn flaws(&self, commit: CommitId, folder: &str) -> Result<Vec<(String, TreeFlaw)>, GitError> {
        tree::flaws_on_the_way(&self.repository, &self.tree(commit)?, folder)
            .map_err(|source| self.failed("reading a folder", source))
    }

    /// Every path that differs from `base` to `head`.
    ///
    /// # Errors
    /// [`GitError`] where one of them cannot be read.
    pub fn diff(&self, base: CommitId, head: CommitId) -> Result<TreeDiff, GitError> {
        self.diff_trees(base, self.tree(head)?.id())
    }

    /// Every path that differs from `base` to a tree of ours.
    pub(in crate::git) fn diff_trees(&self, base: CommitId, tree: Oid) -> Result<TreeDiff, GitError> {
        let old = self.tree(base)?.id();
        tree::diff::diff(&self.repository, old, tree).map_err(|source| self.failed("comparing trees", source))
    }

    /// The commit from which `head` left `base`.
    ///
    /// # Errors
    /// [`GitError`] where they have nothing in common.
    pub fn merge_base(&self, base: CommitId, head: CommitId) -> Result<CommitId, GitError> {
        let found = self.repository.merge_base(base.0, head.0).map(CommitId);
        found.map_err(|source| self.failed("finding where the branch left base", source))
    }
}
