//! Requesting: what is requested is checked against the catalogue and policy on base before any approver is asked.

use std::collections::BTreeSet;

use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::layout::ClusterName;
use p0_access::policy::{Alternative, Given, OnCall, Term};
use p0_access::request::{Opening, Request, RequestId, RequestSpec, RequestedGrant, Span, StateName, open};
use p0_grant::locator::Locator;
use p0_grant::name::GrantId;
use p0_grant::role::RoleRef;
use p0_grant::subject::Subject;

use super::{Judged, Service, approval};
use crate::store::Filter;
use crate::workflow::actor::Claim;
use crate::workflow::policy_context::{PlannedGrant, PolicyContext, QueryContext};
use crate::workflow::{Result, WorkflowError, in_states, stored_step};

/// What somebody context for.
pub struct NewRequest {
    /// For whom; without it, for whoever context.
    pub to: Option<Subject>,
    /// For what, each with its grant's id; never nothing.
    pub grants: Vec<(GrantId, RequestItem)>,
    /// For how long.
    pub length: Length,
    /// Why.
    pub reason: Option<String>,
}

/// One thing that is asked for.
#[derive(Clone, Debug)]
pub struct RequestItem {
    /// Where.
    pub cluster: ClusterName,
    /// Which role.
    pub role: RoleRef,
    /// On what.
    pub locator: Locator,
    /// And which subresources of it.
    pub subresources: Vec<String>,
}

/// For how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// As long as the rule gives where nobody says.
    Default,
    /// So long.
    For(Lifetime),
    /// Until the rule is to be reviewed.
    Persistent,
}

/// What became of it.
#[derive(Debug)]
pub enum Submitted {
    /// It is made.
    New(Box<Request>),
    /// There is one like it that has not ended.
    Existing(Box<Request>),
}

impl Submitted {
    /// The request.
    pub fn request(&self) -> &Request {
        match self {
            Self::New(request) | Self::Existing(request) => request,
        }
    }
}

impl Service {
    /// QueryContext.
    ///
    /// # Errors
    /// [`WorkflowError`]: nobody is bothered with what could never be granted.
    pub async fn request(&self, ask: &NewRequest, claim: &Claim, now: Timestamp) -> Result<Submitted> {
        let clusters: BTreeSet<ClusterName> =
            ask.grants.iter().map(|(_, item)| item.cluster.clone()).collect();
        let (_, known) = self.workflow.known(&clusters).await?;
        let Some((first, _)) = ask.grants.first() else {
            return Err(WorkflowError::NotThere("nothing is asked for".to_owned()));
        };
        let requester = known.people.who(claim, "request", first.as_str(), now)?.person;
        let subject = match &ask.to {
            Some(subject) => subject.clone(),
            None => {
                let person = known.people.identities.by_name(&requester).map_err(WorkflowError::Who)?;
                known.people.identities.subject_of(person).map_err(WorkflowError::Who)?
            }
        };
        let members = ask.grants.iter().map(|(_, item)| member(&known, item));
        let members = members.collect::<Result<Vec<PlannedGrant>>>()?;
        let term = match ask.length {
            Length::Default => Term::For(None),
            Length::For(lifetime) => Term::For(Some(lifetime)),
            Length::Persistent => Term::Persistent,
        };
        let context =
            QueryContext { requester: &requester, subject: &subject, term, reason: ask.reason.as_deref() };
        let judged = Judged::of(&known, &members, &context)?;
        let lifetime = lifetime(&judged, ask.length, now)?;
        let opening = self.opening(&known, &judged, lifetime, now).await?;
        let rule = judged.found.first().map(|(found, _)| found.rule.to_string()).unwrap_or_default();
        drop(judged);
        let ids = ask.grants.iter().map(|(id, _)| id.clone());
        let grants: Vec<RequestedGrant> =
            members.into_iter().zip(ids).map(|(member, id)| member.into_want(id)).collect();
        if let Some(existing) = self.existing(&subject, &grants).await? {
            return Ok(Submitted::Existing(Box::new(existing)));
        }
        let timeout = known.policy.settings().pending_timeout;
        let asked = RequestSpec {
            id: RequestId::from(first.clone()),
            owner: known.people.identities.by_subject(&subject).ok().map(|person| person.name.clone()),
            requester,
            subject,
            grants,
            lifetime,
            span: if ask.length == Length::Persistent { Span::Persistent } else { Span::Timed },
            reason: ask.reason.clone(),
            rule,
            at: now,
            answer_by: now
                .checked_add(timeout.duration())
                .map_err(|_| p0_access::request::Refused::Overflow)?,
        };
        let step = open(asked, opening, now)?;
        self.workflow.store.create(step.request.id().as_str(), &stored_step(&step, now)?).await?;
        Ok(Submitted::New(Box::new(step.request)))
    }

