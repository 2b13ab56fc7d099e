//! What a person has, may ask for and is waited for. It reads, and changes nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use p0_access::name::PersonName;
use p0_access::policy::Term;
use p0_access::request::{Request, StateName};
use p0_grant::subject::Subject;

use super::Service;
use super::request::{RequestItem, member};
use crate::workflow::judged::Judged;
use crate::workflow::policy_context::{PlannedGrant, QueryContext};
use crate::workflow::{Result, WorkflowError, in_states};

/// What there is for a person.
#[derive(Debug)]
pub struct Standing {
    /// What they asked for or have, and that has not ended.
    pub own: Vec<Request>,
    /// What waits for their answer, with everybody who may still give it.
    pub waiting: Vec<(Request, BTreeSet<PersonName>)>,
}

/// Whether a person can have a role on a selection.
#[derive(Debug)]
pub struct Possible {
    /// Who gets it.
    pub subject: Subject,
    /// The request by which they have it now.
    pub live: Option<Request>,
    /// The rule that would answer, and who could approve; a refusal where policy does not let them ask.
    pub ask: Result<(String, BTreeSet<PersonName>)>,
}

impl Service {
    /// What `person` has asked for or has, and what waits for them.
    ///
    /// # Errors
    /// The store's.
    pub async fn standing(&self, person: &PersonName, now: Timestamp) -> Result<Standing> {
        let mut standing = Standing { own: Vec::new(), waiting: Vec::new() };
        for request in self.list(&in_states(|state| !state.is_ended()), now).await? {
            let may = self.may_approve(&request, now).await;
            if request.spec().concerns(person) {
                standing.own.push(request);
            } else if may.contains(person) {
                standing.waiting.push((request, may));
            }
        }
        Ok(standing)
    }

    /// Whether `person` has `item` now, and what policy would say if they asked.
    ///
    /// # Errors
    /// [`WorkflowError`] where base does not say, or has no such cluster, role or resource.
    pub async fn possible(
        &self,
        person: &PersonName,
        item: &RequestItem,
        now: Timestamp,
    ) -> Result<Possible> {
        let (_, known) = self.workflow.known(&BTreeSet::from([item.cluster.clone()])).await?;
        let identities = &known.people.identities;
        let subject = identities
            .subject_of(identities.by_name(person).map_err(WorkflowError::Who)?)
            .map_err(WorkflowError::Who)?;
        let members = [member(&known, item)?];
        let context = QueryContext {
            requester: person,
            subject: &subject,
            term: Term::For(None),
            reason: Some("whether it can be asked for"),
        };
        let ask = Judged::of(&known, &members, &context).map(|judged| {
            let rule = judged.found.first().map(|(found, _)| found.rule.to_string()).unwrap_or_default();
            (rule, judged.approvers().into_iter().cloned().collect())
        });
        let live = self.list(&in_states(StateName::is_live), now).await?;
        let live =
            live.into_iter().find(|request| request.spec().subject == subject && holds(request, &members));
        Ok(Possible { subject, live, ask })
    }
}

/// Whether a request has granted exactly the role on the selection, with its subresources or more of them.
fn holds(request: &Request, members: &[PlannedGrant]) -> bool {
    members.iter().all(|member| {
        request.spec().grants.iter().any(|want| {
            let asked = member.planned.selection.subresources();
            want.cluster == member.cluster
                && want.role == member.planned.role
                && want.selection == member.planned.selection.to_string()
                && asked.iter().all(|sub| want.subresources.contains(sub))
        })
    })
}
