//! What a policy cannot have meant: sound, and still most likely a mistake. Not here: what makes a rule unsound.

use std::collections::BTreeSet;

use crate::identity::Identities;
use crate::name::{GroupName, PersonName};
use crate::policy::{Approval, Policy, Requestor, Resource, Reviewers, Rule};

/// One thing worth a look.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// A name that is nobody's.
    #[error("the rule `{rule}` names `{name}`, who is nobody in p0/identities.yaml")]
    Nobody {
        /// Which rule.
        rule: String,
        /// Whom it names.
        name: PersonName,
    },
    /// A group that nobody is in.
    #[error("the rule `{rule}` names the group `{name}`, and nobody is in it")]
    EmptyGroup {
        /// Which rule.
        rule: String,
        /// Which group.
        name: GroupName,
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
    /// So many approvers that nobody will feel meant.
    #[error("the rule `{rule}` asks {count} persons; each would be told")]
    Crowd {
        /// Which rule.
        rule: String,
        /// How many.
        count: usize,
    },
    /// It can never answer.
    #[error("the rule `{rule}` never answers: `{before}` stands before it and matches everything")]
    Shadowed {
        /// Which rule.
        rule: String,
        /// Which one is before it.
        before: String,
    },
}

/// More persons than one asks and expects an answer.
const CROWD: usize = 20;

/// Everything worth a look, in the rules' order.
pub fn lint(policy: &Policy, identities: &Identities) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut before: Option<&Rule> = None;
    for rule in policy.rules().iter().filter(|rule| !rule.disabled) {
        let name = rule.name.to_string();
        if let Some(before) = before {
            warnings.push(Warning::Shadowed { rule: name.clone(), before: before.name.to_string() });
        }
        before = before.or_else(|| answers_everything(rule).then_some(rule));
        requestor(rule, identities, &mut warnings);
        for (kind, reviewers) in rule.approval.iter().filter_map(reviewers) {
            approvers(&name, kind, &reviewers, identities, &mut warnings);
        }
    }
    warnings
}

fn answers_everything(rule: &Rule) -> bool {
    let is_open = rule.denies() || (rule.options.allow_privileged && rule.options.allow_shared_subject);
    rule.requestor == Requestor::Any && rule.resource == Resource::Any && is_open
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
    gone.map(move |name| Warning::Nobody { rule: rule.to_owned(), name: name.clone() })
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
