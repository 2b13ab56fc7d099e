//! Who may approve by a rule that matches, by name, and for how long. Not here: whether they did.
//!
//! Listed persons who are gone are left out and named; where too few are left, the approval is unusable, and where every
//! approval is, the answer is no. The requester and the person who gets access are left out too, pairwise, unless the rule says otherwise.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use p0_grant::approval::ApprovalKind;
use p0_grant::danger::Class;

use super::matching::MatchInput;
use super::question::{Question, Stated, Term};
use super::reason::Reason;
use super::rule::{Approval, Auto, Persistent, Reviewers, Rule};
use super::{Policy, Routing};
use crate::duration::Lifetime;
use crate::identity::Identities;
use crate::name::{PersonName, RuleName};

/// A rule that answers one question: who may approve, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Which rule.
    pub rule: RuleName,
    /// Who may approve: any one suffices. Never empty.
    pub alternatives: Vec<Alternative>,
    /// What the rule also lists and cannot be used, and why.
    pub unusable: Vec<Unusable>,
    /// How long, and on what evidence.
    pub limits: Limits,
    /// Earlier rules that hold a part of the selection: each has to be satisfied too.
    pub parts: Vec<Match>,
    /// Who asks.
    pub(super) requester: PersonName,
    /// Whose the subject is.
    pub(super) owner: Option<PersonName>,
    /// Whether these two may be among the approvers.
    pub(super) one_party: bool,
}

/// One way to approve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alternative {
    /// So many of these persons.
    Reviewers(Who),
    /// The manager.
    Manager(PersonName),
    /// Being on call.
    Auto(Auto),
    /// The review of the change by so many of these persons.
    Git(Who),
    /// So many of these persons, for access until then.
    Persistent {
        /// Who.
        who: Who,
        /// Until when.
        until: Timestamp,
    },
}

/// Persons of whom some must approve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// Everybody who may; at least as many as are needed.
    pub persons: BTreeSet<PersonName>,
    /// How many must.
    pub count: usize,
    /// Who or what is listed and does not count, and why.
    pub skipped: Vec<String>,
}

/// An approval that a rule lists and no person can give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// Which.
    pub kind: ApprovalKind,
    /// Why.
    pub why: Reason,
}

/// How long, and on what evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long it lives where no approver shortens it; meaningless for persistent access.
    pub duration: Lifetime,
    /// The longest the rule gives.
    pub max_duration: Lifetime,
    /// The longest with extensions.
    pub max_total_duration: Lifetime,
    /// The danger from which on the bot's word is not enough, where this is that dangerous.
    pub second_channel: Option<Class>,
    /// The worst danger.
    pub worst: Option<Class>,
    /// Whether a bare name proves anything.
    pub demo: bool,
}

impl Alternative {
    /// Its kind.
    pub fn kind(&self) -> ApprovalKind {
        match self {
            Self::Reviewers(_) => ApprovalKind::Reviewers,
            Self::Manager(_) => ApprovalKind::Manager,
            Self::Auto(_) => ApprovalKind::Auto,
            Self::Git(_) => ApprovalKind::Git,
            Self::Persistent { .. } => ApprovalKind::Persistent,
        }
    }

    /// Who may approve so; none where being on call does.
    pub fn persons(&self) -> BTreeSet<&PersonName> {
        match self {
            Self::Reviewers(who) | Self::Git(who) | Self::Persistent { who, .. } => {
                who.persons.iter().collect()
            }
            Self::Manager(name) => [name].into(),
            Self::Auto(_) => BTreeSet::new(),
        }
    }

    /// How hard it is to come by: being on call asks no person, a review is seen by the forge too.
    fn strength(&self) -> (u8, usize) {
        match self {
            Self::Auto(_) => (0, 0),
            Self::Manager(_) => (1, 1),
            Self::Reviewers(who) => (1, who.count),
            Self::Git(who) => (2, who.count),
            Self::Persistent { who, .. } => (3, who.count),
        }
    }
}

