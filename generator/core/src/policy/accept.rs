//! Whether what was given is enough for a match. Not here: who could give it, and verifying signatures.

use std::collections::BTreeSet;

use jiff::Timestamp;
use p0_grant::approval::ApprovalKind;

use super::approvers::{Alternative, Match, Who};
use super::basis::{Accepted, Basis};
use super::on_call::{OnCall, accepted_duty};
use super::question::Question;
use super::reason::Reason;
use crate::duration::Lifetime;
use crate::name::PersonName;
use crate::preapproval::Opened;

/// One person's approval, and what proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    /// Who.
    pub person: PersonName,
    /// What proves it.
    pub proof: Proof,
}

/// What proves who approved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The bot saw it: a click, or its word in a signed grant.
    Bot,
    /// The person's own key signed it.
    Signature,
    /// A review on the forge.
    Review,
    /// Nothing: the person was only named.
    Name,
}

/// Everything that is given for an approval.
#[derive(Clone, Debug)]
pub struct Given {
    /// When.
    pub at: Timestamp,
    /// Who approved.
    pub votes: Vec<Vote>,
    /// Who is on call.
    pub on_call: OnCall,
    /// A preapproval that was opened beforehand.
    pub preapproval: Option<Opened>,
    /// The one kind of approval to look at; `None` for any.
    pub via: Option<ApprovalKind>,
}

/// An approval that is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Under which rule, and on what it rests.
    pub accepted: Accepted,
    /// The longest that is approved.
    pub max_duration: Lifetime,
}

impl Acceptance {
    /// The approval of `found` that rests on `basis`.
    fn of(found: &Match, basis: Basis, max_duration: Lifetime) -> Self {
        Self { accepted: Accepted { rule: found.rule.clone(), basis, parts: Vec::new() }, max_duration }
    }

    /// What is expected of `found` where only the review of its change can approve it: no reviewer is known yet.
    pub fn by_review_to_come(found: &Match) -> Self {
        Self::of(found, Basis::GitReview(BTreeSet::new()), found.limits.duration)
    }

    /// The same where a part of the selection was accepted by `part` too.
    fn and(mut self, part: Self) -> Self {
        self.accepted.parts.push(part.accepted.basis);
        self.accepted.parts.extend(part.accepted.parts);
        Self { max_duration: self.max_duration.min(part.max_duration), ..self }
    }
}

impl Given {
    /// Nothing, at `at`.
    pub fn nothing(at: Timestamp) -> Self {
        Self { at, votes: Vec::new(), on_call: OnCall::NotAsked, preapproval: None, via: None }
    }

    /// The same with votes.
    #[must_use]
    pub fn with_votes(mut self, votes: impl IntoIterator<Item = Vote>) -> Self {
        self.votes.extend(votes);
        self
    }
}

/// Whether what was `given` is enough for `found`, which [`super::decide`] answered to `question`.
///
/// # Errors
/// Why each way to approve is not enough; never empty.
pub fn accept(found: &Match, question: &Question<'_>, given: &Given) -> Result<Acceptance, Vec<Reason>> {
    let answering = accept_one(found, question, given);
    if found.parts.is_empty() {
        return answering;
    }
    let given = Given { via: None, ..given.clone() };
    let mut reasons = Vec::new();
    let mut accepted = answering.map_err(|why| reasons.extend(why)).ok();
    for part in &found.parts {
        match accept(part, question, &given) {
            Ok(part) => accepted = accepted.map(|whole| whole.and(part)),
            Err(why) => reasons.extend(why.into_iter().map(|why| why.of_part(&part.rule))),
        }
    }
    accepted.filter(|_| reasons.is_empty()).ok_or(reasons)
}

/// Whether one of the votes counts for the match or a part of it, be it enough or not.
pub fn is_begun(found: &Match, given: &Given) -> bool {
    let counts = |alternative: &Alternative| {
        let who = match alternative {
            Alternative::Reviewers(who) | Alternative::Git(who) | Alternative::Persistent { who, .. } => who,
            Alternative::Manager(name) => &only(name),
            Alternative::Auto(_) => return false,
        };
        given.votes.iter().any(|vote| objection(alternative.kind(), who, found, vote).is_none())
    };
    found.alternatives.iter().any(counts) || found.parts.iter().any(|part| is_begun(part, given))
}

/// [`accept`] without the parts.
fn accept_one(found: &Match, question: &Question<'_>, given: &Given) -> Result<Acceptance, Vec<Reason>> {
    let meant = |kind| given.via.is_none_or(|via| via == kind);
    let mut reasons = Vec::new();
    for alternative in found.alternatives.iter().filter(|alternative| meant(alternative.kind())) {
        match by(alternative, found, given) {
            Ok(acceptance) => return Ok(acceptance),
            Err(reason) => reasons.extend(reason),
        }
    }
    if let Some(preapproval) = given.preapproval.as_ref().filter(|_| meant(ApprovalKind::Preapproval)) {
        match by_preapproval(preapproval, found, question, given) {
            Ok(acceptance) => return Ok(acceptance),
            Err(reason) => reasons.push(reason),
        }
    }
    if let Some(kind) = given.via.filter(|_| reasons.is_empty()) {
        reasons.push(Reason::NoSuchApproval(kind));
    }
    let mut told: Vec<Reason> = Vec::new();
    reasons.into_iter().for_each(|reason| {
        if !told.contains(&reason) {
            told.push(reason);
        }
    });
    Err(told)
}

