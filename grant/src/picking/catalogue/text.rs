//! Texts that hold roles: what the API server answers, what `kubectl get clusterroles,roles -A -o yaml|json` prints, and what
//! projects publish, roles among objects of other kinds.
//!
//! A role that cannot be read is left out and named; the others are read. Not here: one role ([`super::listed`]).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::listed::{Fields, ListedRole, NotARole};
use crate::discovery::LeftOut;
use crate::role::RoleRef;
use crate::yaml::{self, Limits, YamlError};

/// The roles of a text, and what of it is left out.
pub(super) struct Listed {
    pub(super) roles: Vec<ListedRole>,
    pub(super) left_out: Vec<LeftOut>,
}

/// Reads the roles of a text as they are written.
///
/// # Errors
/// As [`super::read_roles`].
pub(super) fn read(text: &str) -> Result<Listed, YamlError> {
    // Nearly every text holds roles alone, and their types read it many times faster than objects of any kind.
    let error = match read_roles_alone(text) {
        Ok(roles) => return Ok(Listed { roles, left_out: Vec::new() }),
        Err(error) => error,
    };
    match read_any_objects(text) {
        Ok(listed) if !listed.roles.is_empty() => Ok(listed),
        _ => Err(error),
    }
}

fn read_roles_alone(text: &str) -> Result<Vec<ListedRole>, YamlError> {
    let documents: Vec<Spanned<Fields>> = yaml::read_all(text, Limits::CLUSTER)?;
    let mut seen = BTreeSet::new();
    let mut listed = Vec::new();
    for object in documents.into_iter().flat_map(members) {
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
fn members(document: Spanned<Fields>) -> Vec<Spanned<Fields>> {
    // What the API server lists does not repeat the kind in every item.
    let Some(of_items) = document.value.kind.as_deref().and_then(kind_of_items) else {
        return vec![document];
    };
    let mut items = document.value.items.unwrap_or_default();
    for item in &mut items {
        let kind = &mut item.value.kind;
        *kind = kind.take().or_else(|| of_items.map(str::to_owned));
    }
    items
}

/// What the items of a list of this kind are where they do not say it; `None` where it is no list of roles.
fn kind_of_items(kind: &str) -> Option<Option<&'static str>> {
    match kind {
        "List" => Some(None),
        "ClusterRoleList" => Some(Some("ClusterRole")),
        "RoleList" => Some(Some("Role")),
        _ => None,
    }
}

/// An object of any kind, and the line where it begins.
struct AnyObject {
    line: u64,
    value: Value,
}

fn read_any_objects(text: &str) -> Result<Listed, YamlError> {
    let mut left_out = Vec::new();
    let mut roles: BTreeMap<RoleRef, (u64, Option<ListedRole>)> = BTreeMap::new();
    for object in any_objects(text)? {
        match serde_json::from_value::<ListedRole>(object.value.clone()) {
            Err(error) => left_out.push(lost(object.line, name_of(&object.value), &error.to_string())),
            Ok(role) => match roles.entry(role.reference().clone()) {
                Entry::Vacant(entry) => drop(entry.insert((object.line, Some(role)))),
                // Neither of two roles of one name has precedence, so neither counts.
                Entry::Occupied(mut entry) => drop(entry.insert((object.line, None))),
            },
        }
    }
    let mut read = Vec::new();
    for (reference, (line, role)) in roles {
        match role {
            Some(role) => read.push(role),
            None => left_out.push(lost(
                line,
                reference.to_string(),
                "it is in this text twice: remove one of the two",
            )),
        }
    }
    Ok(Listed { roles: read, left_out })
}

fn any_objects(text: &str) -> Result<Vec<AnyObject>, YamlError> {
    /// Where the items of a list begin.
    #[derive(Deserialize)]
    struct Places {
        #[serde(default)]
        items: Option<Vec<Spanned<IgnoredAny>>>,
    }
    let documents: Vec<Spanned<Value>> = yaml::read_all(text, Limits::CLUSTER)?;
    let places: Vec<Places> = yaml::read_all(text, Limits::CLUSTER).unwrap_or_default();
    let mut places = places.into_iter().map(|document| document.items.unwrap_or_default());
    let mut objects = Vec::new();
    for document in documents {
        let (line, mut value) = (document.referenced.line(), document.value);
        let places = places.next().unwrap_or_default();
        let kind = value.get("kind").and_then(Value::as_str).and_then(kind_of_items);
        let (Some(of_items), items) = (kind, value.get_mut("items").map(Value::take)) else {
            objects.push(AnyObject { line, value });
            continue;
        };
        let items =
            items.and_then(|items| serde_json::from_value::<Vec<Value>>(items).ok()).unwrap_or_default();
        for (index, mut value) in items.into_iter().enumerate() {
            if let (Some(kind), Value::Object(fields)) = (of_items, &mut value) {
                fields.entry("kind").or_insert_with(|| kind.into());
            }
            let line = places.get(index).map_or(line, |place| place.referenced.line());
            objects.push(AnyObject { line, value });
        }
    }
    Ok(objects)
}

fn lost(line: u64, what: String, reason: &str) -> LeftOut {
    LeftOut { what, reason: format!("line {line}: {reason}") }
}

/// `Kind/name` or `Kind/namespace/name`, as far as the object says them.
fn name_of(object: &Value) -> String {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    let Some(kind) = text("/kind") else { return "an object without a kind".to_owned() };
    let parts = [Some(kind), text("/metadata/namespace"), text("/metadata/name")];
    parts.into_iter().flatten().collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use crate::catalogue::read_roles;

    const ROLE: &str = "{\"apiVersion\": \"rbac.authorization.k8s.io/v1\", \"kind\": \"Role\", \
        \"metadata\": {\"name\": \"r\", \"namespace\": \"n\", \"managedFields\": [{\"f:rules\": {}}]}, \
        \"rules\": [{\"apiGroups\": [\"\"], \"resources\": [\"pods\"], \"verbs\": [\"get\"]}]}";

    fn names(text: &str) -> Vec<String> {
        let list = read_roles(text).unwrap();
        assert_eq!(list.left_out, []);
        list.roles.iter().map(|role| role.reference().to_string()).collect()
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
                "kind: Role\nmetadata: {name: x}\n",
                "line 1, column 1: the Role `x` has no `metadata.namespace`: print it with `kubectl get -o yaml`",
            ),
            (
                "kind: Role\napiVersion: example.com/v1\nmetadata: {name: x, namespace: n}\n",
                "line 1, column 1: `example.com/v1` is not the API version of a role: expected `rbac.authorization.k8s.io/v1`",
            ),
            ("a: b\n", "line 1, column 1: a ClusterRole, a Role or a list of them has a `kind`"),
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

    /// What is left out of a text, and the roles that are there all the same.
    fn split(text: &str) -> (Vec<String>, Vec<(String, String)>) {
        let list = read_roles(text).unwrap();
        let roles = list.roles.iter().map(|role| role.reference().to_string()).collect();
        (roles, list.left_out.into_iter().map(|one| (one.what, one.reason)).collect())
    }

    #[test]
    fn one_odd_object_spoils_no_other() {
        let good = "kind: ClusterRole\nmetadata: {name: good}\n---\n";
        for (odd, what, reason) in [
            (
                "kind: ServiceAccount\nmetadata: {name: sa, namespace: n}\n",
                "ServiceAccount/n/sa",
                "line 4: `ServiceAccount` is not a role: expected a ClusterRole, a Role or a list of them",
            ),
            (
                "kind: ClusterRole\nmetadata: {name: odd}\nrules:\n- {verbs: [get], apiGroup: ['']}\n",
                "ClusterRole/odd",
                "line 4: unknown field `apiGroup`",
            ),
            (
                "kind: Role\nmetadata: {name: odd}\n",
                "Role/odd",
                "line 4: the Role `odd` has no `metadata.namespace`: print it with `kubectl get -o yaml`",
            ),
            (
                "kind: List\nitems:\n- kind: ClusterRole\n  metadata: {name: odd}\n  rules: [{verbs: [get]}]\n",
                "ClusterRole/odd",
                "line 6: a resource rule needs",
            ),
            (
                "a: b\n",
                "an object without a kind",
                "line 4: a ClusterRole, a Role or a list of them has a `kind`",
            ),
        ] {
            let (roles, left_out) = split(&format!("{good}{odd}"));
            assert_eq!(roles, ["ClusterRole/good"], "{odd}");
            assert_eq!(left_out.len(), 1, "{odd}: {left_out:?}");
            assert_eq!(left_out[0].0, what);
            assert!(left_out[0].1.starts_with(reason), "{left_out:?}");
        }
        let twice = "kind: ClusterRole\nmetadata: {name: a}\n---\n".repeat(2);
        let (roles, left_out) = split(&format!("{good}{twice}"));
        assert_eq!(roles, ["ClusterRole/good"]);
        assert_eq!(
            left_out[0],
            (
                "ClusterRole/a".to_owned(),
                "line 7: it is in this text twice: remove one of the two".to_owned()
            )
        );
    }

    #[test]
    fn a_text_without_any_role_is_an_error_and_so_is_what_is_no_yaml() {
        assert!(read_roles("kind: Pod\n---\nkind: Secret\n").is_err());
        assert!(read_roles("kind: ClusterRole\nmetadata: {name: a}\n---\n[").is_err());
    }

    #[test]
    fn roles_of_openshift_are_read() {
        let text = "kind: ClusterRole\napiVersion: authorization.openshift.io/v1\nmetadata: {name: o}\nrules:\n\
            - apiGroups: ['', null]\n  attributeRestrictions: null\n  resources: [pods]\n  verbs: [get]\n";
        assert_eq!(names(text), ["ClusterRole/o"]);
    }
}