    /// Whether policy approves it by itself, a review of the change does, or approvers are asked.
    async fn opening(
        &self,
        known: &PolicyContext,
        judged: &Judged<'_>,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<Opening> {
        let mut given = Given::nothing(now);
        given.on_call = match self.on_call.duties(now).await {
            Ok(duties) => OnCall::Duties(duties),
            Err(problem) => {
                tracing::warn!(problem, "nobody is taken to be on call");
                OnCall::NotAsked
            }
        };
        let preapprovals = known.preapprovals.iter().cloned().map(Some);
        for preapproval in std::iter::once(None).chain(preapprovals) {
            let id = preapproval.as_ref().map(|preapproval| preapproval.preapproval().id.clone());
            given.preapproval = preapproval;
            if let Ok(accepted) = judged.accept(&given) {
                let approval = approval(known, accepted, lifetime, Vec::new(), id.as_ref());
                return Ok(Opening::Approved(approval));
            }
        }
        let only_in_git = |alternatives: &[Alternative]| {
            alternatives.iter().all(|alternative| matches!(alternative, Alternative::Git(_)))
        };
        if judged.found.iter().all(|(found, _)| only_in_git(&found.alternatives)) {
            let accepted = judged.found.iter().map(|(found, _)| p0_access::policy::Acceptance {
                rule: found.rule.clone(),
                approvers: Vec::new(),
                via: p0_grant::approval::ApprovalKind::Git,
                max_duration: found.limits.duration,
            });
            return Ok(Opening::Review(approval(known, accepted.collect(), lifetime, Vec::new(), None)));
        }
        Ok(Opening::Ask)
    }

    /// A request for the same that waits, is on its way or is live.
    async fn existing(&self, subject: &Subject, grants: &[RequestedGrant]) -> Result<Option<Request>> {
        let going_on = in_states(|state| !state.is_ended() && state != StateName::Revoking);
        let filter = Filter { subject: Some(subject.to_string()), ..going_on };
        let same = |one: &RequestedGrant, other: &RequestedGrant| {
            (&one.cluster, &one.role, &one.selection, &one.subresources)
                == (&other.cluster, &other.role, &other.selection, &other.subresources)
        };
        for stored in self.workflow.store.list(&filter).await? {
            let request: Request = stored.read()?;
            let has = |want: &RequestedGrant| request.spec().grants.iter().any(|other| same(want, other));
            if grants.iter().all(has) {
                return Ok(Some(request));
            }
        }
        Ok(None)
    }
}

pub(super) fn member(known: &PolicyContext, item: &RequestItem) -> Result<PlannedGrant> {
    let not_there = |error: &dyn std::error::Error| WorkflowError::NotThere(error.to_string());
    known.member(&item.cluster, &item.role, |catalogue| {
        let selection = item.locator.resolve(catalogue).map_err(|error| not_there(&error))?;
        let role = catalogue.role(&item.role).map_err(|error| not_there(&error))?;
        let asked = item.subresources.iter().cloned();
        selection.with_subresources_of(role, asked).map_err(|error| not_there(&error))
    })
}

/// How long it would live: for a bundle, the shortest that all of its rules give.
fn lifetime(judged: &Judged<'_>, length: Length, now: Timestamp) -> Result<Lifetime> {
    let of = |(found, _): &(p0_access::policy::Match, _)| match length {
        Length::For(lifetime) => Some(lifetime),
        Length::Default => Some(found.limits.duration),
        Length::Persistent => found.alternatives.iter().find_map(|alternative| match alternative {
            Alternative::Persistent { until, .. } => Lifetime::between(now, *until),
            _ => None,
        }),
    };
    let shortest =
        judged.found.iter().map(of).collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().min());
    shortest.ok_or_else(|| WorkflowError::Policy(vec![p0_access::policy::Reason::NotPersistent]))
}
