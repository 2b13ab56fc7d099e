//! The branches of a remote: where they are, and how they move. Both kinds of remote have this in common.

use std::collections::BTreeMap;

use git2::{BranchType, ObjectType};

use super::{CommitId, Location, Remote};
use crate::git::GitError;

/// How the commit that a branch moves to stands to the one where it was.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It has it behind it.
    Successor,
    /// It need not.
    Replacement,
}

/// Why a branch was not moved.
#[derive(Debug)]
pub(in crate::git) enum Unmoved {
    /// It was not where it was expected: somebody else was quicker.
    Lost,
    /// Anything else.
    Failed(GitError),
}

/// Where a branch's tip is kept in a cache.
pub(super) const FETCHED: &str = "refs/p0/remote/";
/// Where the tip of a pull request is kept in a cache.
const PULLS: &str = "refs/p0/pull/";

impl Remote {
    /// The commit at the tip of `branch`; `None` where there is no such branch. Behind an address this asks the network.
    ///
    /// # Errors
    /// [`GitError`] where the remote cannot be asked.
    pub fn tip(&self, branch: &str) -> Result<Option<CommitId>, GitError> {
        let reference = match &self.place {
            Location::Folder(_) => format!("refs/heads/{branch}"),
            Location::Address { url, credentials, .. } => {
                self.fetch(url, credentials, branch)?;
                format!("{FETCHED}{branch}")
            }
        };
        match self.repository.refname_to_id(&reference) {
            Ok(id) => Ok(Some(CommitId(id))),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(source) => Err(self.failed("reading a branch", source)),
        }
    }

    /// The tip of a pull request's branch, which forges keep under `refs/pull/`: the branch itself may be in a fork.
    ///
    /// # Errors
    /// [`GitError`] where the remote cannot be asked.
    pub fn pull_head(&self, number: u64) -> Result<Option<CommitId>, GitError> {
        let there = format!("refs/pull/{number}/head");
        let here = match &self.place {
            Location::Folder(_) => there,
            Location::Address { url, credentials, .. } => {
                let here = format!("{PULLS}{number}");
                self.fetch_into(url, credentials, &format!("+{there}:{here}"))?;
                here
            }
        };
        match self.repository.refname_to_id(&here) {
            Ok(id) => Ok(Some(CommitId(id))),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(source) => Err(self.failed("reading a pull request's branch", source)),
        }
    }

    /// The commit at the tip of `branch`.
    ///
    /// # Errors
    /// [`GitError::NoBranch`] lists what there is.
    pub fn head(&self, branch: &str) -> Result<CommitId, GitError> {
        self.tip(branch)?.ok_or_else(|| GitError::NoBranch {
            place: self.place(),
            branch: branch.to_owned(),
            branches: self.branches(),
        })
    }

    /// The commit that `name` means: a full branch or tag name, `HEAD`, a commit's name or any of Git's spellings.
    ///
    /// # Errors
    /// [`GitError::NoBranch`] where it means nothing here.
    pub fn resolve(&self, name: &str) -> Result<CommitId, GitError> {
        let found = self.repository.revparse_single(name).and_then(|object| object.peel(ObjectType::Commit));
        match found {
            Ok(object) => Ok(CommitId(object.id())),
            Err(_) => self.head(name),
        }
    }

    /// Every branch and pull request with the commit at its tip, asked of the remote at once. No object is fetched.
    ///
    /// # Errors
    /// [`GitError`] where the remote cannot be asked.
    pub fn advertised(&self) -> Result<BTreeMap<String, String>, GitError> {
        match &self.place {
            Location::Address { url, credentials, .. } => self.list_remote(url, credentials),
            Location::Folder(_) => {
                let read = |source| self.failed("listing branches", source);
                let mut all = BTreeMap::new();
                for reference in self.repository.references().map_err(read)? {
                    let reference = reference.map_err(read)?;
                    if let (Ok(name), Some(id)) = (reference.name(), reference.target()) {
                        all.insert(name.to_owned(), id.to_string());
                    }
                }
                Ok(all)
            }
        }
    }

    /// Moves `branch` to a commit that need not have the former one behind it.
    pub(in crate::git) fn replace_branch(
        &self,
        branch: &str,
        from: Option<CommitId>,
        to: CommitId,
    ) -> Result<(), Unmoved> {
        match &self.place {
            Location::Folder(_) => self.move_here(branch, from, Some(to)),
            Location::Address { url, credentials, .. } => {
                self.push(url, credentials, (branch, Kind::Replacement), from, Some(to))
            }
        }
    }

    /// Moves `branch` from one commit to another; `None` is "no such branch".
    pub(in crate::git) fn move_branch(
        &self,
        branch: &str,
        from: Option<CommitId>,
        to: Option<CommitId>,
    ) -> Result<(), Unmoved> {
        match &self.place {
            Location::Folder(_) => self.move_here(branch, from, to),
            Location::Address { url, credentials, .. } => {
                self.push(url, credentials, (branch, Kind::Successor), from, to)
            }
        }
    }

    fn branches(&self) -> String {
        let here = self.repository.branches(Some(BranchType::Local)).into_iter().flatten().flatten();
        let mut names: Vec<String> = here
            .filter_map(|(branch, _)| branch.name().ok().map(|name| format!("`{}`", name.unwrap_or("?"))))
            .collect();
        let fetched = self.repository.references_glob(&format!("{FETCHED}*")).into_iter().flatten().flatten();
        names.extend(fetched.filter_map(|reference| {
            reference.name().ok()?.strip_prefix(FETCHED).map(|name| format!("`{name}`"))
        }));
        names.truncate(10);
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    }
}
