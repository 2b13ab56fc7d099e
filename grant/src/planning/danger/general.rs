//! Dangers of every kind alike: deleting many objects, wide selections, unusual verbs, and writes to a group that
//! Kubernetes does not ship. Not here: the table of single resources.

use std::collections::BTreeSet;

use super::{Class, Danger, table};
use crate::group::is_shipped;
use crate::restrict::STANDARD_VERBS;
use crate::rule::{ALL, ResourceRule, Rule};
use crate::selection::{Selection, Target};

/// Where custom objects come from, and who acts on them.
const OPERATORS: &str = "https://kubernetes.io/docs/concepts/extend-kubernetes/operator/";

/// What is dangerous in `rules` on `selection` whatever the kind. `decided` says whether a row of the table is about a verb
/// on a resource of a group.
pub(super) fn dangers(
    rules: &[Rule],
    selection: &Selection,
    decided: &dyn Fn(&str, &str, &str) -> bool,
) -> Vec<Danger> {
    let resource_rules = || rules.iter().filter_map(Rule::as_resource);
    let mut found: Vec<Danger> = resource_rules().flat_map(|rule| foreign_writes(rule, decided)).collect();
    found.extend(deleting_many(resource_rules(), selection));
    found.extend(wide_target(resource_rules(), selection));
    found.extend(unusual_verbs(rules));
    found
}

/// A write to a group that Kubernetes does not ship is HIGH where no row says what it is: its controller acts on the object
/// with rights that nothing here knows.
fn foreign_writes(rule: &ResourceRule, decided: &dyn Fn(&str, &str, &str) -> bool) -> Vec<Danger> {
    let groups = rule.api_groups().iter().filter(|group| *group != ALL && !is_shipped(group));
    let entries = groups.flat_map(|group| rule.resources().iter().map(move |resource| (group, resource)));
    let written = entries.filter_map(|(group, resource)| {
        let is_open = |verb: &&str| table::changes(verb).iter().any(|one| !decided(group, resource, one));
        let verbs: BTreeSet<&str> = rule.verbs().iter().map(String::as_str).filter(is_open).collect();
        (!verbs.is_empty()).then(|| Danger {
            class: Class::High,
            what: format!("{} {resource}.{group}", joined(verbs)),
            why: "a controller acts on this object with rights of its own, which nothing here knows"
                .to_owned(),
            source: OPERATORS.to_owned(),
        })
    });
    written.collect()
}

/// Deleting objects of any kind, where not just one is picked and the rule names none.
fn deleting_many<'r>(rules: impl Iterator<Item = &'r ResourceRule>, selection: &Selection) -> Option<Danger> {
    let unnamed = rules.filter(|rule| rule.resource_names().is_empty());
    let verbs = unnamed.flat_map(ResourceRule::verbs).map(String::as_str);
    let verbs: BTreeSet<&str> = verbs.filter(|verb| table::is_delete(verb)).collect();
    if selection.target().name().is_some() || verbs.is_empty() {
        return None;
    }
    Some(Danger {
        class: Class::High,
        what: format!("{} {}", joined(verbs), selection.resource().plural()),
        why: "every object of the kind there can be deleted".to_owned(),
        source: table::GOOD_PRACTICES.to_owned(),
    })
}

/// A selection of many objects, where a rule is for all of them.
fn wide_target<'r>(
    mut rules: impl Iterator<Item = &'r ResourceRule>,
    selection: &Selection,
) -> Option<Danger> {
    let resource = selection.resource();
    let what = match selection.target() {
        Target::Object { .. } | Target::ClusterObject { .. } => return None,
        Target::Kind { namespace } => format!("all {resource} in namespace {namespace}"),
        Target::KindEverywhere => format!("all {resource} in all namespaces"),
        Target::ClusterKind => format!("all {resource} of the cluster"),
    };
    rules
        .any(|rule| rule.resource_names().is_empty())
        .then(|| note(what, "objects that do not exist yet are included"))
}

fn unusual_verbs(rules: &[Rule]) -> impl Iterator<Item = Danger> + '_ {
    let verbs = rules.iter().flat_map(Rule::verbs);
    let unusual = verbs.filter(|verb| !STANDARD_VERBS.contains(&verb.as_str()));
    unusual.map(|verb| {
        note(
            format!("verb {verb}"),
            "it is not one of the eight standard verbs; the resource itself defines what it gives",
        )
    })
}

fn note(what: String, why: &str) -> Danger {
    Danger { class: Class::Note, what, why: why.to_owned(), source: table::GOOD_PRACTICES.to_owned() }
}

fn joined(verbs: BTreeSet<&str>) -> String {
    verbs.into_iter().collect::<Vec<_>>().join(", ")
}
