//! The forge: where changes are proposed and merged, as the reconciler needs it. A plain Git remote is one.
//!
//! Not here: what is proposed, and when.

use std::sync::Arc;

use jiff::Timestamp;
use p0_access::layout::ClusterName;
use p0_grant::name::GrantId;

use crate::repository::{BaseSnapshot, MergeOutcome, OnBase, Proposal, RemovalReason};

mod git;

pub use git::GitForge;

/// A repository that cannot be read or written now.
#[derive(Debug, thiserror::Error)]
#[error("the repository {place} cannot be used now; what is to be done there waits")]
pub struct ForgeError {
    /// Which, without secrets.
    pub place: String,
    /// Why not.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// One GitOps repository on its forge. Every operation may be done twice; the second time there is nothing to do.
pub trait Forge: Send + Sync {
    /// Where it is, without secrets.
    fn place(&self) -> String;

    /// What base says now.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn snapshot(&self) -> Result<Arc<BaseSnapshot>, ForgeError>;

    /// The grants on base.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn on_base(&self) -> Result<OnBase, ForgeError>;

    /// The commit that base is at.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn head(&self) -> Result<String, ForgeError>;

    /// A file of base as it was in `commit`.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn file_at(&self, commit: &str, path: &str) -> Result<Option<Vec<u8>>, ForgeError>;

    /// Whether `revision`, as an applier names it, is `commit` or a later one.
    fn contains(&self, revision: &str, commit: &str) -> bool;

    /// Whether a change is open.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn is_open(&self, branch: &str) -> Result<bool, ForgeError>;

    /// Opens a change for people to review.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn open(&self, proposal: &Proposal, now: Timestamp) -> Result<(), ForgeError>;

    /// Brings changes to base, as far as the verifier lets them.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn land(&self, proposals: &[Proposal], now: Timestamp) -> Result<Vec<MergeOutcome>, ForgeError>;

    /// Takes grants off base, all in one change.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn remove(
        &self,
        grants: &[(ClusterName, GrantId)],
        why: RemovalReason,
        now: Timestamp,
    ) -> Result<(), ForgeError>;

    /// When the sweep last ran here; `None` where it never did.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn swept(&self) -> Result<Option<Timestamp>, ForgeError>;

    /// Closes a change; whether it was open.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn close(&self, branch: &str) -> Result<bool, ForgeError>;

    /// Puts a file that is no grant on base.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn publish(&self, file: &Publication, now: Timestamp) -> Result<(), ForgeError>;
}

/// A file that is no grant, to be put on base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Its branch.
    pub branch: String,
    /// Its path.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// What the commit says.
    pub subject: String,
}
