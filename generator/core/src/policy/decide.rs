//! The decision: one question held to the rules from the first on. Not here: whether an approval is enough.

use p0_grant::danger::{Class, worst};
use p0_grant::offer::Withheld;
use p0_grant::plan::PlanReport;
use p0_grant::role::RoleRef;
use p0_grant::selection::Selection;
use p0_grant::subject::{Subject, SubjectView};

use super::Policy;
use super::matching::{Asked, Misses, matches, misses};
use super::reason::Reason;
use super::rule::Rule;
use super::settle::{Match, settle};
use crate::duration::Lifetime;
use crate::identity::{Identities, Person};
use crate::layout::ClusterName;
use crate::name::PersonName;

/// What somebody asks for. Whose the subject is, the identities say.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// Who asks.
    pub requester: &'a PersonName,
    /// Who gets access.
    pub subject: &'a Subject,
    /// Where.
    pub cluster: &'a ClusterName,
    /// Which role.
    pub role: &'a RoleRef,
    /// On what.
    pub selection: &'a Selection,
    /// How dangerous that is there.
    pub risk: Risk,
    /// For how long.
    pub term: Term,
    /// Why.
    pub reason: Stated<'a>,
}

/// How dangerous what is asked for is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Risk {
    /// The worst class of danger; `None` where there is none.
    pub worst: Option<Class>,
    /// Whether the cluster file opens it under `allowPrivileged`.
    pub privileged: bool,
    /// Why it is not offered at all.
    pub withheld: Option<Withheld>,
}

/// For how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// So long, or as long as the rule gives.
    For(Option<Lifetime>),
    /// So much longer, and so long in all.
    Extended {
        /// From now on.
        by: Lifetime,
        /// From the first grant to the new end.
        total: Lifetime,
    },
    /// Until it is reviewed.
    Persistent,
}

/// Whether a reason is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stated<'a> {
    /// This one.
    Text(&'a str),
    /// One that is not readable here: the grant keeps its hash, or nothing.
    Hidden,
    /// None.
    Nothing,
}

/// The answer, and how each rule was held to the question up to the one that answered.
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
    pub verdict: Verdict,
}

/// What became of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is switched off.
    Disabled,
    /// It is about something else.
    Missed(Misses),
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
    /// A rule answers: whoever it names may approve.
    Matched(Match),
}

impl Risk {
    /// What a plan's findings say.
    pub fn of(findings: &PlanReport) -> Self {
        Self {
            worst: worst(findings.dangers()),
            privileged: findings.is_opened(),
            withheld: findings.withheld().cloned(),
        }
    }
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

/// Who may approve what `question` asks for, if anybody.
pub fn decide(policy: &Policy, identities: &Identities, question: &Question<'_>) -> Answer {
    match answer(policy, identities, question) {
        Ok(found) => Answer::Matched(found),
        Err(reasons) => Answer::Refused(reasons),
    }
}

/// [`decide`], with how each rule was held to the question: for people, and slower.
pub fn explain<'p>(policy: &'p Policy, identities: &Identities, question: &Question<'_>) -> Decision<'p> {
    let mut trace = Vec::new();
    if let Ok(asked) = asked(policy, identities, question) {
        for rule in &policy.rules {
            let verdict = verdict(rule, &asked);
            trace.push(RuleTrace { rule, verdict });
            if matches!(verdict, Verdict::Denied | Verdict::Matched) {
                break;
            }
        }
    }
    Decision { trace, answer: decide(policy, identities, question) }
}

fn answer(policy: &Policy, identities: &Identities, question: &Question<'_>) -> Result<Match, Vec<Reason>> {
    let asked = asked(policy, identities, question).map_err(|reason| vec![reason])?;
    match policy.rules.iter().find(|rule| !rule.disabled && matches(rule, &asked)) {
        None => Err(vec![Reason::NoRule]),
        Some(rule) if rule.denies() => Err(vec![Reason::Denied(rule.name.clone())]),
        Some(rule) => settle(policy, identities, rule, question, &asked),
    }
}

/// The question as rules are held to it, or why none is tried.
fn asked<'a>(
    policy: &Policy,
    identities: &'a Identities,
    question: &Question<'a>,
) -> Result<Asked<'a>, Reason> {
    if policy.settings.frozen {
        return Err(Reason::Frozen);
    }
    let (requester, owner) = parties(identities, question)?;
    match &question.risk.withheld {
        Some(withheld) => Err(Reason::System(withheld.clone())),
        None => Ok(Asked::new(question, requester, owner)),
    }
}

fn verdict(rule: &Rule, asked: &Asked<'_>) -> Verdict {
    match misses(rule, asked) {
        _ if rule.disabled => Verdict::Disabled,
        misses if !misses.is_empty() => Verdict::Missed(misses),
        _ if rule.denies() => Verdict::Denied,
        _ => Verdict::Matched,
    }
}

/// Who asks, and whose the subject is. A user must be somebody; groups and service accounts may be nobody's.
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
