//! Whether an earlier rule answers for all that a later one is for, so that the later one never answers. Not here: other warnings.
//!
//! It may overlook such a rule and never names another one: patterns are compared as texts, groups by name.

use crate::glob::Glob;
use crate::policy::{Effect, Pattern, Requestor, Rule};

/// Whether `before`, which stands earlier, answers for everything that `rule` is for.
pub(super) fn shadows(before: &Rule, rule: &Rule) -> bool {
    let (own, of_rule) = (&before.options, &rule.options);
    let has_options = before.denies()
        || ((own.allow_privileged || !of_rule.allow_privileged)
            && (own.allow_shared_subject || !of_rule.allow_shared_subject)
            && own.worst_danger() >= of_rule.worst_danger().min(rule_ceiling(rule)));
    has_options
        && holds_requestor(&before.requestor, &rule.requestor)
        && holds_pattern(before, before.resource.pattern(), rule.resource.pattern())
}

/// What a rule that denies is for has no danger of its own: CRITICAL is the worst without `allowPrivileged`.
fn rule_ceiling(rule: &Rule) -> p0_grant::danger::Class {
    match rule.denies() {
        true => p0_grant::danger::Class::Critical,
        false => p0_grant::danger::Class::Block,
    }
}

fn holds_requestor(before: &Requestor, rule: &Requestor) -> bool {
    match (before, rule) {
        (Requestor::Any, _) => true,
        (Requestor::User(before), Requestor::User(rule)) => rule.iter().all(|name| before.contains(name)),
        (
            Requestor::Group { names: before, effect: Effect::Keep },
            Requestor::Group { names: rule, effect: Effect::Keep },
        ) => rule.iter().all(|name| before.contains(name)),
        (
            Requestor::Group { names: before, effect: Effect::Remove },
            Requestor::Group { names: rule, effect: Effect::Remove },
        ) => before.iter().all(|name| rule.contains(name)),
        _ => false,
    }
}

fn holds_pattern(rule: &Rule, before: &Pattern, later: &Pattern) -> bool {
    let subresources = match rule.denies() {
        // Such a rule denies only what asks for one of them.
        true => before.subresources.is_none(),
        false => holds(&before.subresources, &later.subresources),
    };
    subresources
        && holds(&before.clusters, &later.clusters)
        && holds(&before.roles, &later.roles)
        && holds(&before.resources, &later.resources)
        && holds(&before.namespaces, &later.namespaces)
        && holds(&before.names, &later.names)
}

/// What is left out is everything.
fn holds(before: &Option<Vec<Glob>>, rule: &Option<Vec<Glob>>) -> bool {
    match (before, rule) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(before), Some(rule)) => rule.iter().all(|one| before.iter().any(|glob| glob.holds(one))),
    }
}
