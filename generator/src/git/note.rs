//! Notes: a branch that holds one small file and no history, for what is only true until the next time.

use super::remote::Unmoved;
use super::{BaseBranch, GitError, Identity, Message, commit};

impl BaseBranch {
    /// Puts `bytes` at `path` of `branch`, as the only file of its only commit, in place of what was there.
    ///
    /// # Errors
    /// [`GitError`]; the branch is where it was.
    pub fn put_note(
        &self,
        branch: &str,
        path: &str,
        bytes: &[u8],
        by: &Identity,
        message: &Message,
    ) -> Result<(), GitError> {
        let repository = &self.remote().repository;
        let failed = |source| self.remote().failed("writing a note", source);
        let write = || {
            let mut builder = repository.treebuilder(None)?;
            builder.insert(path, repository.blob(bytes)?, 0o100_644)?;
            commit::write(repository, by, &message.text(), builder.write()?, &[])
        };
        let made = super::CommitId(write().map_err(failed)?);
        let before = self.remote().tip(branch)?;
        match self.remote().replace_branch(branch, before, made) {
            Ok(()) => Ok(()),
            Err(Unmoved::Lost) => Err(GitError::LostRace { branch: branch.to_owned(), tries: 1 }),
            Err(Unmoved::Failed(error)) => Err(error),
        }
    }

    /// What `path` of `branch` holds; nothing where there is no such branch.
    ///
    /// # Errors
    /// [`GitError`] where the remote cannot be asked.
    pub fn note(&self, branch: &str, path: &str) -> Result<Option<Vec<u8>>, GitError> {
        let Some(tip) = self.remote().tip(branch)? else { return Ok(None) };
        Ok(self.remote().read_file(tip, path)?.map(|file| file.bytes))
    }
}
