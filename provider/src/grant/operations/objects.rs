//! A grant's two objects as they should be, and how they differ from what is there. Pure.
//!
//! What the engine makes of the record is the same as in a GitOps repository; people's annotations, labels and reason are
//! added. What others have added is left alone, but for labels that would let a role flow into others.

use std::collections::BTreeMap;

use p0_grant::evaluate::BindingScope;
use p0_grant::grant::{ManagedBy, RoleObject};
use p0_grant::manifest::{Claims, GRANT, MANAGED_BY, Manifest, REASON};
use p0_grant::rule::Rule;
use serde_json::{Map, Value, json};
use tfplugin::diagnostics::{Diagnostic, Diagnostics};

use crate::cluster::{Kind, LiveObject, ObjectRef};
use crate::grant::private_state::PrivateState;
use crate::grant::record::Record;
use crate::text::chain;

/// Labels that make a role's rules flow into other roles begin so.
const RBAC_LABELS: &str = "rbac.authorization.k8s.io/";

/// One object as it should be.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::grant) struct DesiredObject {
    pub(in crate::grant) reference: ObjectRef,
    pub(in crate::grant) object: Value,
}

/// Both objects of a grant.
pub(in crate::grant) struct GrantObjects<T> {
    pub(in crate::grant) role: T,
    pub(in crate::grant) binding: T,
}

/// The references of a grant's two objects, whatever the objects hold.
pub(in crate::grant) fn object_refs(record: &Record, private: &PrivateState) -> GrantObjects<ObjectRef> {
    let namespace = record.namespace();
    let is_role = private.role_object == RoleObject::Role && namespace.is_some();
    GrantObjects {
        role: ObjectRef {
            kind: if is_role { Kind::Role } else { Kind::ClusterRole },
            namespace: namespace.clone().filter(|_| is_role),
            name: record.role_name.clone(),
        },
        binding: ObjectRef { kind: record.binding_kind, namespace, name: record.binding_name.clone() },
    }
}

/// The objects that `record` stands for.
pub(in crate::grant) fn desired(
    record: &Record,
    private: &PrivateState,
) -> Result<GrantObjects<DesiredObject>, Diagnostics> {
    let fault = |why: String| {
        let detail =
            format!("The grant that the state records cannot be put together: {why} Nothing was written.");
        Diagnostics::from(Diagnostic::error("The grant contradicts itself", detail))
    };
    let manifest = Manifest::recorded(&record.role_name, claims(record, private))
        .map_err(|error| fault(chain(&error)))?;
    let [mut role, mut binding] = manifest.to_json().map_err(|error| fault(chain(&error)))?;
    add(&mut role, "annotations", &record.annotations);
    add(&mut binding, "annotations", &record.annotations);
    add(&mut role, "labels", &record.labels);
    add(&mut binding, "labels", &record.labels);
    if let Some(reason) = &record.reason {
        add(&mut binding, "annotations", &BTreeMap::from([(REASON.to_owned(), reason.clone())]));
    }
    let reference =
        |object: &Value| ObjectRef::of(object).ok_or_else(|| fault("an object has no name.".to_owned()));
    Ok(GrantObjects {
        role: DesiredObject { reference: reference(&role)?, object: role },
        binding: DesiredObject { reference: reference(&binding)?, object: binding },
    })
}

fn claims(record: &Record, private: &PrivateState) -> Claims {
    let target = &record.selection.target;
    Claims {
        id: record.id.clone(),
        managed_by: ManagedBy::TerraformProviderP0,
        role: record.role.clone(),
        selection: record.selection.clone(),
        subresources: record.subresources.iter().cloned().collect(),
        digest: record.digest.clone(),
        created_at: record.created_at,
        expires_at: record.expires_at,
        rules: record.rules.clone(),
        subject: record.subject.clone(),
        iam: record.iam.clone(),
        role_object: target.namespace().map_or(RoleObject::ClusterRole, |_| private.role_object),
        scope: match target.binding_scope() {
            BindingScope::Cluster => BindingScope::Cluster,
            BindingScope::Namespace(namespace) => BindingScope::Namespace(namespace),
        },
        prefix: private.prefix.clone(),
        workflow: None,
        signature: None,
    }
}

