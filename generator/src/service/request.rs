//! Requesting: what is requested is checked against the catalogue and policy on base before any approver is asked.

use std::collections::BTreeSet;

use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::layout::ClusterName;
use p0_access::name::PersonName;
use p0_access::policy::{Acceptance, Alternative, Given, Term};
use p0_access::request::{Opening, Request, RequestId, RequestSpec, RequestedGrant, Span, StateName, open};
use p0_grant::locator::Locator;
use p0_grant::name::GrantId;
use p0_grant::role::RoleRef;
use p0_grant::subject::Subject;

use super::{Service, approval};
use crate::store::Filter;
use crate::workflow::actor::Claim;
use crate::workflow::judged::Judged;
use crate::workflow::policy_context::{PlannedGrant, PolicyContext, QueryContext};
use crate::workflow::{Result, WorkflowError, in_states, stored_step};

/// What a person asks for.
pub struct NewRequest {
    /// For whom; without it, for the person who asks.
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
    /// As long as the rule gives by default.
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

impl Length {
    /// The term that policy is asked about.
    fn term(self) -> Term {
        match self {
            Self::Default => Term::For(None),
            Self::For(lifetime) => Term::For(Some(lifetime)),
            Self::Persistent => Term::Persistent,
        }
    }

    fn span(self) -> Span {
        match self {
            Self::Default | Self::For(_) => Span::Timed,
            Self::Persistent => Span::Persistent,
        }
    }
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
    /// Makes a request.
    ///
    /// # Errors
    /// [`WorkflowError`]: approvers are not asked about what could never be granted.
    pub async fn request(&self, ask: &NewRequest, claim: &Claim, now: Timestamp) -> Result<Submitted> {
        let clusters: BTreeSet<ClusterName> =
            ask.grants.iter().map(|(_, item)| item.cluster.clone()).collect();
        let (_, known) = self.workflow.known(&clusters).await?;
        let Some((first, _)) = ask.grants.first() else {
            return Err(WorkflowError::NotThere("nothing is asked for".to_owned()));
        };
        let requester = known.people.who(claim, "request", first.as_str(), now)?;
        let subject = match &ask.to {
            Some(subject) => subject.clone(),
            None => known.people.subject_of(&requester)?,
        };
        let members = ask.grants.iter().map(|(_, item)| member(&known, item));
        let members = members.collect::<Result<Vec<PlannedGrant>>>()?;
        let (term, reason) = (ask.length.term(), ask.reason.as_deref());
        let context = QueryContext { requester: &requester, subject: &subject, term, reason };
        let judged = Judged::of(&known, &members, &context)?;
        let lifetime = lifetime(&judged, ask.length, now)?;
        let opening = self.opening(&known, &judged, &requester, lifetime, now).await?;
        let rule = judged.found.first().map(|(found, _)| found.rule.to_string()).unwrap_or_default();
        drop(judged);
        let grants = wants(&known, ask, members, &subject)?;
        if let Some(existing) = self.existing(&subject, &grants, now).await? {
            return Ok(Submitted::Existing(Box::new(existing)));
        }
        let timeout = known.policy.settings().pending_timeout;
        let notify = known.policy.notify_of(&rule);
        let after =
            |length: Option<Lifetime>| length.and_then(|length| now.checked_add(length.duration()).ok());
        let asked = RequestSpec {
            id: RequestId::from(first.clone()),
            owner: known.people.identities.by_subject(&subject).ok().map(|person| person.name.clone()),
            requester,
            subject,
            grants,
            lifetime,
            span: ask.length.span(),
            reason: ask.reason.clone(),
            rule,
            at: now,
            remind_at: after(notify.remind_after),
            escalate_at: after(notify.escalate_after),
            answer_by: now
                .checked_add(timeout.duration())
                .map_err(|_| p0_access::request::Refused::Overflow)?,
        };
        let step = open(asked, opening, now)?;
        self.workflow.store.create(step.request.id().as_str(), &stored_step(&step, now)?).await?;
        self.workflow.nudge().wake();
        Ok(Submitted::New(Box::new(step.request)))
    }

    /// Whether policy approves it by itself, a review of the change does, or approvers are asked.
    async fn opening(
        &self,
        known: &PolicyContext,
        judged: &Judged<'_>,
        requester: &PersonName,
        lifetime: Lifetime,
        now: Timestamp,
    ) -> Result<Opening> {
        let mut given = Given::nothing(now);
        given.on_call = self.workflow.duties(judged, known, requester, now).await;
        let preapprovals = known.preapprovals.iter().cloned().map(Some);
        for preapproval in std::iter::once(None).chain(preapprovals) {
            given.preapproval = preapproval;
            if let Ok(accepted) = judged.accept(&given) {
                let approval = approval(known, accepted, lifetime, Vec::new());
                return Ok(Opening::Approved(approval));
            }
        }
        let only_in_git = |alternatives: &[Alternative]| {
            alternatives.iter().all(|alternative| matches!(alternative, Alternative::Git(_)))
        };
        if judged.found.iter().all(|(found, _)| only_in_git(&found.alternatives)) {
            let accepted = judged.found.iter().map(|(found, _)| Acceptance::by_review_to_come(found));
            return Ok(Opening::Review(approval(known, accepted.collect(), lifetime, Vec::new())));
        }
        Ok(Opening::Ask)
    }

    /// A request for the same that waits, is on its way or is live.
    async fn existing(
        &self,
        subject: &Subject,
        grants: &[RequestedGrant],
        now: Timestamp,
    ) -> Result<Option<Request>> {
        let going_on = in_states(|state| !state.is_ended() && state != StateName::Revoking);
        let filter = Filter { subject: Some(subject.to_string()), ..going_on };
        let same = |one: &RequestedGrant, other: &RequestedGrant| {
            (&one.cluster, &one.role, &one.selection, &one.subresources)
                == (&other.cluster, &other.role, &other.selection, &other.subresources)
        };
        for request in self.workflow.list(&filter, now).await? {
            let has = |want: &RequestedGrant| request.spec().grants.iter().any(|other| same(want, other));
            if grants.iter().all(has) {
                return Ok(Some(request));
            }
        }
        Ok(None)
    }
}

/// What is asked for, each with its grant's id.
fn wants(
    known: &PolicyContext,
    ask: &NewRequest,
    members: Vec<PlannedGrant>,
    subject: &Subject,
) -> Result<Vec<RequestedGrant>> {
    let ids = ask.grants.iter().map(|(id, _)| id.clone());
    let want = |(member, id): (PlannedGrant, GrantId)| {
        let iam = member.iam(known, subject)?;
        Ok(member.into_want(id, iam))
    };
    members.into_iter().zip(ids).map(want).collect()
}

/// What `item` gives by the catalogue on base.
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
