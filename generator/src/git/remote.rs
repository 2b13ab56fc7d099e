//! Remotes: a repository in a folder, worked on in place, or one behind an address, worked on through a cache.
//!
//! In a folder, objects go straight into its database and branches move by compare-and-swap, so the cost does not grow
//! with history; the repository's server-side hooks do not run, because nothing is pushed. Behind an address, the first
//! contact fetches the history and later ones the news; a push names the commit that it replaces. Here is what both have
//! in common: opening and reading. Not here: what is committed.

use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};

use git2::{BranchType, ObjectType, Oid, Repository, Tree};
use p0_access::change::{File, FileChange, FileMode};

use super::history_cache::HistoryCache;
use super::{BlobId, Credentials, GitError, tree};

mod address;
mod folder;
mod lock;

use address::{cache_name, is_address, without_secrets};

/// The name of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(pub(super) Oid);

/// A repository that can be read and whose branches can be moved.
pub struct Remote {
    pub(super) repository: Repository,
    pub(super) past: RefCell<HistoryCache>,
    place: Location,
}

enum Location {
    Folder(PathBuf),
    Address { url: String, shown: String, credentials: Credentials },
}

/// How the commit that a branch moves to stands to the one where it was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It has it behind it.
    Successor,
    /// It need not.
    Replacement,
}

/// Why a branch was not moved.
#[derive(Debug)]
pub(super) enum Unmoved {
    /// It was not where it was expected: somebody else was quicker.
    Lost,
    /// Anything else.
    Failed(GitError),
}

/// Where a branch's tip is kept in a cache.
const FETCHED: &str = "refs/p0/remote/";

impl Remote {
    /// Opens `location`: a path, a `file://` URL, or any other URL or `user@host:path`, whose cache is kept under `cache`.
    ///
    /// # Errors
    /// [`GitError`] where there is no repository, or the cache cannot be made. Behind an address nothing is asked yet.
    pub fn open(location: &str, credentials: Credentials, cache: &Path) -> Result<Self, GitError> {
        let path = location.strip_prefix("file://").unwrap_or(location);
        if path.len() < location.len() || !is_address(location) {
            let source = |source| GitError::Open { place: path.to_owned(), source };
            let repository = Repository::open(path).map_err(source)?;
            return Ok(Self::new(repository, Location::Folder(path.into())));
        }
        let shown = without_secrets(location);
        let folder = cache.join(cache_name(&shown));
        let source = |source| GitError::at(&folder.display().to_string(), "opening the cache", source);
        let repository =
            Repository::open_bare(&folder).or_else(|_| Repository::init_bare(&folder)).map_err(source)?;
        Ok(Self::new(repository, Location::Address { url: location.to_owned(), shown, credentials }))
    }

    fn new(repository: Repository, place: Location) -> Self {
        Self { repository, past: RefCell::default(), place }
    }

    /// Opens the repository that this process runs in, as `git` itself would: in a hook that is the one being pushed to,
    /// with the objects that are not accepted yet.
    ///
    /// # Errors
    /// [`GitError::Open`] where there is none.
    pub fn open_here() -> Result<Self, GitError> {
        let source = |source| GitError::Open { place: ".".to_owned(), source };
        let repository = Repository::open_from_env().map_err(source)?;
        let place = Location::Folder(repository.path().into());
        Ok(Self::new(repository, place))
    }

    /// The path or address, without secrets.
    pub fn place(&self) -> String {
        match &self.place {
            Location::Folder(path) => path.display().to_string(),
            Location::Address { shown, .. } => shown.clone(),
        }
    }

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
        let found = tree::entry(&self.tree(commit)?, path);
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

    /// Every path that differs from `base` to `head`.
    ///
    /// # Errors
    /// [`GitError`] where one of them cannot be read.
    pub fn diff(&self, base: CommitId, head: CommitId) -> Result<Vec<FileChange>, GitError> {
        let (old, new) = (self.tree(base)?, self.tree(head)?);
        tree::diff(&self.repository, &old, &new).map_err(|source| self.failed("comparing trees", source))
    }

    /// The commit from which `head` left `base`.
    ///
    /// # Errors
    /// [`GitError`] where they have nothing in common.
    pub fn merge_base(&self, base: CommitId, head: CommitId) -> Result<CommitId, GitError> {
        let found = self.repository.merge_base(base.0, head.0).map(CommitId);
        found.map_err(|source| self.failed("finding where the branch left base", source))
    }

    pub(super) fn tree(&self, commit: CommitId) -> Result<Tree<'_>, GitError> {
        let found = self.repository.find_commit(commit.0).and_then(|commit| commit.tree());
        found.map_err(|source| self.failed("reading a commit", source))
    }

    pub(super) fn failed(&self, doing: &'static str, source: git2::Error) -> GitError {
        GitError::at(&self.place(), doing, source)
    }

    /// Moves `branch` to a commit that need not have the former one behind it.
    pub(super) fn replace_branch(
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
    pub(super) fn move_branch(
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

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
