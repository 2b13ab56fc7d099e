//! The decision: one question compared with the rules, from the first on. Not here: whether an approval is enough.

use p0_grant::subject::SubjectView;

use super::Policy;
use super::approvers::{Match, approvers_of};
use super::matching::{MatchInput, Misses, matches, misses, overlaps};
use super::question::Question;
use super::reason::Reason;
use super::rule::Rule;
use crate::identity::{Identities, Person};

/// The answer, and the outcome of each rule up to the one that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<'p> {
    /// The rules in their order.
    pub trace: Vec<RuleTrace<'p>>,
    /// The answer.
    pub answer: Answer,
}

/// One rule and the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleTrace<'p> {
    /// The rule.
    pub rule: &'p Rule,
    /// What became of it.
    pub outcome: RuleOutcome,
}

/// What became of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleOutcome {
    /// It is switched off.
    Disabled,
    /// It is about something else.
    Missed(Misses),
    /// It holds a part of what is asked: its approval is needed besides that of the rule that answers.
    Part(Misses),
    /// It denies.
    Denied,
    /// It answers.
    Matched,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// No; never empty.
    Refused(Vec<Reason>),
    /// A rule answers: the persons that it names may approve.
    Matched(Match),
}

impl Answer {
    /// The match, or why there is none.
    ///
    /// # Errors
    /// The reasons.
    pub fn matched(self) -> Result<Match, Vec<Reason>> {
        match self {
            Self::Matched(found) => Ok(found),
            Self::Refused(reasons) => Err(reasons),
        }
    }
}

/// Who may approve what `question` asks for, or why it is refused.
pub fn decide(policy: &Policy, identities: &Identities, question: &Question<'_>) -> Answer {
    match answer(policy, identities, question) {
        Ok(found) => Answer::Matched(found),
        Err(reasons) => Answer::Refused(reasons),
    }
}

/// [`decide`], with the outcome of each rule: for people, and slower.
pub fn explain<'p>(policy: &'p Policy, identities: &Identities, question: &Question<'_>) -> Decision<'p> {
    let mut trace = Vec::new();
    if let Ok(input) = match_input(policy, identities, question) {
        for rule in &policy.rules {
            let outcome = outcome(rule, &input);
            trace.push(RuleTrace { rule, outcome });
            if matches!(outcome, RuleOutcome::Denied | RuleOutcome::Matched) {
                break;
            }
        }
    }
    Decision { trace, answer: decide(policy, identities, question) }
}

fn answer(policy: &Policy, identities: &Identities, question: &Question<'_>) -> Result<Match, Vec<Reason>> {
    let input = match_input(policy, identities, question).map_err(|reason| vec![reason])?;
    let mut parts = Vec::new();
    let mut rules = policy.rules.iter().filter(|rule| !rule.disabled);
    let answering = rules.find(|rule| {
        let is_match = matches(rule, &input);
        parts.extend(Some(*rule).filter(|rule| !is_match && overlaps(rule, &input)));
        is_match
    });
    match answering {
        None => Err(vec![Reason::NoRule]),
        Some(rule) if rule.denies() => Err(vec![denial(policy, rule)]),
        Some(rule) => {
            let of = |rule: &Rule| approvers_of(policy, identities, rule, question, &input);
            with_parts(of(rule)?, parts.into_iter().map(|part| (part, of(part))))
        }
    }
}

/// The match, and those of earlier rules that a part of the selection lies in: as in a bundle of the parts, each has to be
/// approved. A rule that only asks whether the requester is on call asks no person, and the answering rule asks more.
fn with_parts<'r>(
    found: Match,
    parts: impl Iterator<Item = (&'r Rule, Result<Match, Vec<Reason>>)>,
) -> Result<Match, Vec<Reason>> {
    let mut all = found;
    let mut reasons = Vec::new();
    for (rule, part) in parts {
        match part {
            Ok(part) if part.asks_no_person() && !all.asks_no_person() => {}
            Ok(part) => all.parts.push(part),
            Err(part) => reasons.extend(part.into_iter().map(|why| why.of_part(&rule.name))),
        }
    }
    if reasons.is_empty() { Ok(all) } else { Err(reasons) }
}

fn denial(policy: &Policy, rule: &Rule) -> Reason {
    match policy.unresolved.get(&rule.name) {
        None => Reason::Denied(rule.name.clone()),
        Some(unknown) => Reason::UnresolvedResource {
            rule: rule.name.clone(),
            word: unknown.word.clone(),
            why: unknown.why.to_string(),
        },
    }
}

/// The question in the form in which rules are compared with it, or why none is tried.
fn match_input<'a>(
    policy: &'a Policy,
    identities: &'a Identities,
    question: &Question<'a>,
) -> Result<MatchInput<'a>, Reason> {
    if policy.settings.frozen {
        return Err(Reason::Frozen);
    }
    let (requester, owner) = parties(identities, question)?;
    match &question.risk.withheld {
        Some(withheld) => Err(Reason::System(withheld.clone())),
        None => Ok(MatchInput::new(policy, question, requester, owner)),
    }
}

fn outcome(rule: &Rule, input: &MatchInput<'_>) -> RuleOutcome {
    match misses(rule, input) {
        _ if rule.disabled => RuleOutcome::Disabled,
        misses if !misses.is_empty() && overlaps(rule, input) => RuleOutcome::Part(misses),
        misses if !misses.is_empty() => RuleOutcome::Missed(misses),
        _ if rule.denies() => RuleOutcome::Denied,
        _ => RuleOutcome::Matched,
    }
}

/// Who asks, and whose the subject is. A user must belong to a person; groups and service accounts need not.
fn parties<'a>(
    identities: &'a Identities,
    question: &Question<'_>,
) -> Result<(&'a Person, Option<&'a Person>), Reason> {
    let unknown = |who: &dyn std::fmt::Display| Reason::Unknown(format!("`{who}`"));
    let requester = identities.by_name(question.requester).map_err(|_| unknown(question.requester))?;
    match (identities.by_subject(question.subject), question.subject.view()) {
        (Ok(owner), _) => Ok((requester, Some(owner))),
        (Err(_), SubjectView::User(_)) => Err(unknown(question.subject)),
        (Err(_), SubjectView::Group(_) | SubjectView::ServiceAccount { .. }) => Ok((requester, None)),
    }
}