fn add(object: &mut Value, field: &str, entries: &BTreeMap<String, String>) {
    if let Some(there) = object.pointer_mut(&format!("/metadata/{field}")).and_then(Value::as_object_mut) {
        there.extend(entries.iter().map(|(key, value)| (key.clone(), value.as_str().into())));
    }
}

/// Whether an object belongs to this grant. No other object is ever changed or deleted.
pub(in crate::grant) fn is_ours(live: &LiveObject, record: &Record) -> bool {
    claimed_by(live, record).is_none()
}

/// The label that shows that an object does not belong to this grant.
pub(in crate::grant) fn claimed_by(live: &LiveObject, record: &Record) -> Option<&'static str> {
    if live.label(GRANT) != Some(record.id.as_str()) {
        return Some(GRANT);
    }
    // Where the label is missing, no other program claims the object, and the label is set again.
    let keeper = live.label(MANAGED_BY)?;
    (keeper != ManagedBy::TerraformProviderP0.to_string()).then_some(MANAGED_BY)
}

/// Lists that decide what an object gives; what is absent is an empty list.
const LISTS: [&str; 2] = ["rules", "subjects"];

/// How what is there differs from what should be, for reading; empty where it does not.
pub(in crate::grant) fn drift(
    record: &Record,
    desired: &GrantObjects<DesiredObject>,
    live: &GrantObjects<Option<LiveObject>>,
) -> Vec<String> {
    let mut found = one(record, "role", &desired.role, live.role.as_ref());
    found.extend(one(record, "binding", &desired.binding, live.binding.as_ref()));
    found
}

fn one(record: &Record, name: &str, desired: &DesiredObject, live: Option<&LiveObject>) -> Vec<String> {
    let Some(live) = live else { return vec![format!("{name} missing")] };
    if let Some(label) = claimed_by(live, record) {
        return vec![format!(
            "{name}: label {label} is not this grant's, so the object belongs to another owner"
        )];
    }
    let mut found = Vec::new();
    if live.is_ending() {
        found.push(format!("{name} is being deleted"));
    }
    found.extend(rules_drift(name, &desired.object, live.value()));
    if list(&desired.object, "subjects") != list(live.value(), "subjects") {
        found.push("subjects".to_owned());
    }
    if desired.object.get("roleRef") != live.value().get("roleRef") {
        found.push("roleRef".to_owned());
    }
    if live.value().get("aggregationRule").is_some_and(|rule| !rule.is_null()) {
        found.push("aggregationRule set".to_owned());
    }
    for (field, singular) in [("labels", "label"), ("annotations", "annotation")] {
        for key in map_patch(&desired.object, live.value(), field, &[]).keys() {
            let there = live.value().pointer(&format!("/metadata/{field}")).and_then(|map| map.get(key));
            let should = desired.object.pointer(&format!("/metadata/{field}")).and_then(|map| map.get(key));
            let how = match (should, there) {
                (None, _) => "added",
                (_, None) => "removed",
                _ => "changed",
            };
            found.push(format!("{name}: {singular} {key} {how}"));
        }
    }
    found
}

fn rules_drift(name: &str, desired: &Value, live: &Value) -> Vec<String> {
    let (desired, live) = (list(desired, "rules"), list(live, "rules"));
    let more =
        live.iter().filter(|rule| !desired.contains(rule)).map(|rule| format!("{name}: + {}", words(rule)));
    let less =
        desired.iter().filter(|rule| !live.contains(rule)).map(|rule| format!("{name}: - {}", words(rule)));
    more.chain(less).collect()
}

