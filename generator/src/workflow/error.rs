//! Why the service did not do what was asked. An error never gives access.

use p0_access::eks::EksError;
use p0_access::identity::WhoError;
use p0_access::policy::Reason;
use p0_access::request::{Refused, RequestId};
use p0_grant::plan::PlanError;
use p0_grant::text::TextError;

use crate::cluster::ClusterError;
use crate::forge::ForgeError;
use crate::repository::FileProblem;
use crate::signing::SigningError;
use crate::store::StoreError;

/// The service's result.
pub type Result<T> = std::result::Result<T, WorkflowError>;

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum WorkflowError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The repository.
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// A cluster that cannot be asked.
    #[error(transparent)]
    Cluster(ClusterError),
    /// The request stands where it cannot be done.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Policy says no.
    #[error("policy refuses it: {}", sentences(.0))]
    Policy(Vec<Reason>),
    /// No person is known by that.
    #[error("who acts is not known")]
    Who(#[source] WhoError),
    /// A proof that is none.
    #[error("this does not prove who acts: {0}")]
    Proof(String),
    /// The role and the selection make no grant.
    #[error("the role and the selection do not make a grant")]
    Plan(#[source] PlanError),
    /// The subject cannot have a grant on an EKS cluster.
    #[error("the subject cannot have a grant on this cluster")]
    Eks(#[source] EksError),
    /// A reason that cannot stand in a file which appliers read.
    #[error("the reason cannot be kept as it is; write it in other words")]
    Reason(#[source] TextError),
    /// Something that the cluster does not have.
    #[error("{0}")]
    NotThere(String),
    /// A question that the repository does not answer now.
    #[error("{0}")]
    Unanswered(String),
    /// A file on base that is needed and cannot be used: nothing is granted.
    #[error(transparent)]
    File(#[from] FileProblem),
    /// No repository has all of these clusters.
    #[error("no repository has the cluster(s) {clusters}; there are {}", .known.join(", "))]
    NoRepository {
        /// Which.
        clusters: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// There is no repository to look into.
    #[error("no repository is configured")]
    Nowhere,
    /// No such request.
    #[error("there is no request `{0}`; `p0-gitops ls` lists them")]
    NoRequest(RequestId),
    /// No request whose id begins like that.
    #[error("no request's id begins with `{0}`; `p0-gitops ls` lists them")]
    NoRequestLike(String),
    /// Several requests whose ids begin like that.
    #[error("{count} requests begin with `{beginning}`; give more of the id: {}", .named.join(", "))]
    Ambiguous {
        /// How.
        beginning: String,
        /// How many.
        count: usize,
        /// Some of them.
        named: Vec<String>,
    },
    /// What was shown is not what is there now.
    #[error("the request has changed since it was shown; look at it again: `p0-gitops show {0}`")]
    Stale(RequestId),
    /// It gives something else than when it was shown.
    #[error(
        "what it gives has changed since it was asked for, and it is back at the approvers; look at it again"
    )]
    Changed,
    /// Not one of those who may do that.
    #[error("`{who}` may not {what}; {}", those(.may))]
    NotAmong {
        /// Who.
        who: String,
        /// What, as in "approve it".
        what: String,
        /// Who may.
        may: Vec<String>,
    },
    /// An approval that the store has and nothing proves.
    #[error("{0}; it is back at the approvers")]
    Unproved(String),
    /// A log that does not hold what a sweep saw of it.
    #[error(
        "the store does not hold line {line} of the log with the hash {hash}, which the sweep saw: the log was rewritten or cut \
         off, or an older store was restored; see `Runbooks` in docs/threat-model.md"
    )]
    LogRewritten {
        /// Which line.
        line: i64,
        /// Its hash then.
        hash: String,
    },
    /// The person may not do that.
    #[error("`{who}` may not {what}: {why}")]
    NotAllowed {
        /// Who.
        who: String,
        /// What, as in "deny it".
        what: &'static str,
        /// Why not.
        why: String,
    },
    /// A grant that cannot be written.
    #[error("the grant cannot be written: {0}")]
    Render(String),
    /// A change that had to reach base and did not.
    #[error("the change on the branch `{branch}` is not merged: {}", .why.join("; "))]
    NotMerged {
        /// Its branch.
        branch: String,
        /// Why not.
        why: Vec<String>,
    },
    /// The key does not sign.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// Everybody moves it at once.
    #[error("the request `{0}` is being moved by others all the time; try again")]
    Busy(RequestId),
    /// A value without a JSON form, or the other way round.
    #[error("a request cannot be kept")]
    Json(#[source] serde_json::Error),
    /// A part of the program broke off.
    #[error("a task broke off; please report it")]
    Broken(#[source] tokio::task::JoinError),
}

impl WorkflowError {
    /// Whether this is an answer, rather than a failure: trying again gives the same answer.
    pub fn is_no(&self) -> bool {
        matches!(
            self,
            Self::Refused(_)
                | Self::Policy(_)
                | Self::Who(_)
                | Self::Proof(_)
                | Self::Plan(_)
                | Self::Reason(_)
                | Self::Stale(_)
                | Self::Changed
                | Self::NotAllowed { .. }
                | Self::NotAmong { .. }
        )
    }

    /// The sentence with its causes, each once.
    pub fn sentence(&self) -> String {
        p0_grant::cause::chain(self)
    }
}

fn those(may: &[String]) -> String {
    match may {
        [] => "no person is left who may".to_owned(),
        names => format!("these may: {}", names.join(", ")),
    }
}

pub(super) fn sentences(reasons: &[Reason]) -> String {
    reasons.iter().map(Reason::sentence).collect::<Vec<_>>().join("; ")
}
