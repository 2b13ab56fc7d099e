//! The forge: where change requests are opened and merged. A plain Git remote is one; those with pull requests are alike but for
//! their API ([`PullRequestForge`], [`Host`]).
//!
//! Reading is the same for every forge ([`Mirror`]). What differs is this one small trait. Not here: what is proposed, and when
//! ([`crate::reconcile`]), and what a change request holds ([`crate::repository::ChangeRequest`]).

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use p0_access::verifier::Finding;

use crate::repository::{ChangeRequest, Repository, Restored};

mod git;
mod gitea;
mod github;
pub mod host;
pub(crate) mod markdown;
mod mirror;
mod pull_requests;
pub mod setup;

pub use git::GitForge;
pub use gitea::{
    BranchUsers, GiteaHost, GiteaPatient, GiteaSetup, diagnose as diagnose_gitea, set_up as set_up_gitea,
};
pub use github::{GithubHost, GithubPatient, diagnose as diagnose_github};
pub use host::Host;
pub use mirror::Mirror;
pub use pull_requests::{Checker, PullRequestForge, VERIFY_CHECK};

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

/// Where a change request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeStatus {
    /// It is open.
    Open,
    /// It is merged, and base has it at the latest in `commit`.
    Merged {
        /// A commit of base.
        commit: String,
    },
    /// It was closed without being merged.
    Closed {
        /// By whom, where the forge says so.
        by: Option<String>,
    },
    /// It was closed, or never opened; a plain Git remote cannot tell which.
    Absent,
}

/// A change request that is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Where people look at it, where the forge has such a place.
    pub url: Option<String>,
    /// What its repository's people have to know, such as that somebody had closed what takes access away.
    pub alarm: Option<String>,
}

/// Whether a forge knows who reviewed a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewSupport {
    /// It does not: where a review is needed, the person who reviews merges.
    None,
    /// It does: a change waits for its reviews and is merged then.
    Counted,
}

/// What became of merging a change request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeOutcome {
    /// Base has it, at the latest in `commit`.
    Merged {
        /// A commit of base.
        commit: String,
    },
    /// The forge does not merge it yet; asking again later may.
    Waiting {
        /// For what it waits.
        why: String,
    },
    /// It must not be merged as it is, and asking again brings the same.
    Refused {
        /// Every reason against it; never empty.
        why: Vec<String>,
    },
}

/// Change requests on one forge. Every operation may be done twice; the second time there is nothing to do. An error says that
/// nothing is known: the change may have been made all the same, and asking again tells.
#[async_trait]
pub trait Forge: Send + Sync {
    /// Whether it counts reviews.
    fn reviews(&self) -> ReviewSupport {
        ReviewSupport::None
    }

    /// Opens the change request where it is not open, and makes its branch hold exactly what it says.
    ///
    /// # Errors
    /// [`ForgeError`].
    async fn ensure(&self, change: &ChangeRequest, now: Timestamp) -> Result<Opened, ForgeError>;

    /// Where the change request of `branch` stands.
    ///
    /// # Errors
    /// [`ForgeError`].
    async fn status(&self, branch: &str) -> Result<ChangeStatus, ForgeError>;

    /// Merges change requests that were ensured before, removals first; the outcome of each, by its branch.
    ///
    /// # Errors
    /// [`ForgeError`].
    async fn merge(
        &self,
        changes: &[ChangeRequest],
        now: Timestamp,
    ) -> Result<BTreeMap<String, MergeOutcome>, ForgeError>;

    /// Closes the change request of `branch` without merging it.
    ///
    /// # Errors
    /// [`ForgeError`].
    async fn close(&self, branch: &str) -> Result<(), ForgeError>;

    /// Tells those who look at the change request of `branch` something, where the forge has a place for that.
    ///
    /// # Errors
    /// [`ForgeError`].
    async fn comment(&self, branch: &str, text: &str) -> Result<(), ForgeError>;

    /// Posts what the checker says of each change request that is open, where this process has the checker's key.
    ///
    /// # Errors
    /// [`ForgeError`].
    async fn check(&self, _now: Timestamp) -> Result<(), ForgeError> {
        Ok(())
    }

    /// Removes from the grants folders of base what must not stand there, and says what was found.
    ///
    /// # Errors
    /// [`ForgeError`].
    async fn restore(&self, now: Timestamp) -> Result<Restored, ForgeError>;
}

/// One GitOps repository: read through its mirror, changed through its forge.
#[derive(Clone)]
pub struct HostedRepository {
    /// What base says.
    pub mirror: Mirror,
    /// Where it is changed.
    pub forge: Arc<dyn Forge>,
}

impl HostedRepository {
    /// A repository on a plain Git remote, in which `name` commits.
    pub fn git(repository: Repository, name: impl Into<String>, email: impl Into<String>) -> Self {
        let mirror = Mirror::new(repository);
        let forge = GitForge::new(mirror.clone(), name, email);
        Self::on(mirror, forge)
    }

    /// A repository on a forge of its own.
    pub fn on(mirror: Mirror, forge: impl Forge + 'static) -> Self {
        Self { mirror, forge: Arc::new(forge) }
    }
}

fn sentence(finding: &Finding) -> String {
    format!("{} [{}]", finding.refusal.sentence(), finding.refusal.code())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::git::{BaseBranch, Credentials, Remote};

    /// A merge may push for as long as the network likes; who asks what base says gets an answer meanwhile.
    #[tokio::test]
    async fn reading_does_not_wait_for_the_forge() {
        let folder = tempfile::tempdir().unwrap();
        let made = git2::Repository::init_bare(folder.path()).unwrap();
        let tree = made.find_tree(made.treebuilder(None).unwrap().write().unwrap()).unwrap();
        let by = git2::Signature::now("admin", "admin@example.com").unwrap();
        made.commit(Some("refs/heads/main"), &by, &by, "Begin", &tree, &[]).unwrap();
        let path = folder.path().to_str().unwrap();
        let remote = Remote::open(path, Credentials::default(), folder.path()).unwrap();
        let repository = Repository::new(BaseBranch::new(remote, "main"));
        let mirror = Mirror::new(repository);
        let (tell, told) = mpsc::channel();
        let reader = mirror.clone();
        let head = mirror.run(move |_| {
            std::thread::spawn(move || tell.send(reader.snapshot().map(|snapshot| snapshot.commit())));
            Ok(told.recv_timeout(Duration::from_secs(60)).expect("an answer while the forge works"))
        });
        assert_eq!(head.await.unwrap().unwrap().to_string(), mirror.head().unwrap());
    }
}
