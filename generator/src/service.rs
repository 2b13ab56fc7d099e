//! The service: what people do to requests.
//!
//! Each command loads the request, asks policy on base, makes one step and stores it whole or not at all. Not here: what then
//! has to be done ([`crate::reconcile`]), and anything that is printed.

use std::sync::Arc;

use p0_access::duration::Lifetime;
use p0_access::name::PersonName;
use p0_access::policy::{self, Acceptance, Given, Match, Proof, Question, Reason, accept_all};
use p0_access::request::{Accepted, Approval as GrantedApproval, Channel, Request, RequestId, Vote};
use p0_grant::approval::ApprovalKind;
use p0_grant::name::GrantId;

use crate::on_call::OnCallLookup;
use crate::store::{Filter, Store};
use crate::workflow::policy_context::{PlannedGrant, PolicyContext, QueryContext};
use crate::workflow::{Result, Workflow, WorkflowError};

mod answer;
mod end;
mod extend;
mod preapprove;
mod request;

pub use answer::{Approval, Preview};
pub use end::{Revocation, Scope};
pub use preapprove::NewPreapproval;
pub use request::{Length, NewRequest, RequestItem, Submitted};

/// Where people ask, answer and end.
pub struct Service {
    workflow: Arc<Workflow>,
    on_call: Arc<dyn OnCallLookup>,
}

impl Service {
    /// The commands on the requests of `workflow`.
    pub fn new(workflow: Arc<Workflow>, on_call: Arc<dyn OnCallLookup>) -> Self {
        Self { workflow, on_call }
    }

    /// The store.
    pub fn store(&self) -> &Store {
        self.workflow.store()
    }

    /// A request by its id.
    ///
    /// # Errors
    /// [`WorkflowError::NoRequest`], or the store's.
    pub async fn find(&self, id: &RequestId) -> Result<Request> {
        self.workflow.find(id).await
    }

    /// The requests that `filter` finds, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, filter: &Filter) -> Result<Vec<Request>> {
        self.workflow.list(filter).await
    }
}

/// A vote as policy counts it.
fn counted(vote: &Vote) -> policy::Vote {
    let proof = match vote.channel {
        Channel::Cli if !vote.signatures.is_empty() => Proof::Signature,
        Channel::Cli | Channel::Slack => Proof::Bot,
        Channel::Git => Proof::Review,
        Channel::Demo => Proof::Name,
    };
    policy::Vote { person: vote.person.clone(), proof }
}

/// Each member with what policy answered for it.
struct Judged<'m> {
    found: Vec<(Match, Question<'m>)>,
}

impl<'m> Judged<'m> {
    fn of(known: &PolicyContext, members: &'m [PlannedGrant], context: &QueryContext<'m>) -> Result<Self> {
        // It will stand in a file that appliers read: better said now than when somebody has approved it.
        if let Some(reason) = context.reason {
            p0_grant::text::check_text(reason).map_err(WorkflowError::Reason)?;
        }
        let found = members.iter().map(|member| {
            let question = member.question(context);
            known.decide(&question).map(|found| (found, question))
        });
        Ok(Self { found: found.collect::<Result<_>>()? })
    }

    fn pairs(&self) -> Vec<(&Match, &Question<'m>)> {
        self.found.iter().map(|(found, question)| (found, question)).collect()
    }

    fn accept(&self, given: &Given) -> std::result::Result<Vec<Acceptance>, Vec<Reason>> {
        accept_all(&self.pairs(), given)
    }

    /// Whether `person` may approve every member in some way.
    fn may_approve(&self, person: &PersonName) -> bool {
        self.found.iter().all(|(found, _)| found.approvers().contains(person))
    }
}

/// The approval that acceptances, one for each grant, come to.
fn approval(
    known: &PolicyContext,
    accepted: Vec<Acceptance>,
    lifetime: Lifetime,
    votes: Vec<Vote>,
    preapproval: Option<&GrantId>,
) -> GrantedApproval {
    let longest = accepted.iter().map(|acceptance| acceptance.max_duration).min().unwrap_or(lifetime);
    let one = |acceptance: Acceptance| Accepted {
        rule: acceptance.rule.to_string(),
        via: acceptance.via,
        approvers: acceptance.approvers,
        preapproval: preapproval.filter(|_| acceptance.via == ApprovalKind::Preapproval).cloned(),
    };
    GrantedApproval {
        policy: known.policy.digest().to_owned(),
        accepted: accepted.into_iter().map(one).collect(),
        votes,
        lifetime: lifetime.min(longest),
        merge_within: known.policy.settings().merge_within,
    }
}

/// The members of a request, as base gives them now.
fn members(known: &PolicyContext, request: &Request) -> Result<Vec<PlannedGrant>> {
    request.spec().grants.iter().map(|want| known.want(want)).collect()
}
