//! The cover test: is everything one rule set allows allowed by another, rule against rule?
//!
//! It is the API server's own escalation test, kept with its answer: sound, not complete (an owner that lists every
//! verb does not cover `*`). Not here: what a request may do ([`crate::evaluate`]).
//!
//! Source: `Covers` and `BreakdownRule` in
//! <https://github.com/kubernetes/component-helpers/blob/v0.36.2/auth/rbac/validation/policy_comparator.go>.

use std::fmt;

use crate::rule::{ALL, ResourceRule, Rule, UrlRule};

/// The smallest part of a rule: one verb on one thing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Atom {
    /// One verb on one resource of one group, of one name or unnamed.
    Resource {
        /// One entry of `verbs`.
        verb: String,
        /// One entry of `apiGroups`.
        group: String,
        /// One entry of `resources`.
        resource: String,
        /// One entry of `resourceNames`; `None` where the rule has none.
        name: Option<String>,
    },
    /// One verb on one URL pattern.
    Url {
        /// One entry of `verbs`.
        verb: String,
        /// One entry of `nonResourceURLs`.
        url: String,
    },
}

/// What the owner does not cover, never empty, in the order of the servant's rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not covered: {}", list(.0))]
pub struct Uncovered(Vec<Atom>);

impl Uncovered {
    /// The atoms that no rule of the owner covers.
    pub fn atoms(&self) -> &[Atom] {
        &self.0
    }
}

/// Whether each atom of `servant` is covered by one rule of `owner`.
///
/// # Errors
/// [`Uncovered`] lists every atom that is not.
///
/// ```
/// use p0_grant::covers::covers;
/// use p0_grant::rule::ResourceRule;
///
/// let none = [] as [&str; 0];
/// let role = [ResourceRule::new(["get", "list"], ["apps"], ["deployments"], none)?.into()];
/// let part = [ResourceRule::new(["get"], ["apps"], ["deployments"], ["web"])?.into()];
/// assert!(covers(&role, &part).is_ok());
/// assert_eq!(covers(&part, &role).unwrap_err().atoms().len(), 2);
/// # Ok::<(), p0_grant::rule::RuleError>(())
/// ```
pub fn covers(owner: &[Rule], servant: &[Rule]) -> Result<(), Uncovered> {
    let mut uncovered = Vec::new();
    for rule in servant {
        // One owner rule that covers the whole product covers each of its atoms; only the rest is broken down.
        if owner.iter().any(|candidate| covers_rule(candidate, rule)) {
            continue;
        }
        let missing = atoms(rule)
            .into_iter()
            .filter(|atom| !owner.iter().any(|candidate| covers_atom(candidate, atom)));
        uncovered.extend(missing);
    }
    if uncovered.is_empty() { Ok(()) } else { Err(Uncovered(uncovered)) }
}

/// Breaks a rule down into its atoms.
pub fn atoms(rule: &Rule) -> Vec<Atom> {
    match rule {
        Rule::Resource(rule) => resource_atoms(rule),
        Rule::Url(rule) => url_atoms(rule),
    }
}

fn resource_atoms(rule: &ResourceRule) -> Vec<Atom> {
    let names = match rule.resource_names() {
        [] => vec![None],
        names => names.iter().map(Some).collect(),
    };
    let mut atoms = Vec::new();
    for group in rule.api_groups() {
        for resource in rule.resources() {
            for verb in rule.verbs() {
                atoms.extend(names.iter().map(|name| Atom::Resource {
                    verb: verb.clone(),
                    group: group.clone(),
                    resource: resource.clone(),
                    name: name.cloned(),
                }));
            }
        }
    }
    atoms
}

fn url_atoms(rule: &UrlRule) -> Vec<Atom> {
    let atom = |verb: &String, url: &String| Atom::Url { verb: verb.clone(), url: url.clone() };
    rule.urls().iter().flat_map(|url| rule.verbs().iter().map(move |verb| atom(verb, url))).collect()
}

fn covers_rule(owner: &Rule, servant: &Rule) -> bool {
    match (owner, servant) {
        (Rule::Resource(owner), Rule::Resource(servant)) => {
            lists_all(owner.verbs(), servant.verbs())
                && lists_all(owner.api_groups(), servant.api_groups())
                && servant.resources().iter().all(|resource| covers_resource(owner.resources(), resource))
                && covers_names(owner.resource_names(), servant.resource_names())
        }
        (Rule::Url(owner), Rule::Url(servant)) => {
            lists_all(owner.verbs(), servant.verbs())
                && servant.urls().iter().all(|url| covers_url(owner.urls(), url))
        }
        _ => false,
    }
}

