//! What the desk needs of the outside: a forge, a messenger, and somebody who knows who is on call.
//!
//! Each is a small trait with one embedded implementation: a plain Git remote, notices kept in the store, and a file. What
//! comes next (GitHub, Slack, PagerDuty) plugs in here. Not here: what is asked of them, and when.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use p0_access::layout::ClusterName;
use p0_access::policy::Duty;
use p0_access::request::{Notice, Request};
use p0_grant::name::GrantId;

use crate::repository::{Fate, OnBase, Proposal, Why};

mod git;
mod noticeboard;
mod on_call;

pub use git::GitForge;
pub use noticeboard::Noticeboard;
pub use on_call::{DutyFile, NobodyOnCall};

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

    /// The files of base at `paths`, and those of `folder`.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn files(&self, paths: &[String], folder: &str) -> Result<BTreeMap<String, Vec<u8>>, ForgeError>;

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

    /// Brings changes to base, as far as the judge lets them.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn land(&self, proposals: &[Proposal], now: Timestamp) -> Result<Vec<Fate>, ForgeError>;

    /// Takes grants off base, all in one change.
    ///
    /// # Errors
    /// [`ForgeError`].
    fn remove(&self, grants: &[(ClusterName, GrantId)], why: Why, now: Timestamp) -> Result<(), ForgeError>;

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

/// Something to tell people.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// What makes telling it twice once.
    pub key: &'a str,
    /// About which request.
    pub request: &'a Request,
    /// What.
    pub notice: &'a Notice,
    /// When.
    pub at: Timestamp,
}

/// Tells people.
#[async_trait]
pub trait Messenger: Send + Sync {
    /// Tells whomever it concerns; twice is once.
    ///
    /// # Errors
    /// Why it could not be told; it is tried again.
    async fn tell(&self, message: &Message<'_>) -> Result<(), String>;
}

/// Knows who is on call.
#[async_trait]
pub trait OnCallLookup: Send + Sync {
    /// Who is, at `now`.
    ///
    /// # Errors
    /// Why it is not known: then approvers are asked, as if nobody was.
    async fn duties(&self, now: Timestamp) -> Result<Vec<Duty>, String>;
}
