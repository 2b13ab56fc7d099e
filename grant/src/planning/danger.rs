//! Danger: how much more than it says a set of rules gives.
//!
//! The table is data (`danger/table.rs`); a site adds rows of its own. What holds for every kind is in `danger/general.rs`.
//! Danger grows with the selection: what contains another selection is at least as dangerous. Not here: what follows from a class. The caller refuses
//! [`Class::Block`] unless a policy names the role and the resource, and shows the rest.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::name::Namespace;
use crate::rule::{ALL, ResourceRule, Rule};
use crate::selection::{Selection, Target};

mod general;
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
    let rows = || standard_rows().iter().chain(&site.rows);
    let mut found: Vec<Danger> = rows().flat_map(|row| by_row(rules, row, selection, site)).collect();
    found.extend(general::dangers(rules, selection, &|group, resource, verb| {
        rows().any(|row| decides(row, group, resource, verb))
    }));
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
    row.entries.iter().filter_map(move |entry| {
        let there = rules.iter().filter(|rule| reaches(rule, &row.place, selection, site));
        let verbs: BTreeSet<&str> = there.flat_map(|rule| verbs_on(rule, entry, &row.verbs)).collect();
        (!verbs.is_empty()).then(|| {
            let verbs: Vec<&str> = verbs.into_iter().collect();
            let what = format!("{} {}", verbs.join(", "), entry.text());
            Danger { class: row.class, what, why: row.why.clone(), source: row.source.clone() }
        })
    })
}

/// Whether `row` says what `verb` on the resource is, wherever it is.
fn decides(row: &Row, group: &str, resource: &str, verb: &str) -> bool {
    let is_it = |entry: &Entry| matches!(entry, Entry::Resource { group: own, resource: listed } if own == group && listed == resource);
    row.place == RowPlace::Anywhere
        && row.entries.iter().any(is_it)
        && row.verbs.iter().any(|pattern| matches_verb(pattern, verb))
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
    let is_read = is_read(entry, verbs);
    let falls_under = move |verb: &&str| {
        *verb == ALL
            || verbs.iter().any(|pattern| matches_verb(pattern, verb))
            || (is_read && table::ANSWERED_WITH_THE_OBJECT.contains(verb))
    };
    own.iter().filter(move |_| here).map(String::as_str).filter(falls_under)
}

/// Whether a row is about reading the object: then every verb whose answer holds the object falls under it.
fn is_read(entry: &Entry, verbs: &[String]) -> bool {
    let is_object = matches!(entry, Entry::Resource { resource, .. } if !resource.contains('/'));
    is_object && verbs.iter().any(|pattern| matches_verb(pattern, "get"))
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

/// Whether `rule`, bound where `selection` is, reaches the place of a row. A rule's own names count.
fn reaches(rule: &Rule, place: &RowPlace, selection: &Selection, site: &Site) -> bool {
    let target = selection.target();
    match place {
        RowPlace::Anywhere => true,
        RowPlace::Object { namespace, name } => {
            let named = rule.as_resource().map(ResourceRule::resource_names).unwrap_or_default();
            target.namespace().is_none_or(|own| own.as_str() == namespace)
                && target.name().is_none_or(|own| own.as_str() == name)
                && (named.is_empty() || named.contains(name))
        }
        RowPlace::ApplierNamespaces => match target {
            Target::KindEverywhere => !site.applier_namespaces.is_empty(),
            _ => target.namespace().is_some_and(|own| site.applier_namespaces.contains(own)),
        },
    }
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
