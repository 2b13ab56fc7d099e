//! The forge that is a plain Git remote.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use p0_access::layout::ClusterName;
use p0_grant::name::GrantId;

use super::{Forge, ForgeError, Publication};
use crate::git::{Identity, Message};
use crate::repository::{
    BaseSnapshot, MergeOutcome, OnBase, Proposal, Removal, RemovalReason, Repository, RepositoryError,
};

/// A repository on a plain Git remote. One thing is done there at a time.
pub struct GitForge {
    place: String,
    repository: Mutex<Repository>,
    name: String,
    email: String,
}

impl GitForge {
    /// `repository`, in which `name` commits.
    pub fn new(repository: Repository, name: impl Into<String>, email: impl Into<String>) -> Self {
        let place = repository.branch().remote().place();
        Self { place, repository: Mutex::new(repository), name: name.into(), email: email.into() }
    }

    fn by(&self, at: Timestamp) -> Identity {
        Identity { name: self.name.clone(), email: self.email.clone(), at }
    }

    fn with<T>(&self, act: impl FnOnce(&Repository) -> Result<T, RepositoryError>) -> Result<T, ForgeError> {
        // Whoever broke off in the middle left the repository as it was: every operation is one move of a branch.
        let repository = self.repository.lock().unwrap_or_else(PoisonError::into_inner);
        act(&repository).map_err(|error| ForgeError { place: self.place.clone(), source: Box::new(error) })
    }
}

impl Forge for GitForge {
    fn place(&self) -> String {
        self.place.clone()
    }

    fn snapshot(&self) -> Result<Arc<BaseSnapshot>, ForgeError> {
        self.with(Repository::snapshot)
    }

    fn on_base(&self) -> Result<OnBase, ForgeError> {
        self.with(Repository::on_base)
    }

    fn head(&self) -> Result<String, ForgeError> {
        self.with(|repository| Ok(repository.branch().head()?.to_string()))
    }

    fn file_at(&self, commit: &str, path: &str) -> Result<Option<Vec<u8>>, ForgeError> {
        self.with(|repository| repository.file_at(commit, path))
    }

    fn contains(&self, revision: &str, commit: &str) -> bool {
        self.with(|repository| repository.contains(revision, commit)).unwrap_or(false)
    }

    fn is_open(&self, branch: &str) -> Result<bool, ForgeError> {
        self.with(|repository| repository.is_open(branch))
    }

    fn open(&self, proposal: &Proposal, now: Timestamp) -> Result<(), ForgeError> {
        self.with(|repository| repository.open(proposal, &self.by(now)))
    }

    fn land(&self, proposals: &[Proposal], now: Timestamp) -> Result<Vec<MergeOutcome>, ForgeError> {
        self.with(|repository| repository.land(proposals, &self.by(now), now))
    }

    fn remove(
        &self,
        grants: &[(ClusterName, GrantId)],
        why: RemovalReason,
        now: Timestamp,
    ) -> Result<(), ForgeError> {
        let removal = Removal::of(grants.iter().cloned(), why);
        self.with(|repository| repository.remove(&removal, &self.by(now), now).map(drop))
    }

    fn swept(&self) -> Result<Option<Timestamp>, ForgeError> {
        self.with(|repository| Ok(repository.heartbeat()?.map(|heartbeat| heartbeat.at)))
    }

    fn close(&self, branch: &str) -> Result<bool, ForgeError> {
        self.with(|repository| repository.close(branch))
    }

    fn publish(&self, file: &Publication, now: Timestamp) -> Result<(), ForgeError> {
        let message = Message { subject: file.subject.clone(), ..Message::default() };
        self.with(|repository| {
            repository.publish(&file.branch, &file.path, &file.bytes, message, self.by(now))
        })
    }
}
