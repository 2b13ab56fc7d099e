//! What policy answers for a request: each of its grants as base makes it now, with the rule that matches.
//!
//! Not here: whether an approval is proved ([`super::evidence`]), and what follows from the answer.

use std::collections::BTreeSet;

use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::name::PersonName;
use p0_access::policy::{self, Acceptance, Given, Match, Proof, Question, Reason, Term, accept_all};
use p0_access::request::{Evidence, Refused, Request, Span, State, Vote};

use super::policy_context::{PlannedGrant, PolicyContext, QueryContext};
use super::{Result, WorkflowError, reason_of};

/// A vote as policy counts it.
pub(crate) fn counted(vote: &Vote) -> policy::Vote {
    let proof = match vote.evidence {
        Evidence::Signatures(_) => Proof::Signature,
        Evidence::Click { .. } => Proof::Bot,
        Evidence::Name => Proof::Name,
    };
    policy::Vote { person: vote.person.clone(), proof }
}

/// Each member with what policy answered for it.
pub(crate) struct Judged<'m> {
    pub(crate) found: Vec<(Match, Question<'m>)>,
}

impl<'m> Judged<'m> {
    pub(crate) fn of(
        known: &PolicyContext,
        members: &'m [PlannedGrant],
        context: &QueryContext<'m>,
    ) -> Result<Self> {
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

    pub(crate) fn accept(&self, given: &Given) -> std::result::Result<Vec<Acceptance>, Vec<Reason>> {
        accept_all(&self.pairs(), given)
    }

    /// Whether some approvals count already, be they enough or not.
    pub(crate) fn is_begun(&self, given: &Given) -> bool {
        self.found.iter().any(|(found, _)| policy::is_begun(found, given))
    }

    /// Everybody who may approve every member in some way.
    pub(crate) fn approvers(&self) -> BTreeSet<&PersonName> {
        let mut all = self.found.iter().map(|(found, _)| found.approvers());
        let first = all.next().unwrap_or_default();
        all.fold(first, |before, own| before.intersection(&own).copied().collect())
    }

    /// Whether `person` may approve every member in some way.
    pub(crate) fn may_approve(&self, person: &PersonName) -> bool {
        self.approvers().contains(person)
    }
}

/// Everybody who may approve `request` as base has it now, whether they have or not.
pub(crate) fn approvers(
    known: &PolicyContext,
    request: &Request,
    now: Timestamp,
) -> Result<BTreeSet<PersonName>> {
    let found = members(known, request)?;
    let judged = Judged::of(known, &found, &context(request, now)?)?;
    Ok(judged.approvers().into_iter().cloned().collect())
}

/// What policy is asked about a request.
pub(crate) fn context(request: &Request, now: Timestamp) -> Result<QueryContext<'_>> {
    let asked = request.spec();
    let term = match (request.state(), asked.span) {
        (State::Extending(extending), _) => {
            let first = extending.merged.granted.numbered(0).unwrap_or(&extending.merged.granted).at;
            let by = extending.extension.lifetime;
            let until = now.checked_add(by.duration()).map_err(|_| Refused::Overflow)?;
            let total = Lifetime::between(first, until).ok_or(Refused::Overflow)?;
            Term::Extended { by, total }
        }
        (_, Span::Persistent) => Term::Persistent,
        (_, Span::Timed) => Term::For(Some(asked.lifetime)),
    };
    Ok(QueryContext {
        requester: &asked.requester,
        subject: &asked.subject,
        term,
        reason: reason_of(request),
    })
}

/// The members of a request, as base gives them now.
pub(crate) fn members(known: &PolicyContext, request: &Request) -> Result<Vec<PlannedGrant>> {
    request.spec().grants.iter().map(|want| known.want(want)).collect()
}
