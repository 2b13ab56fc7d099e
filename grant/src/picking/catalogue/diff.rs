//! What a newer catalogue changes.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Catalogue;
use crate::name::Namespace;
use crate::resource::ApiResource;
use crate::role::{Role, RoleRef};
use crate::rule::Rule;

/// Everything that differs between two catalogues, each list sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference<'a> {
    /// The API server's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes_version: Option<Change<&'a str>>,
    /// Namespaces that came and went.
    pub namespaces: Vec<Change<&'a Namespace>>,
    /// Resources that came, went or are described otherwise.
    pub resources: Vec<Change<&'a ApiResource>>,
    /// Roles that came, went or differ.
    pub roles: Vec<RoleChange<'a>>,
}

/// What happened to one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Change<T> {
    /// Only the newer has it.
    Added(T),
    /// Only the older has it.
    Removed(T),
    /// Both have it.
    Changed {
        /// As the older has it.
        before: T,
        /// As the newer has it.
        after: T,
    },
}

/// What happened to one role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleChange<'a> {
    /// Which role.
    pub role: &'a RoleRef,
    /// What happened.
    pub change: RoleChangeKind,
    /// Rules that only the newer has, in its order.
    pub added: Vec<&'a Rule>,
    /// Rules that only the older has, in its order.
    pub removed: Vec<&'a Rule>,
}

/// What happened to a role, the weightiest where there is more than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoleChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has other rules.
    Rules,
    /// It has the same rules in another order or number, which changes the bytes of a grant but not what it allows.
    Order,
    /// It gives the same, and a label that decides whether it may be asked for differs.
    Offering,
}

impl Difference<'_> {
    /// Whether the two are the same.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Catalogue {
    /// What `newer` changes.
    ///
    /// ```
    /// use p0_grant::catalogue::{Catalogue, RoleChangeKind};
    ///
    /// let older = Catalogue::embedded()?;
    /// let newer = older.clone().with_roles(older.roles().iter().skip(1).cloned().collect())?;
    /// let difference = older.difference(&newer);
    /// assert_eq!(difference.roles[0].change, RoleChangeKind::Removed);
    /// assert!(difference.resources.is_empty());
    /// # Ok::<(), p0_grant::catalogue::CatalogueError>(())
    /// ```
    pub fn difference<'a>(&'a self, newer: &'a Self) -> Difference<'a> {
        let (before, after) = (self.kubernetes_version(), newer.kubernetes_version());
        Difference {
            kubernetes_version: (before != after).then_some(Change::Changed { before, after }),
            namespaces: changes(self.namespaces(), newer.namespaces(), Namespace::as_str),
            resources: changes(self.resources(), newer.resources(), |resource| {
                (resource.group(), resource.plural())
            }),
            roles: changes(self.roles(), newer.roles(), Role::reference)
                .into_iter()
                .map(RoleChange::from)
                .collect(),
        }
    }
}

/// What came, went or changed, things being the same where their keys are.
fn changes<'a, T: PartialEq, K: Ord>(
    older: &'a [T],
    newer: &'a [T],
    key: impl Fn(&'a T) -> K,
) -> Vec<Change<&'a T>> {
    let mut things: BTreeMap<K, (Option<&T>, Option<&T>)> = BTreeMap::new();
    for thing in older {
        things.entry(key(thing)).or_default().0 = Some(thing);
    }
    for thing in newer {
        things.entry(key(thing)).or_default().1 = Some(thing);
    }
    let change = |states| match states {
        (Some(before), Some(after)) if before != after => Some(Change::Changed { before, after }),
        (Some(before), None) => Some(Change::Removed(before)),
        (None, Some(after)) => Some(Change::Added(after)),
        _ => None,
    };
    things.into_values().filter_map(change).collect()
}