fn covers_atom(owner: &Rule, atom: &Atom) -> bool {
    match (owner, atom) {
        (Rule::Resource(owner), Atom::Resource { verb, group, resource, name }) => {
            lists(owner.verbs(), verb)
                && lists(owner.api_groups(), group)
                && covers_resource(owner.resources(), resource)
                && covers_names(owner.resource_names(), name.as_slice())
        }
        (Rule::Url(owner), Atom::Url { verb, url }) => {
            lists(owner.verbs(), verb) && covers_url(owner.urls(), url)
        }
        _ => false,
    }
}

fn lists(entries: &[String], asked: &str) -> bool {
    entries.iter().any(|entry| entry == ALL || entry == asked)
}

fn lists_all(entries: &[String], asked: &[String]) -> bool {
    asked.iter().all(|one| lists(entries, one))
}

fn covers_resource(owner: &[String], asked: &str) -> bool {
    lists(owner, asked)
        || asked.split_once('/').is_some_and(|(_, sub)| {
            owner.iter().any(|entry| entry.split_once('/').is_some_and(|(all, own)| all == ALL && own == sub))
        })
}

/// An unnamed servant needs an unnamed owner; names may be fewer, never more.
fn covers_names(owner: &[String], servant: &[String]) -> bool {
    owner.is_empty() || (!servant.is_empty() && servant.iter().all(|name| owner.contains(name)))
}

fn covers_url(owner: &[String], asked: &str) -> bool {
    owner.iter().any(|entry| {
        entry == asked || (entry.ends_with('*') && asked.starts_with(entry.trim_end_matches('*')))
    })
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resource { verb, group, resource, name } => {
                write!(f, "{verb} {resource}")?;
                if !group.is_empty() {
                    write!(f, ".{group}")?;
                }
                name.as_ref().map_or(Ok(()), |name| write!(f, " {name:?}"))
            }
            Self::Url { verb, url } => write!(f, "{verb} {url}"),
        }
    }
}

/// At most eight atoms, so that an error about a wide role stays readable.
fn list(atoms: &[Atom]) -> String {
    const SHOWN: usize = 8;
    let mut text = atoms.iter().take(SHOWN).map(Atom::to_string).collect::<Vec<_>>().join(", ");
    if atoms.len() > SHOWN {
        text.push_str(&format!(" and {} more", atoms.len() - SHOWN));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(verbs: &[&str], groups: &[&str], resources: &[&str], names: &[&str]) -> Rule {
        let own = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        ResourceRule::new(own(verbs), own(groups), own(resources), own(names)).unwrap().into()
    }

    #[test]
    fn answers_as_the_escalation_check_does() {
        let pods = |verbs: &[&str], names: &[&str]| rule(verbs, &[""], &["pods"], names);
        for (case, owner, servant, expected) in [
            ("itself", pods(&["get"], &[]), pods(&["get"], &[]), true),
            ("fewer verbs", pods(&["get", "list"], &[]), pods(&["list"], &[]), true),
            ("more verbs", pods(&["get"], &[]), pods(&["get", "list"], &[]), false),
            ("star covers a verb", pods(&["*"], &[]), pods(&["sign"], &[]), true),
            ("all verbs are not star", pods(&["get", "list"], &[]), pods(&["*"], &[]), false),
            ("any name covers a name", pods(&["get"], &[]), pods(&["get"], &["x"]), true),
            ("a name is not any name", pods(&["get"], &["x"]), pods(&["get"], &[]), false),
            ("a name of two", pods(&["get"], &["x", "y"]), pods(&["get"], &["y"]), true),
            ("another name", pods(&["get"], &["x"]), pods(&["get"], &["y"]), false),
            (
                "star-slash-sub",
                rule(&["get"], &[""], &["*/log"], &[]),
                rule(&["get"], &[""], &["pods/log"], &[]),
                true,
            ),
            ("sub is not main", rule(&["get"], &[""], &["*/log"], &[]), pods(&["get"], &[]), false),
            ("other group", rule(&["get"], &["apps"], &["pods"], &[]), pods(&["get"], &[]), false),
        ] {
            assert_eq!(covers(&[owner], &[servant]).is_ok(), expected, "{case}");
        }
    }

    #[test]
    fn two_owner_rules_may_share_one_servant_rule_between_them() {
        let owner = [rule(&["get"], &[""], &["pods"], &[]), rule(&["list"], &[""], &["pods"], &[])];
        assert!(covers(&owner, &[rule(&["get", "list"], &[""], &["pods"], &["x"])]).is_ok());
    }

    #[test]
    fn names_exactly_what_is_missing() {
        let owner = [rule(&["get"], &["apps"], &["deployments"], &[])];
        let servant = [rule(&["get", "patch"], &["apps"], &["deployments"], &["web"])];
        let answer = covers(&owner, &servant).unwrap_err();
        assert_eq!(answer.to_string(), "not covered: patch deployments.apps \"web\"");
    }
}
