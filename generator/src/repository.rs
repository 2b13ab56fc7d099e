//! The GitOps repository: the design's files read from commits, and grants proposed, judged, merged, reverted.
//!
//! Not here: Git itself ([`crate::git`]), what is decided (`p0-access`), and anything that is printed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use p0_access::change::Edit;
use p0_access::companion::{self, CompanionError, CompanionFile, GrantsChange};
use p0_access::layout::{ClusterName, Companion};
use p0_access::verifier::Finding;
use p0_grant::cause::chain;
use p0_grant::manifest::{Manifest, ManifestError};
use p0_grant::name::GrantId;

use crate::git::{BaseBranch, BlobId, CommitId, GitError, MergeError, Remote};

mod auditing;
mod by_hand;
mod change_request;
mod document;
mod grant_message;
mod heartbeat;
mod hosted;
mod inspecting;
mod merging;
mod on_base;
mod owning;
mod pushing;
mod removal;
mod restoring;
mod snapshot;
mod sweeping;
mod verifying;

pub use auditing::{Audit, Audited};
pub use by_hand::Reverted;
pub use change_request::{ChangeRequest, Content, GrantFile, PullRequestPage, ReviewNeed, grant_branch};
pub use document::FileProblem;
pub use grant_message::GrantMessage;
pub use heartbeat::{Heartbeat, LogHead};
pub use hosted::{BranchContent, MergeJudgement, Passed, Proposal};
pub use merging::{Merged, Standing};
pub use on_base::OnBase;
pub use owning::OwnedChange;
pub use pushing::{Moved, Pushed};
pub use removal::{Removal, RemovalReason};
pub use restoring::{Restoration, Restored};
pub use snapshot::BaseSnapshot;
pub use sweeping::{Ended, Swept};
pub use verifying::Reviews;

/// A repository of the design's layout.
pub struct Repository {
    branch: BaseBranch,
    /// The SHA-256 of each grant file that was on base when it was last looked at.
    digests: RefCell<BTreeMap<BlobId, String>>,
    /// The last snapshot, from which the next one takes over what did not change; shared with those opened from this one.
    latest: Arc<Mutex<Option<Arc<BaseSnapshot>>>>,
    /// What stands in the grants folders and was found sound.
    sound: RefCell<inspecting::Sound>,
    /// The head of base that was last found good, and when.
    good: Cell<Option<(CommitId, Timestamp)>>,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// Git said no.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file of base that is missing, or cannot be used.
    #[error(transparent)]
    File(#[from] FileProblem),
    /// Another file that cannot be used.
    #[error("`{path}` cannot be used: {problem}")]
    Unusable {
        /// Which.
        path: String,
        /// Why not.
        problem: String,
    },
    /// The file of `aws-auth` that the cluster file names is not there.
    #[error(
        "the grant needs an entry in aws-auth, and the file that `eks.awsAuth.file` of the cluster `{0}` names is not on base: commit the \
         manifest of the ConfigMap there"
    )]
    NoCompanion(ClusterName),
    /// A companion file cannot be edited.
    #[error(transparent)]
    Companion(#[from] CompanionError),
    /// A grant that cannot be written or read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// No such grant on base, and none was ever proposed.
    #[error("there is no grant `{id}` for `{cluster}`: neither on `{base}` nor proposed")]
    NoGrant {
        /// Which.
        id: GrantId,
        /// Of which cluster.
        cluster: ClusterName,
        /// The base branch.
        base: String,
    },
    /// The grant was on base and is gone.
    #[error("the grant `{0}` has ended: it was merged before and reverted")]
    Ended(GrantId),
    /// A branch that cannot be merged as it is.
    #[error("`{0}` cannot be merged into base as it is; rebase it on base, and sign again")]
    NotMergeable(String),
    /// A branch without a change of owned files.
    #[error("`{0}` changes no file that owners own, so there is nothing to sign")]
    NothingOwned(String),
    /// The judgement says no.
    #[error("refused: {} finding(s)", .0.len())]
    Refused(Vec<Finding>),
}

