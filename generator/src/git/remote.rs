//! Remotes: a repository in a folder, worked on in place, or one behind an address, worked on through a cache.
//!
//! In a folder, objects go straight into its database and branches move by compare-and-swap, so the cost does not grow
//! with history; the repository's server-side hooks do not run, because nothing is pushed. Behind an address, the first
//! contact fetches the history and later ones the news; a push names the commit that it replaces. Here is how one is opened;
//! `remote/branches.rs` finds and moves branches, `remote/read.rs` reads commits. Not here: what is committed.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use git2::{Repository, Tree};

use super::history_cache::HistoryCache;
use super::{CommitId, Credentials, GitError};

mod address;
mod branches;
mod folder;
mod lock;
mod read;

use address::{cache_name, is_address, without_secrets};
pub(super) use branches::Unmoved;
pub use read::FolderEntry;

/// A repository that can be read and whose branches can be moved.
pub struct Remote {
    pub(super) repository: Repository,
    pub(super) past: RefCell<HistoryCache>,
    place: Location,
}

#[derive(Clone)]
enum Location {
    Folder(PathBuf),
    Address { url: String, shown: String, credentials: Credentials },
}

impl Remote {
    /// Opens `location`: a path, a `file://` URL, or any other URL or `user@host:path`, whose cache is kept under `cache`.
    ///
    /// # Errors
    /// [`GitError`] where there is no repository, or the cache cannot be made. Behind an address nothing is asked yet.
    pub fn open(location: &str, credentials: Credentials, cache: &Path) -> Result<Self, GitError> {
        let path = location.strip_prefix("file://").unwrap_or(location);
        if path.len() < location.len() || !is_address(location) {
            let repository = Repository::open(path).map_err(|source| GitError::open(path, source))?;
            return Ok(Self::new(repository, Location::Folder(path.into())));
        }
        let shown = without_secrets(location);
        let folder = cache.join(cache_name(&shown));
        let source = |source| GitError::at(&folder.display().to_string(), "opening the cache", source);
        let repository =
            Repository::open_bare(&folder).or_else(|_| Repository::init_bare(&folder)).map_err(source)?;
        Ok(Self::new(repository, Location::Address { url: location.to_owned(), shown, credentials }))
    }

    /// What opens further handles of this repository, for work beside this value's.
    pub(super) fn opener(&self) -> impl Fn() -> Result<Self, GitError> + Send + Sync + use<> {
        let (path, shown, place) = (self.repository.path().to_owned(), self.place(), self.place.clone());
        move || {
            let repository = Repository::open(&path).map_err(|source| GitError::open(&shown, source))?;
            Ok(Self::new(repository, place.clone()))
        }
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
        let repository = Repository::open_from_env().map_err(|source| GitError::open(".", source))?;
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

    pub(super) fn tree(&self, commit: CommitId) -> Result<Tree<'_>, GitError> {
        let found = self.repository.find_commit(commit.0).and_then(|commit| commit.tree());
        found.map_err(|source| self.failed("reading a commit", source))
    }

    pub(super) fn failed(&self, doing: &'static str, source: git2::Error) -> GitError {
        GitError::at(&self.place(), doing, source)
    }
}
