//! Roles: an existing ClusterRole or Role that a grant takes its rules from.
//!
//! Not here: where roles are read ([`crate::catalogue`]) and which may be asked for ([`crate::offer`]).

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::alias::alias_group;
use crate::name::{NameError, Namespace, ObjectName};
use crate::rule::{ALL, Rule};

/// The label of roles that Kubernetes itself makes at start.
///
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings>.
pub(crate) const BOOTSTRAPPING: &str = "kubernetes.io/bootstrapping";

/// How labels begin whose roles' rules flow into an aggregated one.
///
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles>.
pub(crate) const AGGREGATE_TO: &str = "rbac.authorization.k8s.io/aggregate-to-";

/// Which role, by kind and name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RoleRef {
    /// A ClusterRole.
    ClusterRole(ObjectName),
    /// A Role: its rules count in its own namespace only.
    Role {
        /// Its namespace.
        namespace: Namespace,
        /// Its name.
        name: ObjectName,
    },
}

/// A role with its rules, aggregation resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    reference: RoleRef,
    rules: Vec<Rule>,
    labels: BTreeMap<String, String>,
}

/// Why a text does not name a role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleRefError {
    /// Not one of the forms.
    #[error(
        "`{0}` does not name a role: write `NAME` or `ClusterRole/NAME` for a ClusterRole, `NAMESPACE/NAME` or `Role/NAMESPACE/NAME` for a Role"
    )]
    Form(String),
    /// Not the spelling that files use.
    #[error("`{0}` does not name a role: here it reads `ClusterRole/NAME` or `Role/NAMESPACE/NAME`")]
    Spelling(String),
    /// One of the names is invalid.
    #[error("the role's name is invalid")]
    Name(#[from] NameError),
}

impl RoleRef {
    /// A ClusterRole by name.
    ///
    /// # Errors
    /// [`NameError`] where that cannot be a name.
    pub fn cluster_role(name: impl Into<String>) -> Result<Self, NameError> {
        ObjectName::new(name).map(Self::ClusterRole)
    }

    /// A Role by namespace and name.
    ///
    /// # Errors
    /// [`NameError`] where one of them cannot be.
    pub fn role(namespace: impl Into<String>, name: impl Into<String>) -> Result<Self, NameError> {
        Ok(Self::Role { namespace: Namespace::new(namespace)?, name: ObjectName::new(name)? })
    }

    /// The role's name without kind and namespace.
    pub fn name(&self) -> &ObjectName {
        match self {
            Self::ClusterRole(name) | Self::Role { name, .. } => name,
        }
    }

    /// The namespace of a Role.
    pub fn namespace(&self) -> Option<&Namespace> {
        match self {
            Self::ClusterRole(_) => None,
            Self::Role { namespace, .. } => Some(namespace),
        }
    }
}

impl Role {
    /// A role with its rules in the order the cluster has them.
    pub fn new(reference: RoleRef, rules: Vec<Rule>) -> Self {
        Self { reference, rules, labels: BTreeMap::new() }
    }

    /// The same with its labels. They say whether it may be asked for; no grant ever carries them.
    #[must_use]
    pub fn with_labels(mut self, labels: BTreeMap<String, String>) -> Self {
        self.labels = labels;
        self
    }

    /// Which role this is.
    pub fn reference(&self) -> &RoleRef {
        &self.reference
    }

    /// What it allows.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Whether a rule names `subresource` of `plural` in `group`, whether or not a server lists it.
    pub fn names_subresource(&self, group: &str, plural: &str, subresource: &str) -> bool {
        let is_group =
            |own: &String| own == ALL || own == group || Some(own.as_str()) == alias_group(group, plural);
        self.rules.iter().filter_map(Rule::as_resource).any(|rule| {
            rule.api_groups().iter().any(is_group)
                && rule.subresources_of(plural).any(|own| own == subresource)
        })
    }

    /// Its labels, as far as its reader kept them.
    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }
}

/// `ClusterRole/view`, `Role/default/deployer`.
impl fmt::Display for RoleRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClusterRole(name) => write!(f, "ClusterRole/{name}"),
            Self::Role { namespace, name } => write!(f, "Role/{namespace}/{name}"),
        }
    }
}

/// Reads `[Kind/][NAMESPACE/]NAME`, the kind in any case, with or without blanks around the slashes as P0 writes them.
impl std::str::FromStr for RoleRef {
    type Err = RoleRefError;

    fn from_str(text: &str) -> Result<Self, RoleRefError> {
        let parts: Vec<&str> = text.split('/').map(str::trim).collect();
        let is = |kind: &str, word: &str| kind.eq_ignore_ascii_case(word);
        match parts.as_slice() {
            [name] => Ok(Self::cluster_role(*name)?),
            [kind, name] if is(kind, "ClusterRole") => Ok(Self::cluster_role(*name)?),
            [kind, namespace, name] if is(kind, "Role") => Ok(Self::role(*namespace, *name)?),
            [kind, _] if is(kind, "Role") => Err(RoleRefError::Form(text.to_owned())),
            [namespace, name] => Ok(Self::role(*namespace, *name)?),
            _ => Err(RoleRefError::Form(text.to_owned())),
        }
    }
}

/// Reads only what `Display` writes, every blank counting: files have one spelling, and a name may begin with a blank.
impl TryFrom<String> for RoleRef {
    type Error = RoleRefError;

    fn try_from(text: String) -> Result<Self, RoleRefError> {
        match text.split('/').collect::<Vec<_>>().as_slice() {
            ["ClusterRole", name] => Ok(Self::cluster_role(*name)?),
            ["Role", namespace, name] => Ok(Self::role(*namespace, *name)?),
            _ => Err(RoleRefError::Spelling(text)),
        }
    }
}

impl From<RoleRef> for String {
    fn from(reference: RoleRef) -> Self {
        reference.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_role_is_read() {
        for (text, expected) in [
            ("view", "ClusterRole/view"),
            ("ClusterRole/view", "ClusterRole/view"),
            ("clusterrole / view", "ClusterRole/view"),
            ("default/dev", "Role/default/dev"),
            ("Role/default/dev", "Role/default/dev"),
            ("Role / default / dev", "Role/default/dev"),
            ("system:node", "ClusterRole/system:node"),
        ] {
            assert_eq!(text.parse::<RoleRef>().unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn what_names_no_role_is_refused() {
        for text in ["", "*", "Role/dev", "a/b/c", "ClusterRole/", "Role/NS/dev", "a/b/c/d"] {
            assert!(text.parse::<RoleRef>().is_err(), "{text:?}");
        }
    }
    #[test]
    fn files_have_one_spelling_that_keeps_every_blank() {
        for reference in [RoleRef::cluster_role(" view ").unwrap(), RoleRef::role("default", "a b").unwrap()]
        {
            let text = String::from(reference.clone());
            assert_eq!(RoleRef::try_from(text).unwrap(), reference);
        }
        for text in ["view", "clusterrole/view", "Role / default / dev"] {
            assert!(RoleRef::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