fn list(object: &Value, field: &str) -> Vec<Value> {
    object.get(field).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// A rule in a few words: `get, list pods default/web`.
fn words(rule: &Value) -> String {
    let words = |field: &str| {
        let texts = list(rule, field);
        let texts: Vec<&str> = texts.iter().filter_map(Value::as_str).collect();
        texts.join(", ")
    };
    let names = words("resourceNames");
    let on = if names.is_empty() { String::new() } else { format!(" named {names}") };
    format!("{} {}{on}", words("verbs"), words("resources"))
}

/// Rules as they are listed for people.
pub(in crate::grant) fn rule_lines(rules: &[Rule]) -> Vec<String> {
    rules.iter().filter_map(|rule| serde_json::to_value(rule).ok()).map(|rule| words(&rule)).collect()
}

/// The smallest merge patch that makes `live` what it should be; `None` where it is. It holds the version that it is for,
/// and touches nothing but the grant's own keys and those of `retired` that people have taken back.
pub(in crate::grant) fn patch(desired: &DesiredObject, live: &LiveObject, retired: &[&str]) -> Option<Value> {
    let mut fields = Map::new();
    for field in LISTS {
        if list(&desired.object, field) != list(live.value(), field) {
            fields.insert(field.to_owned(), list(&desired.object, field).into());
        }
    }
    if live.value().get("aggregationRule").is_some_and(|rule| !rule.is_null()) {
        fields.insert("aggregationRule".to_owned(), Value::Null);
    }
    let mut metadata = Map::new();
    for field in ["labels", "annotations"] {
        let changes = map_patch(&desired.object, live.value(), field, retired);
        if !changes.is_empty() {
            metadata.insert(field.to_owned(), changes.into());
        }
    }
    if fields.is_empty() && metadata.is_empty() {
        return None;
    }
    metadata.insert("resourceVersion".to_owned(), json!(live.version()));
    fields.insert("metadata".to_owned(), metadata.into());
    Some(fields.into())
}

/// Keys that must be set or taken away.
fn map_patch(desired: &Value, live: &Value, field: &str, retired: &[&str]) -> Map<String, Value> {
    let pointer = format!("/metadata/{field}");
    let map =
        |object: &Value| object.pointer(&pointer).and_then(Value::as_object).cloned().unwrap_or_default();
    let (desired, live) = (map(desired), map(live));
    let mut changes: Map<String, Value> = desired
        .iter()
        .filter(|(key, value)| live.get(*key) != Some(value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let gone =
        |key: &str| !desired.contains_key(key) && (key.starts_with(RBAC_LABELS) || retired.contains(&key));
    changes.extend(live.keys().filter(|key| gone(key)).map(|key| (key.clone(), Value::Null)));
    changes
}

/// A patch that removes all subjects from a binding, so that the old subjects never get the new rules.
pub(in crate::grant) fn emptied(live: &LiveObject) -> Value {
    json!({ "metadata": { "resourceVersion": live.version() }, "subjects": [] })
}

/// Whether both what a role gives and whom a binding gives it to differ.
pub(in crate::grant) fn crosses(
    desired: &GrantObjects<DesiredObject>,
    role: &LiveObject,
    binding: &LiveObject,
) -> bool {
    let differs = |desired: &DesiredObject, live: &LiveObject, field: &str| {
        list(&desired.object, field) != list(live.value(), field)
    };
    let role_differs = differs(&desired.role, role, "rules") || role.value().get("aggregationRule").is_some();
    role_differs
        && differs(&desired.binding, binding, "subjects")
        && !list(binding.value(), "subjects").is_empty()
}

/// Whether a binding refers to another role: that cannot be changed, only made anew.
pub(in crate::grant) fn refers_elsewhere(desired: &DesiredObject, live: &LiveObject) -> bool {
    desired.object.get("roleRef") != live.value().get("roleRef")
}

/// Whether what carries this grant's id is managed by it too.
pub(in crate::grant) fn is_of_this_product(live: &LiveObject) -> bool {
    live.label(MANAGED_BY) == Some(ManagedBy::TerraformProviderP0.to_string().as_str())
}

#[cfg(test)]
mod tests;
