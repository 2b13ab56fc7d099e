//! What a policy cannot have meant: sound, and still most likely a mistake. Not here: what makes a rule unsound.

use std::collections::BTreeSet;

use p0_grant::nearest::Nearest;

use crate::identity::Identities;
use crate::name::{GroupName, PersonName};
use crate::policy::{Approval, Policy, Requestor, Reviewers, Rule};

mod shadow;
mod unknown;

pub use unknown::KnownNames;

/// One thing worth a look.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// A name without a person.
    #[error("the rule `{rule}` names `{name}`, and p0/identities.yaml has no such person")]
    NoPerson {
        /// Which rule.
        rule: String,
        /// Whom it names.
        name: PersonName,
    },
    /// A group without members.
    #[error("the rule `{rule}` names the group `{name}`, which has no members")]
    EmptyGroup {
        /// Which rule.
        rule: String,
        /// Which group.
        name: GroupName,
    },
    /// A manager without a person, where a rule asks managers.
    #[error("the manager of `{person}` is `{manager}`, and p0/identities.yaml has no such person")]
    NoManager {
        /// Whose manager.
        person: PersonName,
        /// Who that should be.
        manager: PersonName,
    },
    /// A cluster, role, namespace or subresource that does not exist.
    #[error("the rule `{rule}` names the {noun} `{word}`, and no such {noun} exists{nearest}")]
    Unknown {
        /// Which rule.
        rule: String,
        /// What it names.
        noun: &'static str,
        /// The word or pattern.
        word: String,
        /// What may have been meant.
        nearest: Nearest,
    },
    /// More approvals than there are approvers.
    #[error("the rule `{rule}` asks for {need} approvals by `{kind}`, and {have} could give one")]
    TooFew {
        /// Which rule.
        rule: String,
        /// Which approval.
        kind: &'static str,
        /// How many there are.
        have: usize,
        /// How many are needed.
        need: usize,
    },
    /// So many approvers that none of them feels responsible.
    #[error("the rule `{rule}` asks {count} persons; each would be told")]
    Crowd {
        /// Which rule.
        rule: String,
        /// How many.
        count: usize,
    },
    /// It can never answer.
    #[error(
        "the rule `{rule}` never answers: `{before}` stands before it and answers for all that `{rule}` is for"
    )]
    Shadowed {
        /// Which rule.
        rule: String,
        /// Which one is before it.
        before: String,
    },
}

/// More persons than one asks and expects an answer.
const CROWD: usize = 20;

/// Everything worth a look, in the rules' order; then the persons.
pub fn lint(policy: &Policy, identities: &Identities, known: &KnownNames) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let rules: Vec<&Rule> = policy.rules().iter().filter(|rule| !rule.disabled).collect();
    for (place, rule) in rules.iter().enumerate() {
        let name = rule.name.to_string();
        if let Some(before) = rules.iter().take(place).find(|before| shadow::shadows(before, rule)) {
            warnings.push(Warning::Shadowed { rule: name.clone(), before: before.name.to_string() });
        }
        requestor(rule, identities, &mut warnings);
        for (kind, reviewers) in rule.approval.iter().filter_map(reviewers) {
            approvers(&name, kind, &reviewers, identities, &mut warnings);
        }
        warnings.extend(unknown::unknown(rule, known));
    }
    if rules.iter().any(|rule| rule.approval.contains(&Approval::Manager)) {
        warnings.extend(managers(identities));
    }
    warnings
}

/// Managers who are not in the file: such a person's request has no manager to ask.
fn managers(identities: &Identities) -> impl Iterator<Item = Warning> {
    let named = identities.iter().filter_map(|person| Some((person, person.manager.as_ref()?)));
    let gone = named.filter(|(_, manager)| identities.by_name(manager).is_err());
    gone.map(|(person, manager)| Warning::NoManager { person: person.name.clone(), manager: manager.clone() })
}

fn requestor(rule: &Rule, identities: &Identities, warnings: &mut Vec<Warning>) {
    let name = rule.name.to_string();
    match &rule.requestor {
        Requestor::Any => {}
        Requestor::User(names) => {
            warnings.extend(nobodies(&name, names, identities));
        }
        Requestor::Group { names, .. } => warnings.extend(empty(&name, names, identities)),
    }
}

fn nobodies<'a>(
    rule: &'a str,
    names: &'a [PersonName],
    identities: &'a Identities,
) -> impl Iterator<Item = Warning> + 'a {
    let gone = names.iter().filter(|name| identities.by_name(name).is_err());
    gone.map(move |name| Warning::NoPerson { rule: rule.to_owned(), name: name.clone() })
}

fn empty<'a>(
    rule: &'a str,
    names: &'a [GroupName],
    identities: &'a Identities,
) -> impl Iterator<Item = Warning> + 'a {
    let empty = names.iter().filter(|name| identities.members(name).next().is_none());
    empty.map(move |name| Warning::EmptyGroup { rule: rule.to_owned(), name: name.clone() })
}

fn reviewers(approval: &Approval) -> Option<(&'static str, Reviewers)> {
    match approval {
        Approval::Reviewers(reviewers) => Some(("reviewers", reviewers.clone())),
        Approval::Git(reviewers) => Some(("git", reviewers.clone())),
        Approval::Persistent(persistent) => Some(("persistent", persistent.reviewers())),
        Approval::Deny | Approval::Manager | Approval::Auto(_) => None,
    }
}

fn approvers(
    rule: &str,
    kind: &'static str,
    reviewers: &Reviewers,
    identities: &Identities,
    warnings: &mut Vec<Warning>,
) {
    warnings.extend(nobodies(rule, &reviewers.persons, identities));
    warnings.extend(empty(rule, &reviewers.groups, identities));
    let named = reviewers.persons.iter().filter(|name| identities.by_name(name).is_ok());
    let members = reviewers.groups.iter().flat_map(|group| identities.members(group));
    let all: BTreeSet<&PersonName> = named.chain(members.map(|person| &person.name)).collect();
    let rule = rule.to_owned();
    if all.len() < reviewers.count {
        warnings.push(Warning::TooFew { rule: rule.clone(), kind, have: all.len(), need: reviewers.count });
    }
    if all.len() > CROWD {
        warnings.push(Warning::Crowd { rule, count: all.len() });
    }
}
