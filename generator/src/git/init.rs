//! New repositories: a bare one, and the first files of one.

use std::path::Path;

use git2::{Repository, RepositoryInitOptions};
use p0_access::change::Edit;

use super::remote::Unmoved;
use super::{CommitId, Credentials, GitError, Identity, Message, Remote, commit, tree};

/// What became of files that were to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// The branch moved to this commit.
    Commit(CommitId),
    /// The branch has all of them as they are.
    Nothing,
}

/// Makes a bare repository at `path` whose head is `branch`, or opens the one that is there. A new one refuses pushes of
/// malformed objects: <https://git-scm.com/docs/git-config#Documentation/git-config.txt-receivefsckObjects>.
///
/// # Errors
/// [`GitError`] where something else stands there.
pub fn create_bare(path: &Path, branch: &str) -> Result<Remote, GitError> {
    let place = path.display().to_string();
    let occupied = path.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    if !occupied {
        let mut options = RepositoryInitOptions::new();
        options.bare(true).initial_head(branch).mkpath(true).external_template(false);
        Repository::init_opts(path, &options)
            .and_then(|repository| repository.config()?.set_bool("receive.fsckObjects", true))
            .map_err(|source| GitError::at(&place, "making a repository", source))?;
    }
    Remote::open(&place, Credentials::default(), Path::new(""))
}

/// Adds one commit with `edits` to `branch` of `remote`; the branch may be new.
///
/// # Errors
/// [`GitError`]; the branch is where it was.
pub fn add_files(
    remote: &Remote,
    branch: &str,
    edits: &[Edit],
    by: &Identity,
    message: &Message,
) -> Result<Made, GitError> {
    let repository = &remote.repository;
    let failed = |source| remote.failed("writing the first files", source);
    let base = remote.tip(branch)?;
    let tree = match base {
        Some(base) => remote.tree(base)?,
        None => {
            let empty = repository.treebuilder(None).and_then(|builder| builder.write()).map_err(failed)?;
            repository.find_tree(empty).map_err(failed)?
        }
    };
    let edited = tree::apply(repository, &tree, edits)?;
    if base.is_some() && edited == tree.id() {
        return Ok(Made::Nothing);
    }
    let parents: Vec<git2::Oid> = base.iter().map(|base| base.0).collect();
    let made = CommitId(commit::write(repository, by, &message.text(), edited, &parents).map_err(failed)?);
    match remote.move_branch(branch, base, Some(made)) {
        Ok(()) => Ok(Made::Commit(made)),
        Err(Unmoved::Lost) => Err(GitError::LostRace { branch: branch.to_owned(), tries: 1 }),
        Err(Unmoved::Failed(error)) => Err(error),
    }
}
