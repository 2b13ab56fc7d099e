//! What a forge that commits and merges by itself asks of Git: the files that a change touches, whether a branch holds exactly a
//! change, and what merging a branch would make. Nothing here moves base.

use p0_access::change::{Edit, FileChange};

use super::{BaseBranch, CommitId, GitError, Identity, MergeError, Message, TRIES};
use crate::git::remote::Unmoved;

impl BaseBranch {
    /// The files that `edits` change in `at`; none where it already is as they would make it.
    ///
    /// # Errors
    /// [`GitError`] where the edits cannot be made.
    pub fn changed_files(&self, at: CommitId, edits: &[Edit]) -> Result<Vec<FileChange>, GitError> {
        let edited = self.edited(at, edits)?;
        Ok(self.remote.diff_trees(at, edited)?.files)
    }

    /// Whether the branch at `tip` holds what `edits` make of the commit where it left `base`, and nothing else. Base may have been
    /// merged into it since.
    ///
    /// # Errors
    /// [`MergeError`] where that cannot be found out.
    pub fn holds_exactly<E: std::error::Error>(
        &self,
        base: CommitId,
        tip: CommitId,
        edits: impl FnOnce(CommitId) -> Result<Vec<Edit>, E>,
    ) -> Result<bool, MergeError<E>> {
        let left = self.remote.merge_base(base, tip)?;
        let own = self.edited(left, &edits(left).map_err(MergeError::Refused)?)?;
        Ok(own == self.remote.tree(tip)?.id())
    }

    /// The commit that merging `tip` into `base` would make, on no branch; `None` where they conflict.
    ///
    /// # Errors
    /// [`GitError`] where a commit cannot be read or written.
    pub fn merge_of(
        &self,
        base: CommitId,
        tip: CommitId,
        by: &Identity,
    ) -> Result<Option<CommitId>, GitError> {
        let repository = &self.remote.repository;
        let tree = (|| {
            let (ours, theirs) = (repository.find_commit(base.0)?, repository.find_commit(tip.0)?);
            let mut index = repository.merge_commits(&ours, &theirs, None)?;
            match index.has_conflicts() {
                true => Ok(None),
                false => index.write_tree_to(repository).map(Some),
            }
        })();
        match tree.map_err(|source| self.remote.failed("merging", source))? {
            None => Ok(None),
            Some(tree) => self.commit(by, "What a merge would make", tree, &[base, tip]).map(Some),
        }
    }

    /// A commit with `edits` on `base`, on no branch; `None` where base already is as they would make it.
    ///
    /// # Errors
    /// [`GitError`] where the edits cannot be made.
    pub fn commit_on(
        &self,
        base: CommitId,
        by: &Identity,
        message: &Message,
        edits: &[Edit],
    ) -> Result<Option<CommitId>, GitError> {
        let tree = self.edited(base, edits)?;
        match tree == self.remote.tree(base)?.id() {
            true => Ok(None),
            false => self.commit(by, &message.text(), tree, &[base]).map(Some),
        }
    }

    /// Whether two commits hold the same files.
    ///
    /// # Errors
    /// [`GitError`] where one cannot be read.
    pub fn is_same(&self, one: CommitId, other: CommitId) -> Result<bool, GitError> {
        Ok(self.remote.tree(one)?.id() == self.remote.tree(other)?.id())
    }

    /// Moves `branch`, wherever it is, to `commit`.
    ///
    /// # Errors
    /// [`GitError`] where it is not moved.
    pub fn put_branch(&self, branch: &str, commit: CommitId) -> Result<(), GitError> {
        for _ in 0..TRIES {
            let tip = self.remote.tip(branch)?;
            if tip == Some(commit) {
                return Ok(());
            }
            match self.remote.replace_branch(branch, tip, commit) {
                Ok(()) => return Ok(()),
                Err(Unmoved::Lost) => {}
                Err(Unmoved::Failed(error)) => return Err(error),
            }
        }
        Err(GitError::LostRace { branch: branch.to_owned(), tries: TRIES })
    }
}
