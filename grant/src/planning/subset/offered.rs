//! What a role gives, for the error that says that it gives nothing on a selection. Not here: any decision.

use std::collections::BTreeSet;

use crate::rule::{ResourceRule, Rule};
use crate::selection::Selection;

/// How many resources a message names.
const SHOWN: usize = 12;

/// What a role gives, where it gives nothing on the selection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offered {
    /// Every entry of its rules, such as `deployments.apps`: nearest to the selection first.
    pub entries: Vec<String>,
    /// Subresources of the selected resource that the selection does not ask for.
    pub subresources: BTreeSet<String>,
    /// The names under which the role has the selected resource.
    pub names: BTreeSet<String>,
}

/// Entries such as `deployments.apps`: those on the selected resource first, then those of its group, then the rest.
pub(super) fn by_role(rules: &[Rule], selection: &Selection) -> Vec<String> {
    let mut offers: Vec<(usize, String)> = Vec::new();
    for rule in rules {
        match rule {
            Rule::Resource(rule) => offers.extend(by_rule(rule, selection)),
            Rule::Url(rule) => offers.extend(rule.urls().iter().map(|url| (3, url.clone()))),
        }
    }
    offers.sort();
    offers.dedup();
    offers.into_iter().map(|(_, offer)| offer).collect()
}

fn by_rule(rule: &ResourceRule, selection: &Selection) -> impl Iterator<Item = (usize, String)> {
    let picked = selection.resource();
    let entries =
        rule.api_groups().iter().flat_map(|group| rule.resources().iter().map(move |entry| (group, entry)));
    entries.map(|(group, entry)| {
        let distance = match () {
            () if entry.split('/').next() == Some(picked.plural()) => 0,
            () if group == picked.group() => 1,
            () => 2,
        };
        let suffix = if group.is_empty() { String::new() } else { format!(".{group}") };
        (distance, format!("{entry}{suffix}"))
    })
}

/// The end of the error's sentence.
pub(super) fn sentence(offered: &Offered) -> String {
    let mut parts = Vec::new();
    if !offered.names.is_empty() {
        parts.push(format!("it has the resource under other names only: {}", quoted(&offered.names)));
    }
    if !offered.subresources.is_empty() {
        let flags = offered.subresources.iter().map(|sub| format!("--subresource {sub}"));
        parts.push(format!("it gives subresources: ask for them with {}", quoted(flags)));
    }
    parts.push(match offered.entries.as_slice() {
        [] => "it has no rules at all".to_owned(),
        entries => format!("it has rules on {}", quoted(entries)),
    });
    parts.join("; ")
}

/// The first of `words` in backquotes, and how many more there are.
fn quoted<W: ToString>(words: impl IntoIterator<Item = W>) -> String {
    let all: Vec<String> = words.into_iter().map(|word| format!("`{}`", word.to_string())).collect();
    let more = all.len().saturating_sub(SHOWN);
    let shown = all.into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}
