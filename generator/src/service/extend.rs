//! Wanting it for longer: an extension that is answered as a request is.

use std::collections::BTreeMap;

use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::policy::{Given, Term};
use p0_access::request::{Event, ExtensionRequest, Request, RequestId, State, Tally};

use super::{Service, approval};
use crate::workflow::actor::Claim;
use crate::workflow::judged::{Judged, context, members};
use crate::workflow::policy_context::QueryContext;
use crate::workflow::{Result, WorkflowError, clusters_of};

impl Service {
    /// Asks for `lifetime`, counted from the approval on.
    ///
    /// # Errors
    /// [`WorkflowError`].
    pub async fn extend(
        &self,
        id: &RequestId,
        lifetime: Lifetime,
        reason: Option<String>,
        claim: &Claim,
        now: Timestamp,
    ) -> Result<Request> {
        let request = self.workflow.find(id, now).await?;
        let (_, known) = self.workflow.known(&clusters_of(&request)).await?;
        let by = known.people.who(claim, "extend", id.as_str(), now)?;
        let previous = landed_files(&request);
        let extension =
            ExtensionRequest { by, lifetime, reason, at: now, previous, votes: Vec::new(), granted: None };
        // Policy first: approvers are not asked about what could never be granted.
        if let Some(granted) = request.granted().filter(|_| request.state().name().is_live()) {
            let first = granted.numbered(0).unwrap_or(granted).at;
            let until = now.checked_add(lifetime.duration()).unwrap_or(Timestamp::MAX);
            let total = Lifetime::between(first, until).unwrap_or(lifetime);
            let asked = request.spec();
            let term = Term::Extended { by: lifetime, total };
            let reason = extension.reason.as_deref().or(asked.reason.as_deref());
            let context = QueryContext { requester: &asked.requester, subject: &asked.subject, term, reason };
            let found = members(&known, &request)?;
            Judged::of(&known, &found, &context)?;
        }
        let moved = self.workflow.advance(id, now, |_| Ok(Event::Extend(extension.clone()))).await?;
        self.approved_by_itself(&moved, now).await
    }

    /// A person who is on call need not ask for longer either.
    async fn approved_by_itself(&self, request: &Request, now: Timestamp) -> Result<Request> {
        let State::Extending(extending) = request.state() else { return Ok(request.clone()) };
        let (_, known) = self.workflow.known(&clusters_of(request)).await?;
        let found = members(&known, request)?;
        let judged = Judged::of(&known, &found, &context(request, now)?)?;
        let mut given = Given::nothing(now);
        given.on_call = self.workflow.duties(&judged, &known, &request.spec().requester, now).await;
        let Ok(accepted) = judged.accept(&given) else { return Ok(request.clone()) };
        let verdict = Tally::Sufficient(approval(&known, accepted, extending.extension.lifetime, Vec::new()));
        drop(judged);
        let event = Event::Approve { vote: None, verdict };
        match self.workflow.advance(request.id(), now, |_| Ok(event.clone())).await {
            Ok(moved) => Ok(moved),
            // Being on call gives less than is left: approvers are asked after all.
            Err(WorkflowError::Refused(_)) => Ok(request.clone()),
            Err(error) => Err(error),
        }
    }
}

fn landed_files(request: &Request) -> BTreeMap<p0_grant::name::GrantId, String> {
    match request.state() {
        State::Merged(merged) | State::Active(merged) => merged.files.clone(),
        _ => BTreeMap::new(),
    }
}
