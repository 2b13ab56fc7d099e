//! Why the service did not do what was asked. Nobody has access because of an error.

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
    /// Nobody is known by that.
    #[error("who acts is not known")]
    Who(#[source] WhoError),
    /// A proof that is none.
    #[error("this does not prove who acts: {0}")]
    Proof(String),
    /// The role and the selection make no grant.
    #[error("the role and the selection do not make a grant")]
    Plan(#[source] PlanError),
    /// A reason that cannot stand in a file which appliers read.
    #[error("the reason cannot be kept as it is; write it in other words")]
    Reason(#[source] TextError),
    /// Something that the cluster does not have.
    #[error("{0}")]
    NotThere(String),
    /// A file on base that is needed and cannot be used: nothing is granted.
    #[error(transparent)]
    File(#[from] FileProblem),
    /// No repository has the cluster.
    #[error("no repository has the cluster {0}")]
    NoRepository(String),
    /// No such request.
    #[error("there is no request `{0}`; `p0-gitops ls` lists them")]
    NoRequest(RequestId),
    /// What was shown is not what is there now.
    #[error("the request has changed since it was shown; look at it again: `p0-gitops show {0}`")]
    Stale(RequestId),
    /// It gives something else than when it was shown.
    #[error(
        "what it gives has changed since it was asked for, and it is back at the approvers; look at it again"
    )]
    Changed,
    /// The person may not do that.
    #[error("`{who}` may not do that: {why}")]
    NotAllowed {
        /// Who.
        who: String,
        /// Why not.
        why: String,
    },
    /// A grant that cannot be written.
    #[error("the grant cannot be written: {0}")]
    Render(String),
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
    /// Whether this is an answer, rather than a failure: item again brings the same.
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
        )
    }

    /// The sentence with its causes, each once.
    pub fn sentence(&self) -> String {
        let mut told = vec![self.to_string()];
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let words = error.to_string();
            if told.last() != Some(&words) {
                told.push(words);
            }
            cause = error.source();
        }
        told.join(": ")
    }
}

fn sentences(reasons: &[Reason]) -> String {
    reasons.iter().map(Reason::sentence).collect::<Vec<_>>().join("; ")
}
