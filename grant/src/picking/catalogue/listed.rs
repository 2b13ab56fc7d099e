//! Roles as Kubernetes lists them: what the API server answers and what `kubectl get clusterroles,roles -A -o yaml|json`
//! prints.
//!
//! Metadata besides name, namespace and labels is noise here and skipped; the rules are read strictly.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::selector::Selector;
use crate::name::{Namespace, ObjectName};
use crate::role::{Role, RoleRef};
use crate::rule::Rule;
use crate::yaml::{self, Limits, YamlError};

/// A role with all its labels, its aggregation perhaps not resolved.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Fields")]
pub struct ListedRole {
    role: Role,
    selectors: Vec<Selector>,
}

/// Why an object is not a role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum NotARole {
    #[error("a ClusterRole, a Role or a list of them has a `kind`")]
    NoKind,
    #[error("`{0}` is not a role: expected a ClusterRole, a Role or a list of them")]
    Kind(String),
    #[error("`{0}` is not the API version of a role: expected `rbac.authorization.k8s.io/v1`")]
    ApiVersion(String),
    #[error("a role has a `metadata.name`")]
    NoName,
    #[error("the Role `{0}` has no `metadata.namespace`: print it with `kubectl get -o yaml`")]
    NoNamespace(ObjectName),
    #[error("`{0}` is in this text twice: remove one of the two")]
    Twice(RoleRef),
}

impl ListedRole {
    /// Which role this is.
    pub fn reference(&self) -> &RoleRef {
        self.role.reference()
    }

    /// Every label it carries: aggregation goes by any of them.
    pub fn labels(&self) -> &BTreeMap<String, String> {
        self.role.labels()
    }

    /// What picks its members, where it is an aggregated role.
    pub fn selectors(&self) -> &[Selector] {
        &self.selectors
    }

    /// Whether it is an aggregated role whose rules are not filled in.
    pub fn is_unresolved(&self) -> bool {
        !self.selectors.is_empty() && self.role.rules().is_empty()
    }

    /// The role with the rules it was listed with.
    pub fn into_role(self) -> Role {
        self.role
    }
}

/// Reads the roles of a text as they are written.
///
/// # Errors
/// As [`super::read_roles`].
pub(super) fn read(text: &str) -> Result<Vec<ListedRole>, YamlError> {
    let documents: Vec<Spanned<Fields>> = yaml::read_all(text, Limits::CLUSTER)?;
    let mut seen = BTreeSet::new();
    let mut listed = Vec::new();
    for object in documents.into_iter().flat_map(objects) {
        let at = object.referenced;
        let place = |error: NotARole| YamlError::At {
            line: at.line(),
            column: at.column(),
            message: error.to_string(),
        };
        let role = ListedRole::try_from(object.value).map_err(place)?;
        if !seen.insert(role.reference().clone()) {
            return Err(place(NotARole::Twice(role.reference().clone())));
        }
        listed.push(role);
    }
    Ok(listed)
}

/// The members of a list, or the document itself.
fn objects(document: Spanned<Fields>) -> Vec<Spanned<Fields>> {
    // What the API server lists does not repeat the kind in every item.
    let of_items = match document.value.kind.as_deref() {
        Some("List") => None,
        Some("ClusterRoleList") => Some("ClusterRole"),
        Some("RoleList") => Some("Role"),
        _ => return vec![document],
    };
    let mut items = document.value.items.unwrap_or_default();
    for item in &mut items {
        let kind = &mut item.value.kind;
        *kind = kind.take().or_else(|| of_items.map(str::to_owned));
    }
    items
}

/// An object as it is written, before it is known to be a role or a list of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    api_version: Option<String>,
    kind: Option<String>,
    #[serde(default)]
    metadata: Metadata,
    rules: Option<Vec<Rule>>,
    aggregation_rule: Option<AggregationRule>,
    items: Option<Vec<Spanned<Fields>>>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    name: Option<ObjectName>,
    namespace: Option<Namespace>,
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AggregationRule {
    #[serde(default)]
    cluster_role_selectors: Vec<Selector>,
}

impl TryFrom<Fields> for ListedRole {
    type Error = NotARole;

