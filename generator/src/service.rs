//! The service: what people do to requests.
//!
//! Each command loads the request, asks policy on base, makes one step and stores it whole or not at all. Not here: what then
//! has to be done ([`crate::reconcile`]), and anything that is printed.

use std::sync::Arc;

use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::identity::SlackId;
use p0_access::name::PersonName;
use p0_access::policy::Acceptance;
use p0_access::request::{Approval as GrantedApproval, Request, RequestId, Vote};
use p0_grant::name::GrantId;
use p0_grant::role::RoleRef;
use p0_grant::subject::Subject;

use crate::repository::BaseSnapshot;
use crate::store::{Filter, Store};
use crate::workflow::actor::{Claim, People, SlackUser};
use crate::workflow::policy_context::PolicyContext;
use crate::workflow::{Result, Workflow, WorkflowError, clusters_of, snapshot};

mod access;
mod answer;
mod close_preapprovals;
mod end;
mod extend;
mod named;
mod picker;
mod preapprove;
mod request;
mod revoke;
mod revokers;
mod scope;

pub use access::{Possible, Standing};
pub use answer::{Approval, Preview, Proof};
pub(crate) use close_preapprovals::CLOSE;
pub use picker::{Choice, Field, FieldProblem, OfferedRole, Picker};
pub use preapprove::NewPreapproval;
pub use request::{Length, NewRequest, RequestItem, Submitted};
pub use revoke::Revocation;
pub use scope::{Run, Scope};

/// Where people ask, answer and end.
pub struct Service {
    workflow: Arc<Workflow>,
}

impl Service {
    /// The commands on the requests of `workflow`.
    pub fn new(workflow: Arc<Workflow>) -> Self {
        Self { workflow }
    }

    /// The store.
    pub fn store(&self) -> &Store {
        self.workflow.store()
    }

    /// A request by its id, as it is at `now`.
    ///
    /// # Errors
    /// [`crate::workflow::WorkflowError::NoRequest`], or the store's.
    pub async fn find(&self, id: &RequestId, now: Timestamp) -> Result<Request> {
        self.workflow.find(id, now).await
    }

    /// What base says now, in each repository.
    ///
    /// # Errors
    /// [`crate::workflow::WorkflowError`] where one cannot be read.
    pub(crate) async fn snapshots(&self) -> Result<Vec<Arc<BaseSnapshot>>> {
        let mut snapshots = Vec::new();
        for repository in &self.workflow.repositories {
            snapshots.push(snapshot(&repository.mirror).await?);
        }
        Ok(snapshots)
    }

    /// What base says now, where `request` lives.
    ///
    /// # Errors
    /// [`crate::workflow::WorkflowError`] where that cannot be read.
    pub(crate) async fn base_of(&self, request: &Request) -> Result<Arc<BaseSnapshot>> {
        let repository = self.workflow.repository_of(&clusters_of(request)).await?;
        snapshot(&repository.mirror).await
    }

    /// Which person a user of Slack is, by any repository's base.
    ///
    /// # Errors
    /// [`crate::workflow::WorkflowError`] where none knows them.
    pub(crate) async fn person_of(&self, user: &SlackUser) -> Result<PersonName> {
        let mut refused = WorkflowError::Nowhere;
        for repository in &self.workflow.repositories {
            let people = self.workflow.people(&repository.mirror).await;
            match people.and_then(|people| people.clicked(user)) {
                Ok(person) => return Ok(person),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// Which person Slack knows by `id`, by any repository's base.
    ///
    /// # Errors
    /// [`crate::workflow::WorkflowError::Who`] where no person is.
    pub(crate) async fn person_of_slack(&self, id: &SlackId) -> Result<PersonName> {
        let mut refused = WorkflowError::Nowhere;
        for snapshot in self.snapshots().await? {
            let people = snapshot.identities()?;
            match people.by_slack(id) {
                Ok(person) => return Ok(person.name.clone()),
                Err(error) => refused = WorkflowError::Who(error),
            }
        }
        Err(refused)
    }

    /// What the person is called in Kubernetes whom Slack knows by `id`.
    ///
    /// # Errors
    /// [`crate::workflow::WorkflowError::Who`] where no person is, or has no name there.
    pub(crate) async fn subject_of_slack(&self, id: &SlackId) -> Result<Subject> {
        let mut refused = WorkflowError::Nowhere;
        for snapshot in self.snapshots().await? {
            let found = snapshot.identities().map_err(WorkflowError::from).and_then(|people| {
                let person = people.by_slack(id).map_err(WorkflowError::Who)?;
                people.subject_of(person).map_err(WorkflowError::Who)
            });
            match found {
                Ok(subject) => return Ok(subject),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// The requests that `filter` finds, newest first, as they are at `now`.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, filter: &Filter, now: Timestamp) -> Result<Vec<Request>> {
        self.workflow.list(filter, now).await
    }
}

impl Service {
    /// What base says about a request now, and who does `verb` to `about`.
    async fn acting(
        &self,
        request: &Request,
        claim: &Claim,
        verb: &str,
        about: &str,
        now: Timestamp,
    ) -> Result<(Arc<BaseSnapshot>, PersonName)> {
        let repository = self.workflow.repository_of(&clusters_of(request)).await?;
        let base = snapshot(&repository.mirror).await?;
        let person = People::of(&base)?.who(claim, verb, about, now)?;
        Ok((base, person))
    }
}

/// The approval that acceptances, one for each grant, come to.
fn approval(
    known: &PolicyContext,
    accepted: Vec<Acceptance>,
    lifetime: Lifetime,
    votes: Vec<Vote>,
) -> GrantedApproval {
    let longest = accepted.iter().map(|acceptance| acceptance.max_duration).min().unwrap_or(lifetime);
    GrantedApproval {
        policy: known.policy.digest().to_owned(),
        accepted: accepted.into_iter().map(|acceptance| acceptance.accepted).collect(),
        votes,
        lifetime: lifetime.min(longest),
        merge_within: known.policy.settings().merge_within,
    }
}

/// A role as P0 writes it: `ClusterRole / view`, in any case, or shorter.
///
/// # Errors
/// What is wrong with the text.
pub(crate) fn role_called(text: &str) -> std::result::Result<RoleRef, String> {
    let parts: Vec<&str> = text.split('/').map(str::trim).collect();
    let kind = |word: &str| match word.to_ascii_lowercase().as_str() {
        "clusterrole" => "ClusterRole".to_owned(),
        "role" => "Role".to_owned(),
        _ => word.to_owned(),
    };
    let text = match parts.as_slice() {
        [first, rest @ ..] if !rest.is_empty() => format!("{}/{}", kind(first), rest.join("/")),
        _ => text.trim().to_owned(),
    };
    text.parse().map_err(|error: p0_grant::role::RoleRefError| error.to_string())
}

/// A new id, used once ever.
///
/// # Errors
/// Where the system has no randomness.
pub(crate) fn new_id() -> std::result::Result<GrantId, getrandom::Error> {
    let mut id = String::with_capacity(GrantId::LENGTH);
    let mut bytes = [0; 64];
    while id.len() < GrantId::LENGTH {
        getrandom::fill(&mut bytes)?;
        // 252 is the largest multiple of 36 in a byte: beyond it some letters would come more often.
        let letters = bytes.iter().filter(|byte| **byte < 252);
        let letters = letters.filter_map(|byte| char::from_digit(u32::from(byte % 36), 36));
        id.extend(letters.take(GrantId::LENGTH - id.len()));
    }
    GrantId::new(id).map_err(|_| getrandom::Error::UNEXPECTED)
}
