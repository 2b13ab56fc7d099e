//! What a role gives, for the error that says that it gives nothing on a selection. Not here: any decision.

use crate::rule::{ResourceRule, Rule};
use crate::selection::Selection;

/// How many resources a message names.
const SHOWN: usize = 12;

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
pub(super) fn sentence(offers: &[String]) -> String {
    if offers.is_empty() {
        return "it has no rules at all".to_owned();
    }
    let shown: Vec<String> = offers.iter().take(SHOWN).map(|offer| format!("`{offer}`")).collect();
    let more = offers.len().saturating_sub(SHOWN);
    let tail = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("it has rules on {}{tail}", shown.join(", "))
}
