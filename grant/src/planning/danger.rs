//! Danger: how much more than it says a set of rules gives.
//!
//! The table is data (`danger/table.rs`); a site adds rows of its own. Not here: what follows from a class. The caller refuses
//! [`Class::Block`] unless a policy names the role and the resource, and shows the rest.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::name::Namespace;
use crate::rule::{ALL, ResourceRule, Rule};
use crate::selection::{Selection, Target};

mod table;

pub use table::{Entry, Row, RowPlace, standard_rows};

/// How dangerous; later ones are worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Class {
    /// Worth a look: wider than one object, or an unusual verb.
    Note,
    /// Reaches beyond the selected object.
    High,
    /// Gives secrets, or a way into running programs.
    Critical,
    /// Gives everything, in one step or two.
    Block,
}

/// One finding, for requester, approver and reviewer alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Danger {
    /// How dangerous.
    pub class: Class,
    /// What the rules give, for reading.
    pub what: String,
    /// What that means.
    pub why: String,
    /// Where this is known from.
    pub source: String,
}

/// What a site knows of itself that makes rules more dangerous.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// The namespaces of the applier (Argo CD, Flux) and of the bot: what runs there has the applier's rights.
    pub applier_namespaces: Vec<Namespace>,
    /// Rows besides [`standard_rows`].
    pub rows: Vec<Row>,
}

/// What is dangerous in `rules` on `selection`, worst first, each finding once.
///
/// ```
/// use p0_grant::danger::{Class, Site, classify};
/// use p0_grant::name::{Namespace, ObjectName};
/// use p0_grant::resource::{ApiResource, Scope};
/// use p0_grant::rule::ResourceRule;
/// use p0_grant::selection::{Selection, Target};
///
/// let secrets = ApiResource::new("", "secrets", "Secret", Scope::Namespaced).unwrap();
/// let target = Target::Object { namespace: Namespace::new("default").unwrap(), name: ObjectName::new("s").unwrap() };
/// let rule = ResourceRule::new(["get"], [""], ["secrets"], ["s"]).unwrap();
/// let found = classify(&[rule.into()], &Selection::new(secrets, target).unwrap(), &Site::default());
/// assert_eq!(found[0].class, Class::Critical);
/// assert_eq!(found[0].what, "get secrets");
/// ```
pub fn classify(rules: &[Rule], selection: &Selection, site: &Site) -> Vec<Danger> {
    let rows = standard_rows().iter().chain(&site.rows);
    let mut found: Vec<Danger> = rows.flat_map(|row| by_row(rules, row, selection, site)).collect();
    found.extend(deleting_many(rules, selection));
    found.extend(wide_target(selection));
    found.extend(unusual_verbs(rules));
    found.sort_by(|one, other| other.class.cmp(&one.class).then_with(|| one.what.cmp(&other.what)));
    found.dedup();
    found
}

/// The worst class among findings; `None` where there are none.
pub fn worst(dangers: &[Danger]) -> Option<Class> {
    dangers.iter().map(|danger| danger.class).max()
}

/// One finding for each entry of a row that the rules touch.
fn by_row<'a>(
    rules: &'a [Rule],
    row: &'a Row,
    selection: &'a Selection,
    site: &'a Site,
) -> impl Iterator<Item = Danger> + 'a {
    let here = applies_at(&row.place, selection, site);
    row.entries.iter().filter(move |_| here).filter_map(move |entry| {
        let verbs: BTreeSet<&str> = rules.iter().flat_map(|rule| verbs_on(rule, entry, &row.verbs)).collect();
        let verbs: Vec<&str> = verbs.into_iter().collect();
        let (why, source) = (row.why.clone(), row.source.clone());
        let what = format!("{} {}", verbs.join(", "), entry.text());
        (!verbs.is_empty()).then_some(Danger { class: row.class, what, why, source })
    })
}

