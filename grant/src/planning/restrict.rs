//! Restriction: removes from an exact subset the verbs that must not be granted by accident.
//!
//! Some verbs give more than they say: `bind` on one role gives every right that the role holds. They are dropped
//! unless a policy names the role and the resource. Dropping is always sound; what went is returned. Not here: refusing
//! whole selections ([`crate::danger`]).

use serde::{Deserialize, Serialize};

use crate::rule::{ALL, ResourceRule, Rule};
use crate::selection::Selection;
use crate::subset::{DropReason, Dropped, Subset};

/// The verbs that `*` stands for where it must not stand for privileged ones.
///
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb>.
pub const STANDARD_VERBS: [&str; 8] =
    ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

/// What happens to privileged verbs and the `proxy` subresource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PrivilegedVerbs {
    /// They are taken out.
    #[default]
    Dropped,
    /// They stay: a policy names this role on this resource.
    Kept,
}

/// What happens to the verb `*`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WildcardVerb {
    /// It stays, but for resources that have a privileged verb.
    #[default]
    ExpandedWherePrivileged,
    /// It becomes the eight standard verbs everywhere.
    Expanded,
}

/// How a subset is restricted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restriction {
    /// Privileged verbs.
    pub privileged: PrivilegedVerbs,
    /// The verb `*`.
    pub wildcard: WildcardVerb,
}

/// Nothing was left.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "every verb that the role gives on `{selection}` is privileged and was removed; to grant it, a policy must name the role and the resource"
)]
pub struct NothingLeft {
    /// The selection's text.
    pub selection: String,
}

/// Resources with verbs beyond the standard ones; each such verb gives the rights of another identity.
///
/// Source: <https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks>.
const WITH_PRIVILEGED_VERBS: [(&str, &str); 14] = [
    ("", "groups"),
    ("", "serviceaccounts"),
    ("", "users"),
    ("authentication.k8s.io", "nodes"),
    ("authentication.k8s.io", "serviceaccounts"),
    ("authentication.k8s.io", "uids"),
    ("authentication.k8s.io", "userextras"),
    ("authentication.k8s.io", "users"),
    ("certificates.k8s.io", "signers"),
    ("extensions", "podsecuritypolicies"),
    ("policy", "podsecuritypolicies"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("rbac.authorization.k8s.io", "roles"),
    ("security.openshift.io", "securitycontextconstraints"),
];

/// Whether `verb` lets its holder use the rights of another identity.
pub fn is_privileged(verb: &str) -> bool {
    // 1.36 has `impersonate:user-info`, `impersonate-on:…` and more of the kind.
    verb.starts_with("impersonate") || matches!(verb, "bind" | "escalate" | "approve" | "sign" | "use")
}

/// `subset` without what `restriction` takes out; the drops are added to the subset's own.
///
/// # Errors
/// [`NothingLeft`], never an empty subset.
pub fn restrict(
    subset: Subset,
    selection: &Selection,
    restriction: Restriction,
) -> Result<Subset, NothingLeft> {
    let Subset { rules, mut dropped } = subset;
    let mut kept: Vec<Rule> = Vec::with_capacity(rules.len());
    for rule in rules {
        match rule {
            Rule::Resource(rule) => {
                let rule = restrict_rule(&rule, selection, restriction, &mut dropped).map(Rule::from);
                kept.extend(rule.filter(|rule| !kept.contains(rule)));
            }
            Rule::Url(rule) => kept.push(rule.into()),
        }
    }
    if kept.is_empty() {
        Err(NothingLeft { selection: selection.to_string() })
    } else {
        Ok(Subset { rules: kept, dropped })
    }
}

fn restrict_rule(
    rule: &ResourceRule,
    selection: &Selection,
    restriction: Restriction,
    dropped: &mut Vec<Dropped>,
) -> Option<ResourceRule> {
    let kept = |part: bool| part || restriction.privileged == PrivilegedVerbs::Kept;
    let (resources, proxies): (Vec<_>, Vec<_>) =
        rule.resources().iter().cloned().partition(|entry| kept(!entry.ends_with("/proxy")));
    let mut note = |verbs: Vec<String>, resource: &str, reason| {
        let drop = Dropped { verbs, resource: resource.to_owned(), reason };
        if !drop.verbs.is_empty() && !dropped.contains(&drop) {
            dropped.push(drop);
        }
    };
    proxies.iter().for_each(|proxy| note(rule.verbs().to_vec(), proxy, DropReason::Privileged));
    let first = resources.first()?.clone();
    let (verbs, privileged): (Vec<_>, Vec<_>) =
        rule.verbs().iter().cloned().partition(|verb| kept(!is_privileged(verb)));
    note(privileged, &first, DropReason::Privileged);
    let verbs = if verbs.iter().any(|verb| verb == ALL) && expands(selection, restriction) {
        note(vec![ALL.to_owned()], &first, DropReason::WildcardExpanded);
        expand(&verbs, selection)
    } else {
        verbs
    };
    ResourceRule::new(verbs, rule.api_groups(), resources, rule.resource_names()).ok()
}

fn expands(selection: &Selection, restriction: Restriction) -> bool {
    let resource = (selection.resource().group(), selection.resource().plural());
    match restriction {
        Restriction { wildcard: WildcardVerb::Expanded, .. } => true,
        Restriction { privileged: PrivilegedVerbs::Kept, .. } => false,
        _ => WITH_PRIVILEGED_VERBS.contains(&resource),
    }
}

/// The standard verbs and what else the rule lists; a named target has no use for `deletecollection`.
fn expand(verbs: &[String], selection: &Selection) -> Vec<String> {
    let named = selection.target().name().is_some();
    let standard = STANDARD_VERBS.iter().filter(|verb| !(named && **verb == "deletecollection"));
    let others = verbs.iter().filter(|verb| *verb != ALL && !STANDARD_VERBS.contains(&verb.as_str()));
    standard.map(ToString::to_string).chain(others.cloned()).collect()
}