impl Match {
    /// Everybody who may approve in any way, be it for a part.
    pub fn approvers(&self) -> BTreeSet<&PersonName> {
        let own = self.alternatives.iter().flat_map(Alternative::persons);
        own.chain(self.parts.iter().flat_map(Self::approvers)).collect()
    }

    /// Whether no person is asked: being on call is all that can approve.
    pub(super) fn asks_no_person(&self) -> bool {
        self.alternatives.iter().all(|alternative| matches!(alternative, Alternative::Auto(_)))
    }

    /// Who asks and who gets access.
    pub(super) fn is_party(&self, person: &PersonName) -> bool {
        self.requester == *person || self.owner.as_ref() == Some(person)
    }
}

/// Of a bundle's matches, the one whose easiest approval is the hardest to come by.
pub fn strictest(matches: &[Match]) -> Option<&Match> {
    let easiest = |found: &Match| found.alternatives.iter().map(Alternative::strength).min();
    let hardest = |found: &&Match| found.parts.iter().chain([*found]).map(easiest).max();
    matches.iter().max_by_key(hardest)
}

pub(super) fn approvers_of(
    policy: &Policy,
    identities: &Identities,
    rule: &Rule,
    question: &Question<'_>,
    input: &MatchInput<'_>,
) -> Result<Match, Vec<Reason>> {
    let limits = limits(policy, rule, question)?;
    let mut found = Match {
        rule: rule.name.clone(),
        alternatives: Vec::new(),
        unusable: Vec::new(),
        limits,
        parts: Vec::new(),
        requester: input.requester.name.clone(),
        owner: input.owner.map(|person| person.name.clone()),
        one_party: rule.options.allow_one_party,
    };
    let persistent = question.term == Term::Persistent;
    let meant = |approval: &&Approval| matches!(approval, Approval::Persistent(_)) == persistent;
    for approval in rule.approval.iter().filter(meant) {
        match alternative(approval, policy, identities, input, &found) {
            Ok(alternative) => found.alternatives.extend(alternative),
            Err(unusable) => found.unusable.push(unusable),
        }
    }
    match (found.alternatives.is_empty(), found.unusable.is_empty()) {
        (false, _) => Ok(found),
        (true, false) => Err(found.unusable.into_iter().map(|unusable| unusable.why).collect()),
        (true, true) if persistent => Err(vec![Reason::NotPersistent]),
        (true, true) => Err(vec![Reason::OnlyPersistent]),
    }
}

fn alternative(
    approval: &Approval,
    policy: &Policy,
    identities: &Identities,
    input: &MatchInput<'_>,
    found: &Match,
) -> Result<Option<Alternative>, Unusable> {
    let who = |kind, reviewers: &Reviewers| {
        who(kind, reviewers, identities, found).map_err(|why| Unusable { kind, why })
    };
    Ok(Some(match approval {
        // A rule that denies has no approvers.
        Approval::Deny => return Ok(None),
        Approval::Reviewers(reviewers) => Alternative::Reviewers(who(ApprovalKind::Reviewers, reviewers)?),
        Approval::Git(reviewers) => Alternative::Git(who(ApprovalKind::Git, reviewers)?),
        Approval::Manager => {
            let manager = input.getting().manager.iter().cloned().collect();
            let one = Reviewers { persons: manager, groups: Vec::new(), count: 1 };
            let who = who(ApprovalKind::Manager, &one)?;
            return Ok(who.persons.into_iter().next().map(Alternative::Manager));
        }
        Approval::Auto(_) if policy.settings.on_call == Routing::Off => {
            return Err(Unusable { kind: ApprovalKind::Auto, why: Reason::RoutingOff });
        }
        Approval::Auto(auto) => Alternative::Auto(auto.clone()),
        Approval::Persistent(persistent) => {
            let who = who(ApprovalKind::Persistent, &persistent.reviewers())?;
            let until = end_of(persistent).ok_or(Unusable {
                kind: ApprovalKind::Persistent,
                why: Reason::ReviewDue(persistent.review_by),
            })?;
            Alternative::Persistent { who, until }
        }
    }))
}

