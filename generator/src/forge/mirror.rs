//! What one repository says, read the same way on every forge. Calls block: Git reads disks and asks remotes.
//!
//! A mirror has several handles of the repository, so that what waits for the network holds up nothing else. Not here: lending them
//! (`mirror/handles.rs`).

use std::sync::Arc;

use super::ForgeError;
use crate::repository::{BaseSnapshot, Heartbeat, OnBase, Repository, RepositoryError};

mod handles;

use handles::{Handles, Purpose};

/// A repository. Clones share its handles; readers and the forge use it side by side.
#[derive(Clone)]
pub struct Mirror {
    place: Arc<str>,
    base: Arc<str>,
    handles: Arc<Handles>,
}

impl Mirror {
    /// A mirror of `repository`.
    pub fn new(repository: Repository) -> Self {
        let branch = repository.branch();
        let (place, base) = (branch.remote().place().into(), branch.base().into());
        Self { place, base, handles: Arc::new(Handles::new(repository)) }
    }

    /// Where the repository is, without secrets.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What base says now.
    ///
    /// # Errors
    /// [`ForgeError`].
    pub fn snapshot(&self) -> Result<Arc<BaseSnapshot>, ForgeError> {
        self.read(Repository::snapshot)
    }

    /// The grants on base.
    ///
    /// # Errors
    /// [`ForgeError`].
    pub fn on_base(&self) -> Result<OnBase, ForgeError> {
        self.read(Repository::on_base)
    }

    /// The commit that base is at.
    ///
    /// # Errors
    /// [`ForgeError`].
    pub fn head(&self) -> Result<String, ForgeError> {
        self.read(|repository| Ok(repository.branch().head()?.to_string()))
    }

    /// A file as it was in `commit`.
    ///
    /// # Errors
    /// [`ForgeError`].
    pub fn file_at(&self, commit: &str, path: &str) -> Result<Option<Vec<u8>>, ForgeError> {
        self.read(|repository| repository.file_at(commit, path))
    }

    /// Whether `revision`, as an applier names it, is `commit` or a later one.
    ///
    /// # Errors
    /// [`ForgeError`]: then nothing is known.
    pub fn contains(&self, revision: &str, commit: &str) -> Result<bool, ForgeError> {
        self.read(|repository| repository.contains(revision, commit))
    }

    /// What the last sweep saw here; `None` where there never was one.
    ///
    /// # Errors
    /// [`ForgeError`].
    pub fn heartbeat(&self) -> Result<Option<Heartbeat>, ForgeError> {
        self.read(Repository::heartbeat)
    }

    /// The base branch.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// What could not be done there.
    pub(super) fn lost(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ForgeError {
        ForgeError { place: self.place.to_string(), source: error.into() }
    }

    /// Does what the forge does. Git blocks, so it works on a thread of its own.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Repository) -> Result<T, RepositoryError> + Send + 'static,
    ) -> Result<T, ForgeError> {
        let mirror = self.clone();
        match tokio::task::spawn_blocking(move || mirror.with_handle(Purpose::Change, act)).await {
            Ok(done) => done,
            Err(broken) => Err(self.lost(broken)),
        }
    }

    fn read<T>(&self, act: impl FnOnce(&Repository) -> Result<T, RepositoryError>) -> Result<T, ForgeError> {
        self.with_handle(Purpose::Read, act)
    }

    fn with_handle<T>(
        &self,
        purpose: Purpose,
        act: impl FnOnce(&Repository) -> Result<T, RepositoryError>,
    ) -> Result<T, ForgeError> {
        self.handles.with(purpose, act).map_err(|error| self.lost(error))
    }
}
