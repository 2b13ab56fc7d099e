//! Base and the branches that change it: a change is a branch with one commit; merging rebuilds it on the head of base and judges exactly that.
//!
//! Every operation is idempotent: the second time it says that there is nothing to do. Not here: what a change holds,
//! and who judges it.

use p0_access::change::Edit;

use super::remote::Unmoved;
use super::{CommitId, GitError, Identity, Message, Remote, commit, tree};

mod hosted;
mod many;

/// How often a lost race is run again.
const TRIES: usize = 16;

/// A repository with its base branch.
pub struct BaseBranch {
    remote: Remote,
    base: String,
}

/// A change to be proposed: a branch with one commit.
pub struct Change {
    /// The branch's name: the key that makes proposing twice one change.
    pub branch: String,
    /// The commit's message.
    pub message: Message,
    /// Who commits, and when.
    pub by: Identity,
}

/// What became of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ensured {
    /// The branch was made.
    Made(CommitId),
    /// The branch was there and holds this very change.
    Unchanged(CommitId),
    /// Base already is as the change would make it.
    AlreadyOnBase(CommitId),
}

/// What a verifier is shown: base as it is, and as it would be.
#[derive(Clone, Copy, Debug)]
pub struct Proposed {
    /// The head of base.
    pub base: CommitId,
    /// The merge commit that base would move to.
    pub head: CommitId,
}

/// Why base was not moved.
#[derive(Debug, thiserror::Error)]
pub enum MergeError<E: std::error::Error + 'static> {
    /// Git said no.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The edits could not be made, or the verifier said no.
    #[error(transparent)]
    Refused(E),
}

impl BaseBranch {
    /// `remote`, whose protected branch is `base`.
    pub fn new(remote: Remote, base: impl Into<String>) -> Self {
        Self { remote, base: base.into() }
    }

    /// What opens further handles of this repository, for work beside this value's.
    pub(crate) fn opener(&self) -> impl Fn() -> Result<Self, GitError> + Send + Sync + use<> {
        let (open, base) = (self.remote.opener(), self.base.clone());
        move || Ok(Self { remote: open()?, base: base.clone() })
    }

    /// The repository, for reading.
    pub fn remote(&self) -> &Remote {
        &self.remote
    }

    /// The name of the base branch.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The head of base.
    ///
    /// # Errors
    /// [`GitError::NoBranch`] where there is none.
    pub fn head(&self) -> Result<CommitId, GitError> {
        self.remote.head(&self.base)
    }

    /// Makes sure that `change`'s branch holds one commit with the edits that `edits` makes for a base commit.
    ///
    /// # Errors
    /// [`GitError::ForeignBranch`] where the branch holds something else; nothing is written then.
    pub fn ensure_change<E: std::error::Error>(
        &self,
        change: &Change,
        mut edits: impl FnMut(CommitId) -> Result<Vec<Edit>, E>,
    ) -> Result<Ensured, MergeError<E>> {
        let message = change.message.text();
        for _ in 0..TRIES {
            if let Some(tip) = self.remote.tip(&change.branch)? {
                let parent = self
                    .only_parent(&change.branch, tip)
                    .map_err(|_| GitError::ForeignBranch(change.branch.clone()))?;
                let tree = self.edited(parent, &edits(parent).map_err(MergeError::Refused)?)?;
                return match tree == self.remote.tree(tip)?.id() {
                    true => Ok(Ensured::Unchanged(tip)),
                    false => Err(GitError::ForeignBranch(change.branch.clone()).into()),
                };
            }
            let base = self.head()?;
            let tree = self.edited(base, &edits(base).map_err(MergeError::Refused)?)?;
            if tree == self.remote.tree(base)?.id() {
                return Ok(Ensured::AlreadyOnBase(base));
            }
            let commit = self.commit(&change.by, &message, tree, &[base])?;
            match self.remote.move_branch(&change.branch, None, Some(commit)) {
                Ok(()) => return Ok(Ensured::Made(commit)),
                Err(Unmoved::Lost) => {}
                Err(Unmoved::Failed(error)) => return Err(error.into()),
            }
        }
        Err(GitError::LostRace { branch: change.branch.clone(), tries: TRIES }.into())
    }

