//! A role as a value: a decoded manifest as people have it in files, and the same as data sources give it.
//!
//! Not here: finding a role in a cluster.

use std::collections::BTreeMap;

use p0_grant::catalogue::ListedRole;
use p0_grant::role::Role;
use p0_grant::rule::Rule;
use serde::Deserialize;
use tfplugin::value::{IntoValue, Type, Value};

use crate::plain;

/// Why a value is no role whose rules can be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Not wholly known.
    #[error("a part of the role is not known yet")]
    Unknown,
    /// Not decoded.
    #[error("a text is no role: decode it, as in `yamldecode(file(\"role.yaml\"))`")]
    Text,
    /// Another thing.
    #[error("it is not one ClusterRole or Role: {0}")]
    NotARole(String),
    /// An aggregated role without its rules.
    #[error(
        "`{0}` is put together from other roles by its labels, and its rules are not filled in: take it from a cluster, as \
         `kubectl get clusterrole -o yaml` prints it"
    )]
    Aggregated(String),
}

/// Reads a decoded manifest.
///
/// # Errors
/// [`SourceError`].
pub fn role_of(value: &Value) -> Result<Role, SourceError> {
    if value.undressed().as_str().is_some() {
        return Err(SourceError::Text);
    }
    let json = plain::json(value).ok_or(SourceError::Unknown)?;
    let listed = ListedRole::deserialize(json).map_err(|error| SourceError::NotARole(error.to_string()))?;
    match listed.is_unresolved() {
        true => Err(SourceError::Aggregated(listed.reference().to_string())),
        false => Ok(listed.into_role()),
    }
}

const RULE_LISTS: [&str; 5] = ["apiGroups", "nonResourceURLs", "resourceNames", "resources", "verbs"];

/// The type of [`source_value`]: a manifest's own names, so that both read alike.
pub fn source_type() -> Type {
    let metadata = Type::object([
        ("labels", Type::map(Type::String)),
        ("name", Type::String),
        ("namespace", Type::String),
    ]);
    let rules = Type::list(Type::object(RULE_LISTS.map(|name| (name, Type::list(Type::String)))));
    Type::object([
        ("apiVersion", Type::String),
        ("kind", Type::String),
        ("metadata", metadata),
        ("rules", rules),
    ])
}

/// A role as [`role_of`] reads it back, with the labels that decide whether it is offered.
pub fn source_value(role: &Role) -> Value {
    let reference = role.reference();
    let namespace = reference.namespace();
    let metadata = Value::object([
        ("labels", deciding(role.labels()).into_value()),
        ("name", reference.name().as_str().into_value()),
        ("namespace", namespace.map(|namespace| namespace.as_str()).into_value()),
    ]);
    let rules = role.rules().iter().map(rule_value).collect();
    Value::object([
        ("apiVersion", Value::string("rbac.authorization.k8s.io/v1")),
        ("kind", Value::string(if namespace.is_some() { "Role" } else { "ClusterRole" })),
        ("metadata", metadata),
        ("rules", Value::List(rules)),
    ])
}

/// The rest of a cluster's labels would only make plans change.
fn deciding(labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let decides = |key: &str| {
        key == "kubernetes.io/bootstrapping" || key.starts_with("rbac.authorization.k8s.io/aggregate-to-")
    };
    labels.iter().filter(|(key, _)| decides(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn rule_value(rule: &Rule) -> Value {
    let list = |list: &[String]| list.to_vec().into_value();
    let (groups, urls, names, resources) = match rule {
        Rule::Resource(rule) => (
            list(rule.api_groups()),
            Value::Null,
            Some(rule.resource_names()).filter(|names| !names.is_empty()).map_or(Value::Null, list),
            list(rule.resources()),
        ),
        Rule::Url(rule) => (Value::Null, list(rule.urls()), Value::Null, Value::Null),
    };
    let lists = [groups, urls, names, resources, list(rule.verbs())];
    Value::object(RULE_LISTS.into_iter().zip(lists))
}

#[cfg(test)]
mod tests {
    use p0_grant::catalogue::Catalogue;

    use super::*;

    #[test]
    fn every_role_of_kubernetes_reads_back_as_it_was() {
        for role in Catalogue::embedded().unwrap().roles() {
            let value = source_value(role);
            assert_eq!(tfplugin::value::msgpack::write(&value, &source_type()).map(drop), Ok(()));
            assert_eq!(&role_of(&value).unwrap(), role);
        }
    }

    #[test]
    fn what_is_no_role_is_refused_with_a_remedy() {
        let role = |kind: &str| {
            Value::object([
                ("kind", Value::string(kind)),
                ("metadata", Value::object([("name", Value::string("x"))])),
            ])
        };
        assert_eq!(role_of(&Value::string("kind: Role")), Err(SourceError::Text));
        assert_eq!(role_of(&Value::List(vec![Value::UNKNOWN])), Err(SourceError::Unknown));
        let error = role_of(&role("ConfigMap")).unwrap_err().to_string();
        assert!(error.contains("`ConfigMap` is not a role"), "{error}");
        let error = role_of(&role("Role")).unwrap_err().to_string();
        assert!(error.contains("metadata.namespace"), "{error}");
    }

    #[test]
    fn an_aggregated_role_without_its_rules_is_refused() {
        let selector = Value::object([(
            "matchLabels",
            Value::object([("rbac.authorization.k8s.io/aggregate-to-view", Value::string("true"))]),
        )]);
        let value = Value::object([
            ("kind", Value::string("ClusterRole")),
            ("metadata", Value::object([("name", Value::string("mine"))])),
            ("rules", Value::Null),
            ("aggregationRule", Value::object([("clusterRoleSelectors", Value::List(vec![selector]))])),
        ]);
        assert_eq!(role_of(&value), Err(SourceError::Aggregated("ClusterRole/mine".to_owned())));
    }
}
