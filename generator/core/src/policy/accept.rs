//! Whether what was given is enough for a match. Not here: who could give it, and verifying signatures.

use std::collections::BTreeSet;

use jiff::Timestamp;
use p0_grant::approval::ApprovalKind;

use super::question::Question;
use super::reason::Reason;
use super::rule::Auto;
use super::settle::{Alternative, Match, Who};
use crate::duration::Lifetime;
use crate::name::{PersonName, RuleName};
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

/// What is known of who is on call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OnCall {
    /// Nobody asked.
    #[default]
    NotAsked,
    /// These are, now.
    Duties(Vec<Duty>),
    /// The bot's signature says that the requester was. Only for judging a grant that it signed.
    Attested,
}

/// Somebody's duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    /// Who.
    pub person: PersonName,
    /// In which schedule, by id.
    pub schedule: Option<String>,
    /// In which escalation policy, by id, and on which of its levels, from 1.
    pub escalation: Option<(String, u32)>,
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
    /// Under which rule.
    pub rule: RuleName,
    /// Who approved; nobody where being on call did.
    pub approvers: Vec<PersonName>,
    /// By which kind of approval.
    pub via: ApprovalKind,
    /// The longest that is approved.
    pub max_duration: Lifetime,
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
    let accepted = |approvers: BTreeSet<PersonName>, max_duration| Acceptance {
        rule: found.rule.clone(),
        approvers: approvers.into_iter().collect(),
        via: kind,
        max_duration,
    };
    let duration = found.limits.duration;
    match alternative {
        Alternative::Reviewers(who) | Alternative::Git(who) => {
            votes(kind, who, found, given).map(|persons| accepted(persons, duration))
        }
        Alternative::Manager(name) => {
            let who = Who { persons: [name.clone()].into(), count: 1, skipped: Vec::new() };
            votes(kind, &who, found, given).map(|persons| accepted(persons, duration))
        }
        Alternative::Persistent { who, until } => {
            let left = Lifetime::between(given.at, *until);
            let left = left
                .ok_or_else(|| vec![Reason::ReviewDue(jiff::tz::TimeZone::UTC.to_datetime(*until).date())])?;
            votes(kind, who, found, given).map(|persons| accepted(persons, left))
        }
        Alternative::Auto(auto) => match on_call(auto, found, given) {
            None => Ok(accepted(BTreeSet::new(), duration.min(auto.duration))),
            Some(reason) => Err(vec![reason]),
        },
    }
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

/// Why being on call does not approve it.
fn on_call(auto: &Auto, found: &Match, given: &Given) -> Option<Reason> {
    let requester = &found.requester;
    let counts = |duty: &Duty| {
        let in_schedule = duty.schedule.as_ref().is_some_and(|id| auto.schedules.contains(id));
        let in_policy = duty
            .escalation
            .as_ref()
            .is_some_and(|(id, level)| auto.escalation_policies.contains(id) && *level <= auto.max_level);
        duty.person == *requester && (in_schedule || in_policy)
    };
    let is_on_call = match &given.on_call {
        OnCall::NotAsked => false,
        OnCall::Duties(duties) => duties.iter().any(counts),
        OnCall::Attested => true,
    };
    match found.limits.worst {
        _ if found.owner.as_ref() != Some(requester) => Some(Reason::OnCallForOther),
        Some(worst) if worst > auto.max_danger => {
            Some(Reason::OnCallDanger { worst, allowed: auto.max_danger })
        }
        _ if found.limits.second_channel.is_some() => found.limits.second_channel.map(Reason::SecondChannel),
        _ if !is_on_call => Some(Reason::NotOnCall(requester.clone())),
        _ => None,
    }
}

/// Whoever opened the preapproval must be who could approve this now.
fn by_preapproval(
    preapproval: &Opened,
    found: &Match,
    question: &Question<'_>,
    given: &Given,
) -> Result<Acceptance, Reason> {
    let owner =
        found.owner.as_ref().ok_or_else(|| Reason::Preapproval("the subject is nobody's".to_owned()))?;
    let longest = preapproval
        .covers(question.cluster, question.role, question.selection, owner, given.at)
        .map_err(|problem| Reason::Preapproval(problem.to_string()))?;
    let signed =
        preapproval.signers().iter().map(|person| Vote { person: person.clone(), proof: Proof::Signature });
    let signed = Given { votes: signed.collect(), ..Given::nothing(given.at) };
    let persons = found.alternatives.iter().find_map(|alternative| match alternative {
        Alternative::Reviewers(_) | Alternative::Manager(_) => by(alternative, found, &signed).ok(),
        Alternative::Auto(_) | Alternative::Git(_) | Alternative::Persistent { .. } => None,
    });
    let accepted =
        persons.ok_or_else(|| Reason::Preapproval("whoever opened it may not approve this".to_owned()))?;
    let max_duration = found.limits.duration.min(longest);
    Ok(Acceptance { via: ApprovalKind::Preapproval, max_duration, ..accepted })
}