    /// Moves base by one commit with the edits that `edits` makes for its head: for what takes away and waits for no
    /// branch. `verify` sees the commit before base moves. Nothing where base already is as the edits would make it.
    ///
    /// # Errors
    /// [`MergeError`]; base is where it was.
    pub fn land<E: std::error::Error>(
        &self,
        by: &Identity,
        message: &Message,
        mut edits: impl FnMut(CommitId) -> Result<Vec<Edit>, E>,
        mut verify: impl FnMut(Proposed) -> Result<(), E>,
    ) -> Result<Option<CommitId>, MergeError<E>> {
        let message = message.text();
        for _ in 0..TRIES {
            let base = self.head()?;
            let tree = self.edited(base, &edits(base).map_err(MergeError::Refused)?)?;
            if tree == self.remote.tree(base)?.id() {
                return Ok(None);
            }
            let head = self.commit(by, &message, tree, &[base])?;
            verify(Proposed { base, head }).map_err(MergeError::Refused)?;
            match self.remote.move_branch(&self.base, Some(base), Some(head)) {
                Ok(()) => return Ok(Some(head)),
                Err(Unmoved::Lost) => {}
                Err(Unmoved::Failed(error)) => return Err(error.into()),
            }
        }
        Err(GitError::LostRace { branch: self.base.clone(), tries: TRIES }.into())
    }

    /// Deletes `branch`; whether there was one.
    ///
    /// # Errors
    /// [`GitError`] where it cannot be deleted.
    pub fn delete(&self, branch: &str) -> Result<bool, GitError> {
        let Some(tip) = self.remote.tip(branch)? else { return Ok(false) };
        match self.remote.move_branch(branch, Some(tip), None) {
            Ok(()) => Ok(true),
            Err(Unmoved::Lost) => Err(GitError::LostRace { branch: branch.to_owned(), tries: 1 }),
            Err(Unmoved::Failed(error)) => Err(error),
        }
    }

    /// The merge is done; a branch that cannot be deleted, because somebody moved or deleted it, is not worth an error.
    fn tidy(&self, branch: &str, tip: CommitId) -> Result<(), GitError> {
        match self.remote.move_branch(branch, Some(tip), None) {
            Ok(()) | Err(Unmoved::Lost) => Ok(()),
            Err(Unmoved::Failed(error)) => Err(error),
        }
    }

    fn edited(&self, commit: CommitId, edits: &[Edit]) -> Result<git2::Oid, GitError> {
        tree::apply(&self.remote.repository, &self.remote.tree(commit)?, edits)
    }

    fn commit(
        &self,
        by: &Identity,
        message: &str,
        tree: git2::Oid,
        parents: &[CommitId],
    ) -> Result<CommitId, GitError> {
        let parents: Vec<git2::Oid> = parents.iter().map(|parent| parent.0).collect();
        let made = commit::write(&self.remote.repository, by, message, tree, &parents);
        made.map(CommitId).map_err(|source| self.remote.failed("writing a commit", source))
    }

    fn only_parent(&self, branch: &str, tip: CommitId) -> Result<CommitId, GitError> {
        let commit = self.remote.repository.find_commit(tip.0);
        let commit = commit.map_err(|source| self.remote.failed("reading a commit", source))?;
        match (commit.parent_count(), commit.parent_id(0)) {
            (1, Ok(parent)) => Ok(CommitId(parent)),
            _ => Err(self.foreign(branch, "it has not exactly one parent")),
        }
    }

    fn foreign(&self, branch: &str, problem: &'static str) -> GitError {
        GitError::ForeignTip { branch: branch.to_owned(), base: self.base.clone(), problem }
    }
}