type Result<T> = std::result::Result<T, RepositoryError>;

impl Repository {
    /// The repository whose base is `branch`.
    pub fn new(branch: BaseBranch) -> Self {
        Self {
            branch,
            digests: RefCell::default(),
            latest: Arc::default(),
            sound: RefCell::default(),
            good: Cell::default(),
        }
    }

    /// What opens further handles of this repository, for work beside this value's. They share the snapshot.
    pub(crate) fn opener(&self) -> impl Fn() -> Result<Self> + Send + Sync + use<> {
        let (open, latest) = (self.branch.opener(), self.latest.clone());
        move || Ok(Self { latest: latest.clone(), ..Self::new(open()?) })
    }

    /// The base branch.
    pub fn branch(&self) -> &BaseBranch {
        &self.branch
    }

    fn remote(&self) -> &Remote {
        self.branch.remote()
    }

    /// What base says now.
    ///
    /// # Errors
    /// [`RepositoryError`] where the repository cannot be read. A file that cannot be used is no error here.
    pub fn snapshot(&self) -> Result<Arc<BaseSnapshot>> {
        self.snapshot_at(self.branch.head()?)
    }

    /// What base said, or would say, at `commit`.
    fn snapshot_at(&self, commit: CommitId) -> Result<Arc<BaseSnapshot>> {
        let latest = self.latest().clone();
        if let Some(same) = latest.as_ref().filter(|snapshot| snapshot.commit() == commit) {
            return Ok(same.clone());
        }
        let taken = Arc::new(BaseSnapshot::take(self.remote(), commit, latest.as_deref())?);
        *self.latest() = Some(taken.clone());
        Ok(taken)
    }

    fn latest(&self) -> MutexGuard<'_, Option<Arc<BaseSnapshot>>> {
        // It is replaced whole, so a thread that broke off left nothing half done.
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The grants of `cluster` on base, each with its id. One that cannot be read as a grant is an error in its place.
    ///
    /// # Errors
    /// [`RepositoryError`] where the repository cannot be read.
    pub fn grants(&self, cluster: &ClusterName) -> Result<Vec<(GrantId, Result<Manifest>)>> {
        let snapshot = self.snapshot()?;
        let read = |(id, blob): (&GrantId, BlobId)| {
            let bytes = self.remote().blob(blob)?;
            Ok((id.clone(), manifest(&cluster.grant_path(id), &bytes)))
        };
        snapshot.grants(cluster).map(read).collect()
    }

    /// The edits of a cluster's companion files that grants which come and go need.
    fn companions(&self, base: CommitId, cluster: &ClusterName, change: GrantsChange) -> Result<Vec<Edit>> {
        let snapshot = self.snapshot_at(base)?;
        let (files, change) =
            (snapshot.companions(cluster), GrantsChange { mapped: snapshot.mapped(cluster), ..change });
        let mut edits = Vec::new();
        for companion in Companion::ALL {
            match files.get(&companion) {
                Some(CompanionFile { path, text }) => {
                    let bytes = companion::edit(companion, text, &change)?.into_bytes();
                    edits.push(Edit::Put { path: path.clone(), bytes });
                }
                None if companion::is_needed(companion, &change) => {
                    return Err(RepositoryError::NoCompanion(cluster.clone()));
                }
                None => {}
            }
        }
        Ok(edits)
    }
}

fn flatten(error: MergeError<RepositoryError>) -> RepositoryError {
    match error {
        MergeError::Git(error) => error.into(),
        MergeError::Refused(error) => error,
    }
}

/// The grant in a file.
fn manifest(path: &str, bytes: &[u8]) -> Result<Manifest> {
    let unusable = |problem| RepositoryError::Unusable { path: path.to_owned(), problem };
    let text = std::str::from_utf8(bytes).map_err(|_| unusable("it is not UTF-8 text".to_owned()))?;
    Manifest::read(text).map_err(|error| unusable(chain(&error)))
}