/// The last second of the day.
fn end_of(persistent: &Persistent) -> Option<Timestamp> {
    let end = persistent.review_by.to_datetime(Time::constant(23, 59, 59, 0));
    TimeZone::UTC.to_timestamp(end).ok()
}

/// Everybody listed who is somebody and may approve this, or why too few are left.
fn who(
    kind: ApprovalKind,
    reviewers: &Reviewers,
    identities: &Identities,
    found: &Match,
) -> Result<Who, Reason> {
    let mut who = Who { persons: BTreeSet::new(), count: reviewers.count, skipped: Vec::new() };
    let mut listed: BTreeSet<&PersonName> = BTreeSet::new();
    for name in &reviewers.persons {
        match identities.by_name(name) {
            Ok(person) => _ = listed.insert(&person.name),
            Err(_) => who.skipped.push(format!("`{name}` (not in p0/identities.yaml)")),
        }
    }
    for group in &reviewers.groups {
        let mut members = identities.members(group).peekable();
        if members.peek().is_none() {
            who.skipped.push(format!("`{group}` (a group without members)"));
        }
        listed.extend(members.map(|person| &person.name));
    }
    for name in listed {
        match found.is_party(name) && !found.one_party {
            true => who.skipped.push(format!("`{name}` (asks for it or gets it)")),
            false => _ = who.persons.insert(name.clone()),
        }
    }
    match who.persons.len() {
        have if have < who.count => {
            Err(Reason::NobodyLeft { kind, have, need: who.count, skipped: who.skipped })
        }
        _ => Ok(who),
    }
}

/// Durations and reason. What is missing or too long is said all at once.
fn limits(policy: &Policy, rule: &Rule, question: &Question<'_>) -> Result<Limits, Vec<Reason>> {
    let (options, settings) = (&rule.options, &policy.settings);
    let max_duration = options.max_duration.unwrap_or(settings.max_duration);
    let max_total_duration =
        options.max_total_duration.unwrap_or(settings.max_total_duration).max(max_duration);
    let default = options.default_duration.unwrap_or(settings.default_duration).min(max_duration);
    let second_channel = options.second_channel.unwrap_or(settings.second_channel);
    let mut reasons = Vec::new();
    reasons.extend(unreasoned(rule, question.reason));
    let (asked, total) = match question.term {
        Term::For(None) if options.require_duration => {
            reasons.push(Reason::NoDuration(max_duration));
            (default, default)
        }
        Term::For(asked) => (asked.unwrap_or(default), asked.unwrap_or(default)),
        Term::Extended { by, total } => (by, total),
        Term::Persistent => (default, default),
    };
    if asked > max_duration {
        reasons.push(Reason::TooLong { asked, allowed: max_duration });
    }
    if matches!(question.term, Term::Extended { .. }) && total > max_total_duration {
        reasons.push(Reason::TotalTooLong { asked: total, allowed: max_total_duration });
    }
    let worst = question.risk.worst;
    let second_channel = Some(second_channel).filter(|class| worst >= Some(*class));
    let demo = settings.demo;
    match reasons.is_empty() {
        true => Ok(Limits { duration: asked, max_duration, max_total_duration, second_channel, worst, demo }),
        false => Err(reasons),
    }
}

fn unreasoned(rule: &Rule, reason: Stated<'_>) -> Option<Reason> {
    let options = &rule.options;
    let pattern = options.reason_pattern.as_ref();
    match reason {
        Stated::Hidden => None,
        Stated::Text(text) if !text.trim().is_empty() => pattern
            .filter(|pattern| !pattern.matches(text.trim()))
            .map(|pattern| Reason::ReasonPattern(pattern.to_string())),
        Stated::Text(_) | Stated::Nothing if options.require_reason || pattern.is_some() => {
            Some(Reason::NoReason)
        }
        Stated::Text(_) | Stated::Nothing => None,
    }
}
