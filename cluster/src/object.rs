//! The four RBAC kinds, where their objects are, and what the server says of one.

use std::fmt;

use serde_json::Value;

use crate::client::Cluster;
use crate::error::ClusterError;
use crate::request::ApiRequest;

const API: &str = "/apis/rbac.authorization.k8s.io/v1";

/// The four kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A role for the whole cluster.
    ClusterRole,
    /// A role in a namespace.
    Role,
    /// A binding for the whole cluster.
    ClusterRoleBinding,
    /// A binding in a namespace.
    RoleBinding,
}

/// A reference to one object: kind, namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectRef {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace, where the kind has them.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

/// An object as the server has it.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveObject(Value);

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ClusterRole, Self::Role, Self::ClusterRoleBinding, Self::RoleBinding];

    /// The kind's plural in paths and rules.
    pub fn plural(self) -> &'static str {
        match self {
            Self::ClusterRole => "clusterroles",
            Self::Role => "roles",
            Self::ClusterRoleBinding => "clusterrolebindings",
            Self::RoleBinding => "rolebindings",
        }
    }

    /// The kind by its name.
    pub fn called(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.to_string() == name)
    }

    /// The right to do `verb` to it, for messages.
    pub fn right(self, verb: &str) -> String {
        format!("{verb} {}.rbac.authorization.k8s.io", self.plural())
    }

    /// The path of its objects, in all namespaces or in one.
    pub fn path(self, namespace: Option<&str>) -> String {
        let plural = self.plural();
        match namespace {
            None => format!("{API}/{plural}"),
            Some(namespace) => format!("{API}/namespaces/{}/{plural}", segment(namespace)),
        }
    }
}

impl ObjectRef {
    /// The reference of an object that is to be written; `None` without kind or name.
    pub fn of(object: &Value) -> Option<Self> {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            kind: Kind::called(&text("/kind")?)?,
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name")?,
        })
    }

    /// The path of the collection that it is in.
    pub fn collection(&self) -> String {
        self.kind.path(self.namespace.as_deref())
    }

    /// Its own path.
    pub fn path(&self) -> String {
        format!("{}/{}", self.collection(), segment(&self.name))
    }
}

impl LiveObject {
    /// What the server sent; items of lists come without their kind, so it is told.
    pub fn new(mut value: Value, kind: Kind) -> Self {
        if let Some(fields) = value.as_object_mut() {
            fields.insert("kind".to_owned(), kind.to_string().into());
            fields.insert("apiVersion".to_owned(), "rbac.authorization.k8s.io/v1".into());
        }
        // Half of an object says who wrote which field, which is not read here.
        if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
        Self(value)
    }

    /// As text, which takes a fraction of the memory of the value.
    pub fn packed(&self) -> Box<str> {
        self.0.to_string().into_boxed_str()
    }

    /// What [`LiveObject::packed`] packed.
    pub fn unpacked(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }

    /// All of it.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// Its reference.
    pub fn reference(&self) -> Option<ObjectRef> {
        ObjectRef::of(&self.0)
    }

    /// The text at `pointer`.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.0.pointer(pointer).and_then(Value::as_str)
    }

    /// What tells this object from one of the same name before or after it.
    pub fn uid(&self) -> Option<&str> {
        self.text("/metadata/uid")
    }

    /// Which version of it this is.
    pub fn version(&self) -> Option<&str> {
        self.text("/metadata/resourceVersion")
    }

    /// The label `key`.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.0.pointer("/metadata/labels")?.get(key)?.as_str()
    }

    /// The annotation `key`.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.0.pointer("/metadata/annotations")?.get(key)?.as_str()
    }

    /// Whether it is being deleted, and waits for a finalizer.
    pub fn is_ending(&self) -> bool {
        self.text("/metadata/deletionTimestamp").is_some()
    }

    /// The finalizers that hold its deletion up.
    pub fn finalizers(&self) -> Vec<&str> {
        let list = self.0.pointer("/metadata/finalizers").and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

impl Cluster {
    /// The object; `None` where there is none.
    ///
    /// # Errors
    /// [`ClusterError`] for every answer but these two.
    pub async fn get(&self, reference: &ObjectRef) -> Result<Option<LiveObject>, ClusterError> {
        let request =
            ApiRequest::get(reference.path(), format!("read {reference}"), reference.kind.right("get"));
        match self.send_json(&request).await {
            Ok(value) => Ok(Some(LiveObject::new(value, reference.kind))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClusterRole => "ClusterRole",
            Self::Role => "Role",
            Self::ClusterRoleBinding => "ClusterRoleBinding",
            Self::RoleBinding => "RoleBinding",
        })
    }
}

/// ``the RoleBinding `x` in `default` ``: for messages.
impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} `{}`", self.kind, self.name)?;
        self.namespace.as_ref().map_or(Ok(()), |namespace| write!(f, " in namespace `{namespace}`"))
    }
}

/// A name as a path segment: everything but unreserved characters in percent encoding.
pub fn segment(name: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    name.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_path_segments_whatever_they_hold() {
        let reference = |kind, namespace: Option<&str>, name: &str| ObjectRef {
            kind,
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
        };
        for (reference, expected) in [
            (reference(Kind::ClusterRole, None, "view"), "/clusterroles/view"),
            (reference(Kind::ClusterRole, None, "a b?c#d:é"), "/clusterroles/a%20b%3Fc%23d%3A%C3%A9"),
            (reference(Kind::RoleBinding, Some("default"), "x"), "/namespaces/default/rolebindings/x"),
        ] {
            assert_eq!(reference.path(), format!("{API}{expected}"));
        }
    }
}
