//! What one repository says, read the same way on every forge. Calls block: Git reads disks and asks remotes.

use std::sync::{Arc, Mutex, PoisonError};

use super::ForgeError;
use crate::repository::{BaseSnapshot, Heartbeat, OnBase, Repository, RepositoryError};

/// A repository for reading. Clones share it; one thing is done there at a time, and nothing that writes: the forge has the repository
/// open for itself.
#[derive(Clone)]
pub struct Mirror {
    place: Arc<str>,
    repository: Arc<Mutex<Repository>>,
}

impl Mirror {
    /// A mirror of `repository`.
    pub fn new(repository: Repository) -> Self {
        let place = repository.branch().remote().place();
        Self { place: place.into(), repository: Arc::new(Mutex::new(repository)) }
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
        self.with(Repository::snapshot)
    }

    /// The grants on base.
    ///
    /// # Errors
    /// [`ForgeError`].
    pub fn on_base(&self) -> Result<OnBase, ForgeError> {
        self.with(Repository::on_base)
    }

    /// The commit that base is at.
    ///
    /// # Errors
    /// [`ForgeError`].
    pub fn head(&self) -> Result<String, ForgeError> {
        self.with(|repository| Ok(repository.branch().head()?.to_string()))
    }

    /// A file as it was in `commit`.
    ///
    /// # Errors
    /// [`ForgeError`].
    pub fn file_at(&self, commit: &str, path: &str) -> Result<Option<Vec<u8>>, ForgeError> {
        self.with(|repository| repository.file_at(commit, path))
    }

    /// Whether `revision`, as an applier names it, is `commit` or a later one.
    ///
    /// # Errors
    /// [`ForgeError`]: then nothing is known.
    pub fn contains(&self, revision: &str, commit: &str) -> Result<bool, ForgeError> {
        self.with(|repository| repository.contains(revision, commit))
    }

    /// What the last sweep saw here; `None` where there never was one.
    ///
    /// # Errors
    /// [`ForgeError`].
    pub fn heartbeat(&self) -> Result<Option<Heartbeat>, ForgeError> {
        self.with(Repository::heartbeat)
    }

    /// The base branch.
    pub(super) fn base(&self) -> String {
        self.repository.lock().unwrap_or_else(PoisonError::into_inner).branch().base().to_owned()
    }

    /// What could not be done there.
    pub(super) fn lost(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ForgeError {
        ForgeError { place: self.place.to_string(), source: error.into() }
    }

    /// Git blocks, so it works on a thread of its own.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Repository) -> Result<T, RepositoryError> + Send + 'static,
    ) -> Result<T, ForgeError> {
        let mirror = self.clone();
        match tokio::task::spawn_blocking(move || mirror.with(act)).await {
            Ok(done) => done,
            Err(broken) => Err(self.lost(broken)),
        }
    }

    pub(super) fn with<T>(
        &self,
        act: impl FnOnce(&Repository) -> Result<T, RepositoryError>,
    ) -> Result<T, ForgeError> {
        // A thread that broke off left the repository as it was: every operation is one move of a branch.
        let repository = self.repository.lock().unwrap_or_else(PoisonError::into_inner);
        act(&repository).map_err(|error| self.lost(error))
    }
}