/// Whether what was `given` is enough for every member of a bundle: so the strictest approval counts.
///
/// # Errors
/// As [`accept`], for all members that lack something.
pub fn accept_all(
    members: &[(&Match, &Question<'_>)],
    given: &Given,
) -> Result<Vec<Acceptance>, Vec<Reason>> {
    let answers = members.iter().map(|(found, question)| accept(found, question, given));
    let (accepted, refused): (Vec<_>, Vec<_>) = answers.partition(Result::is_ok);
    match refused.is_empty() {
        true => Ok(accepted.into_iter().flatten().collect()),
        false => Err(refused.into_iter().filter_map(Result::err).flatten().collect()),
    }
}

fn by(alternative: &Alternative, found: &Match, given: &Given) -> Result<Acceptance, Vec<Reason>> {
    let kind = alternative.kind();
    let duration = found.limits.duration;
    let (basis, longest) = match alternative {
        Alternative::Reviewers(who) => (Basis::Reviewers(votes(kind, who, found, given)?), duration),
        Alternative::Git(who) => (Basis::GitReview(votes(kind, who, found, given)?), duration),
        Alternative::Manager(name) => {
            votes(kind, &only(name), found, given)?;
            (Basis::Manager(name.clone()), duration)
        }
        Alternative::Persistent { who, until } => {
            let left = Lifetime::between(given.at, *until);
            let left = left
                .ok_or_else(|| vec![Reason::ReviewDue(jiff::tz::TimeZone::UTC.to_datetime(*until).date())])?;
            (Basis::Persistent(votes(kind, who, found, given)?), left)
        }
        Alternative::Auto(auto) => {
            let (duty, longest) =
                accepted_duty(auto, found, &given.on_call, given.at).map_err(|reason| vec![reason])?;
            (Basis::OnCall(duty), duration.min(longest))
        }
    };
    Ok(Acceptance::of(found, basis, longest))
}

fn only(name: &PersonName) -> Who {
    Who { persons: [name.clone()].into(), count: 1, skipped: Vec::new() }
}

/// The different persons whose approval counts, where they are enough.
fn votes(
    kind: ApprovalKind,
    who: &Who,
    found: &Match,
    given: &Given,
) -> Result<BTreeSet<PersonName>, Vec<Reason>> {
    let mut persons = BTreeSet::new();
    let mut reasons = Vec::new();
    for vote in &given.votes {
        match objection(kind, who, found, vote) {
            None => _ = persons.insert(vote.person.clone()),
            Some(reason) => reasons.push(reason),
        }
    }
    if persons.len() >= who.count {
        return Ok(persons);
    }
    reasons.push(Reason::NotEnough { kind, have: persons.len(), need: who.count });
    Err(reasons)
}

/// Why a vote does not count.
fn objection(kind: ApprovalKind, who: &Who, found: &Match, vote: &Vote) -> Option<Reason> {
    let person = vote.person.clone();
    let limits = &found.limits;
    match vote.proof {
        _ if found.is_party(&person) && !found.one_party => Some(Reason::OwnRequest(person)),
        _ if !who.persons.contains(&person) => Some(Reason::NotAnApprover(person)),
        Proof::Name if !limits.demo => Some(Reason::OnlyNamed(person)),
        Proof::Bot | Proof::Signature | Proof::Name if kind == ApprovalKind::Git => {
            Some(Reason::NotAReview(person))
        }
        Proof::Bot | Proof::Name => limits.second_channel.map(Reason::SecondChannel),
        Proof::Signature | Proof::Review => None,
    }
}

/// The signers of the preapproval must be persons who could approve this now.
fn by_preapproval(
    preapproval: &Opened,
    found: &Match,
    question: &Question<'_>,
    given: &Given,
) -> Result<Acceptance, Reason> {
    let owner = found
        .owner
        .as_ref()
        .ok_or_else(|| Reason::Preapproval("the subject belongs to no person".to_owned()))?;
    let longest = preapproval
        .covers(question.cluster, question.role, question.selection, owner, given.at)
        .map_err(|problem| Reason::Preapproval(problem.to_string()))?;
    let signed =
        preapproval.signers().iter().map(|person| Vote { person: person.clone(), proof: Proof::Signature });
    let signed = Given { votes: signed.collect(), ..Given::nothing(given.at) };
    let by_signers = found.alternatives.iter().find_map(|alternative| match alternative {
        Alternative::Reviewers(_) | Alternative::Manager(_) => by(alternative, found, &signed).ok(),
        Alternative::Auto(_) | Alternative::Git(_) | Alternative::Persistent { .. } => None,
    });
    let by_signers =
        by_signers.ok_or_else(|| Reason::Preapproval("its signers may not approve this".to_owned()))?;
    let signers = by_signers.accepted.basis.approvers().cloned().collect();
    let basis = Basis::Preapproval { id: preapproval.preapproval().id.clone(), signers };
    Ok(Acceptance::of(found, basis, found.limits.duration.min(longest)))
}