impl<'a> From<Change<&'a Role>> for RoleChange<'a> {
    fn from(change: Change<&'a Role>) -> Self {
        let (role, before, after): (_, &[Rule], &[Rule]) = match change {
            Change::Added(role) => (role, &[], role.rules()),
            Change::Removed(role) => (role, role.rules(), &[]),
            Change::Changed { before, after } => (after, before.rules(), after.rules()),
        };
        let added = missing(after, before);
        let removed = missing(before, after);
        let kind = match change {
            Change::Added(_) => RoleChangeKind::Added,
            Change::Removed(_) => RoleChangeKind::Removed,
            _ if !(added.is_empty() && removed.is_empty()) => RoleChangeKind::Rules,
            _ if before != after => RoleChangeKind::Order,
            Change::Changed { .. } => RoleChangeKind::Offering,
        };
        Self { role: role.reference(), change: kind, added, removed }
    }
}

/// The rules that `others` lack.
fn missing<'a>(rules: &'a [Rule], others: &[Rule]) -> Vec<&'a Rule> {
    rules.iter().filter(|rule| !others.contains(rule)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::rule::ResourceRule;

    fn rule(resource: &str) -> Rule {
        ResourceRule::new(["get"], [""], [resource], [] as [&str; 0]).unwrap().into()
    }

    fn role(name: &str, resources: &[&str]) -> Role {
        let rules = resources.iter().map(|resource| rule(resource)).collect();
        Role::new(RoleRef::cluster_role(name).unwrap(), rules)
    }

    fn catalogue(version: &str, namespace: &str, roles: Vec<Role>) -> Catalogue {
        let namespaces = vec![Namespace::new(namespace).unwrap()];
        Catalogue::new(version, namespaces, Vec::new(), roles).unwrap()
    }

    #[test]
    fn each_change_of_a_role_has_its_name_and_rules() {
        let label = BTreeMap::from([("kubernetes.io/bootstrapping".to_owned(), "rbac-defaults".to_owned())]);
        let older = vec![
            role("gone", &["pods"]),
            role("label", &["pods"]),
            role("order", &["pods", "nodes"]),
            role("rules", &["pods", "nodes"]),
            role("same", &["pods"]),
        ];
        let newer = vec![
            role("label", &["pods"]).with_labels(label),
            role("new", &["pods"]),
            role("order", &["nodes", "pods"]),
            role("rules", &["pods", "secrets"]),
            role("same", &["pods"]),
        ];
        let (older, newer) = (catalogue("v1", "a", older), catalogue("v1", "a", newer));
        let difference = older.difference(&newer);
        let (pods, nodes, secrets) = (rule("pods"), rule("nodes"), rule("secrets"));
        let found: Vec<_> = difference
            .roles
            .iter()
            .map(|change| {
                let name = change.role.name().as_str();
                (name, change.change, change.added.clone(), change.removed.clone())
            })
            .collect();
        assert_eq!(
            found,
            [
                ("gone", RoleChangeKind::Removed, vec![], vec![&pods]),
                ("label", RoleChangeKind::Offering, vec![], vec![]),
                ("new", RoleChangeKind::Added, vec![&pods], vec![]),
                ("order", RoleChangeKind::Order, vec![], vec![]),
                ("rules", RoleChangeKind::Rules, vec![&secrets], vec![&nodes]),
            ]
        );
    }

    #[test]
    fn versions_and_namespaces_are_compared_and_equal_catalogues_are_not_different() {
        let (older, newer) = (catalogue("v1", "a", Vec::new()), catalogue("v2", "b", Vec::new()));
        let difference = older.difference(&newer);
        assert_eq!(
            serde_json::to_value(&difference).unwrap(),
            serde_json::json!({
                "kubernetesVersion": {"changed": {"before": "v1", "after": "v2"}},
                "namespaces": [{"removed": "a"}, {"added": "b"}],
                "resources": [],
                "roles": [],
            })
        );
        assert!(older.difference(&older).is_empty());
    }
}
