//! Terraform values that plans, states and identities are made of. Not here: what they mean.

use p0_grant::role::RoleRef;
use tfplugin::value::{IntoValue, Value};

/// An identity of these parts.
pub(crate) fn identity(id: Value, namespace: Value) -> Value {
    Value::object([("id", id), ("namespace", namespace)])
}

/// `object` with other attributes.
pub(crate) fn with<'n>(object: Value, attributes: impl IntoIterator<Item = (&'n str, Value)>) -> Value {
    let mut fields = match object {
        Value::Object(fields) => fields,
        other => return other,
    };
    fields.extend(attributes.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Value::Object(fields)
}

/// A role as a state has it.
pub(crate) fn role_value(role: &RoleRef) -> Value {
    let kind = if role.namespace().is_some() { "Role" } else { "ClusterRole" };
    Value::object([
        ("name", Value::string(role.name().as_str())),
        ("kind", Value::string(kind)),
        ("namespace", role.namespace().map(ToString::to_string).into_value()),
    ])
}

/// A list of texts.
pub(crate) fn list(texts: impl IntoIterator<Item = String>) -> Value {
    Value::List(texts.into_iter().map(Value::string).collect())
}

/// Whether `attribute` of a configuration is set by it.
pub(crate) fn is_set(config: &Value, attribute: &str) -> bool {
    config.attribute(attribute).is_some_and(|value| !value.is_null())
}

/// What `attribute` of a configuration is.
pub(crate) fn configured(config: &Value, attribute: &str) -> Value {
    config.attribute(attribute).cloned().unwrap_or(Value::Null)
}
