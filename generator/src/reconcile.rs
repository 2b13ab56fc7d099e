//! The reconciler: it makes base hold what requests want, observes base, and confirms in the cluster.
//!
//! Every operation is idempotent and may run late or in two processes at once: what the repository should hold is read from
//! the request at that moment, never from the effect. Not here: what should be done (`p0_access::request`), and what people
//! do ([`crate::service`]).

use std::sync::Arc;

use jiff::Timestamp;

use crate::signing::SigningKey;
use crate::workflow::{Workflow, WorkflowError};

mod apply_desired;
mod check_changes;
mod describe_change;
mod observe_base;
mod render_grant;
mod report;
mod restore_base;
mod round;
mod ticker;
mod verify_cluster;

pub use report::{Problem, Reconcile, RoundReport};
pub(crate) use ticker::Ticker;
pub use ticker::{Clock, Stop};
pub use verify_cluster::ConnectedWitness;

/// Does what steps have left to do, looks at what is there, and lets time count.
pub struct Reconciler {
    workflow: Arc<Workflow>,
    /// Without it nothing is proposed or merged here; another process that has the key does that.
    key: Option<Arc<SigningKey>>,
    heads: observe_base::ObservedHeads,
    witnesses: verify_cluster::Witnesses,
}

impl Reconciler {
    /// A reconciler of the requests of `workflow`.
    pub fn new(workflow: Arc<Workflow>) -> Self {
        let (heads, witnesses) = (observe_base::ObservedHeads::default(), verify_cluster::Witnesses::new());
        Self { workflow, key: None, heads, witnesses }
    }

    /// The same with the key that signs grants.
    #[must_use]
    pub fn with_key(mut self, key: SigningKey) -> Self {
        self.key = Some(Arc::new(key));
        self
    }

    /// Whether it can sign grants.
    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }
}

/// Something that could not be done, and is tried again.
fn problem(problems: &mut Vec<Problem>, what: &str, error: &WorkflowError) {
    tracing::warn!(what, error = error.sentence(), "tried again later");
    problems.push(Problem { what: what.to_owned(), why: error.sentence() });
}

/// The witness of a cluster without one of its own: Git itself.
fn git_witness(now: Timestamp) -> p0_access::request::Witness {
    p0_access::request::Witness { by: "git".to_owned(), at: now, note: None }
}
