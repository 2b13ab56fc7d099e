//! A role as Kubernetes lists it, with its labels and its aggregation. Not here: texts that hold several ([`super::text`]).
//!
//! Metadata besides name, namespace and labels is skipped; the rules are read strictly.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::selector::Selector;
use crate::name::{Namespace, ObjectName};
use crate::role::{Role, RoleRef};
use crate::rule::Rule;

/// A role with all its labels, its aggregation perhaps not resolved.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Fields")]
pub struct ListedRole {
    role: Role,
    selectors: Vec<Selector>,
}

/// Why an object is not a role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotARole {
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
        !self.selectors.is_empty() && !self.has_rules()
    }

    /// Whether it was listed with rules, its own or filled in.
    pub(super) fn has_rules(&self) -> bool {
        !self.role.rules().is_empty()
    }

    /// The role with the rules it was listed with.
    pub fn into_role(self) -> Role {
        self.role
    }
}

/// An object as it is written, before it is known to be a role or a list of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fields {
    api_version: Option<String>,
    pub(super) kind: Option<String>,
    #[serde(default)]
    metadata: Metadata,
    rules: Option<Vec<Rule>>,
    aggregation_rule: Option<AggregationRule>,
    pub(super) items: Option<Vec<Spanned<Fields>>>,
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
        // OpenShift stores its own kinds of this name as Kubernetes' roles.
        let groups = ["rbac.authorization.k8s.io/", "authorization.openshift.io/"];
        let is_rbac = |version: &String| groups.iter().any(|group| version.starts_with(group));
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