    fn try_from(fields: Fields) -> Result<Self, NotARole> {
        let kind = fields.kind.ok_or(NotARole::NoKind)?;
        let is_rbac = |version: &String| version.starts_with("rbac.authorization.k8s.io/");
        if let Some(other) = fields.api_version.filter(|version| !is_rbac(version)) {
            return Err(NotARole::ApiVersion(other));
        }
        let (name, namespace) = (fields.metadata.name, fields.metadata.namespace);
        let named = || name.ok_or(NotARole::NoName);
        let reference = match (kind.as_str(), namespace) {
            ("ClusterRole", _) => RoleRef::ClusterRole(named()?),
            ("Role", Some(namespace)) => RoleRef::Role { namespace, name: named()? },
            ("Role", None) => return Err(NotARole::NoNamespace(named()?)),
            _ => return Err(NotARole::Kind(kind)),
        };
        let selectors = match (&reference, fields.aggregation_rule) {
            (RoleRef::ClusterRole(_), Some(rule)) => rule.cluster_role_selectors,
            _ => Vec::new(),
        };
        let role = Role::new(reference, fields.rules.unwrap_or_default());
        Ok(Self { role: role.with_labels(fields.metadata.labels.unwrap_or_default()), selectors })
    }
}

#[cfg(test)]
mod tests {
    use crate::catalogue::read_roles;

    const ROLE: &str = "{\"apiVersion\": \"rbac.authorization.k8s.io/v1\", \"kind\": \"Role\", \
        \"metadata\": {\"name\": \"r\", \"namespace\": \"n\", \"managedFields\": [{\"f:rules\": {}}]}, \
        \"rules\": [{\"apiGroups\": [\"\"], \"resources\": [\"pods\"], \"verbs\": [\"get\"]}]}";

    fn names(text: &str) -> Vec<String> {
        let roles = read_roles(text).unwrap();
        roles.iter().map(|role| role.reference().to_string()).collect()
    }

    #[test]
    fn every_form_that_kubectl_prints_is_read() {
        let cluster_role = "kind: ClusterRole\nmetadata: {name: c}\nrules: null\n";
        for (text, expected) in [
            (ROLE.to_owned(), vec!["Role/n/r"]),
            (
                format!("kind: List\nitems:\n- {ROLE}\n"),
                vec!["Role/n/r"],
            ),
            (
                "kind: ClusterRoleList\nitems:\n- metadata: {name: b}\n- metadata: {name: a}\n".to_owned(),
                vec!["ClusterRole/a", "ClusterRole/b"],
            ),
            (
                "{\"kind\": \"RoleList\", \"items\": [{\"metadata\": {\"name\": \"a\", \"namespace\": \"n\"}}]}".to_owned(),
                vec!["Role/n/a"],
            ),
            (
                format!("---\n{cluster_role}---\n{ROLE}\n---\n"),
                vec!["ClusterRole/c", "Role/n/r"],
            ),
            ("kind: List\nitems: []\n".to_owned(), vec![]),
            (String::new(), vec![]),
        ] {
            assert_eq!(names(&text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_role_is_refused_with_its_place() {
        for (text, expected) in [
            (
                "kind: ConfigMap\nmetadata: {name: x}\n",
                "line 1, column 1: `ConfigMap` is not a role: expected a ClusterRole, a Role or a list of them",
            ),
            (
                "kind: List\nitems:\n- kind: ClusterRole\n  metadata: {name: a}\n- kind: Secret\n  metadata: {name: x}\n",
                "line 5, column 3: `Secret` is not a role: expected a ClusterRole, a Role or a list of them",
            ),
            (
                "kind: Role\nmetadata: {name: x}\n",
                "line 1, column 1: the Role `x` has no `metadata.namespace`: print it with `kubectl get -o yaml`",
            ),
            (
                "kind: Role\napiVersion: example.com/v1\nmetadata: {name: x, namespace: n}\n",
                "line 1, column 1: `example.com/v1` is not the API version of a role: expected `rbac.authorization.k8s.io/v1`",
            ),
            ("a: b\n", "line 1, column 1: a ClusterRole, a Role or a list of them has a `kind`"),
            (
                "kind: ClusterRole\nmetadata: {name: a}\n---\nkind: ClusterRole\nmetadata: {name: a}\n",
                "line 4, column 1: `ClusterRole/a` is in this text twice: remove one of the two",
            ),
        ] {
            assert_eq!(read_roles(text).unwrap_err().to_string(), expected);
        }
        for (text, place) in [
            ("Error from server (Forbidden): no\n", "line 1, column "),
            (
                "kind: ClusterRole\nmetadata: {name: a}\nrules:\n- {verbs: [get], apiGroup: ['']}\n",
                "line 4, column ",
            ),
            ("kind: ClusterRole\nmetadata: {name: a/b}\n", "line 2, column "),
            ("kind: ClusterRole\nmetadata: {name: a}\nrules:\n- {verbs: [get]}\n", "line 4, column "),
        ] {
            let error = read_roles(text).unwrap_err().to_string();
            assert!(error.starts_with(place), "{error}");
        }
    }
}