/// The rule's own verbs that fall under the row, where the rule is on the row's entry.
fn verbs_on<'r>(rule: &'r Rule, entry: &Entry, verbs: &'r [String]) -> impl Iterator<Item = &'r str> {
    let (own, here) = match (rule, entry) {
        (Rule::Resource(rule), Entry::Resource { group, resource }) => {
            (rule.verbs(), lists(rule, group, resource))
        }
        (Rule::Url(rule), Entry::Url(url)) => (rule.verbs(), rule.urls().contains(url)),
        _ => (&[][..], false),
    };
    let falls_under =
        move |verb: &&str| *verb == ALL || verbs.iter().any(|pattern| matches_verb(pattern, verb));
    own.iter().filter(move |_| here).map(String::as_str).filter(falls_under)
}

fn lists(rule: &ResourceRule, group: &str, resource: &str) -> bool {
    let covers = |own: &String| {
        own == ALL
            || own == resource
            || own
                .strip_prefix("*/")
                .is_some_and(|sub| resource.split_once('/').is_some_and(|(_, asked)| asked == sub))
    };
    rule.api_groups().iter().any(|own| own == ALL || own == group) && rule.resources().iter().any(covers)
}

/// Row patterns: a verb, `*` for every verb, or a prefix that ends in `*`.
fn matches_verb(pattern: &str, verb: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == verb, |prefix| verb.starts_with(prefix))
}

fn applies_at(place: &RowPlace, selection: &Selection, site: &Site) -> bool {
    let target = selection.target();
    match place {
        RowPlace::Anywhere => true,
        RowPlace::Object { namespace, name } => {
            target.namespace().is_none_or(|own| own.as_str() == namespace)
                && target.name().is_none_or(|own| own.as_str() == name)
        }
        RowPlace::ApplierNamespaces => match target {
            Target::KindEverywhere => !site.applier_namespaces.is_empty(),
            _ => target.namespace().is_some_and(|own| site.applier_namespaces.contains(own)),
        },
    }
}

/// Deleting objects of any kind, where not just one is picked.
fn deleting_many(rules: &[Rule], selection: &Selection) -> Option<Danger> {
    let verbs = rules.iter().flat_map(Rule::verbs).filter(|verb| table::is_delete(verb));
    let verbs: BTreeSet<&str> = verbs.map(String::as_str).collect();
    if selection.target().name().is_some() || verbs.is_empty() {
        return None;
    }
    let verbs: Vec<&str> = verbs.into_iter().collect();
    Some(Danger {
        class: Class::High,
        what: format!("{} {}", verbs.join(", "), selection.resource().plural()),
        why: "every object of the kind there can be deleted".to_owned(),
        source: table::GOOD_PRACTICES.to_owned(),
    })
}

fn wide_target(selection: &Selection) -> Option<Danger> {
    let what = match selection.target() {
        Target::Object { .. } | Target::ClusterObject { .. } => return None,
        Target::Kind { namespace } => {
            format!("all {} in namespace {namespace}", selection.resource())
        }
        Target::KindEverywhere => format!("all {} in all namespaces", selection.resource()),
        Target::ClusterKind => format!("all {} of the cluster", selection.resource()),
    };
    Some(note(what, "objects that do not exist yet are included"))
}

fn unusual_verbs(rules: &[Rule]) -> impl Iterator<Item = Danger> + '_ {
    let verbs = rules.iter().flat_map(Rule::verbs);
    let unusual = verbs.filter(|verb| !crate::restrict::STANDARD_VERBS.contains(&verb.as_str()));
    unusual.map(|verb| {
        note(
            format!("verb {verb}"),
            "it is not one of the eight standard verbs; what it gives is the resource's own",
        )
    })
}

fn note(what: String, why: &str) -> Danger {
    Danger { class: Class::Note, what, why: why.to_owned(), source: table::GOOD_PRACTICES.to_owned() }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "NOTE",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
            Self::Block => "BLOCK",
        })
    }
}

#[cfg(test)]
mod tests;
