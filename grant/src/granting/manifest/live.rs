//! Objects as a cluster has them: a grant read back from the API server.
//!
//! What the server adds (uid, versions, managed fields) and what others have added (labels, annotations, a workflow's) is
//! left aside; the core of the grant must be all there and agree with itself. Not here: whether it is the grant that
//! the caller expects.

use serde_json::{Map, Value};

use super::annotations::CORE;
use super::object::Object;
use super::{GRANT, MANAGED_BY, Manifest, ManifestError};
use crate::yaml::YamlError;

impl Manifest {
    /// Reads the role object and the binding as the API server gave them.
    ///
    /// # Errors
    /// [`ManifestError`] where they are not the two objects of one grant, or are no longer as they were made.
    pub fn live(role: Value, binding: Value) -> Result<Self, ManifestError> {
        Self::exactly(&object(role)?, &object(binding)?)
    }
}

/// The fields that a grant's object has.
fn object(live: Value) -> Result<Object, ManifestError> {
    let Value::Object(mut live) = live else {
        return Err(ManifestError::Shape { object: "object", problem: "is not an object" });
    };
    let known = ["apiVersion", "kind", "roleRef", "rules", "subjects"];
    let mut kept = only(&mut live, &known);
    if let Some(Value::Object(mut metadata)) = live.remove("metadata") {
        let mut own = only(&mut metadata, &["name", "namespace"]);
        own.insert("labels".to_owned(), only_of(metadata.remove("labels"), &[MANAGED_BY, GRANT]));
        own.insert("annotations".to_owned(), only_of(metadata.remove("annotations"), &CORE));
        kept.insert("metadata".to_owned(), own.into());
    }
    serde_json::from_value(kept.into()).map_err(|error| YamlError::Somewhere(error.to_string()).into())
}

fn only(from: &mut Map<String, Value>, keys: &[&str]) -> Map<String, Value> {
    keys.iter().filter_map(|key| Some(((*key).to_owned(), from.remove(*key)?))).collect()
}

fn only_of(value: Option<Value>, keys: &[&str]) -> Value {
    match value {
        Some(Value::Object(mut entries)) => only(&mut entries, keys).into(),
        _ => Map::new().into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::grant::ManagedBy;

    fn objects() -> [Value; 2] {
        let text = include_str!("../../../tests/live/grant.json");
        let mut objects: Vec<Value> = serde_json::from_str(text).unwrap();
        let binding = objects.pop().unwrap();
        [objects.pop().unwrap(), binding]
    }

    #[test]
    fn what_the_server_and_others_add_is_left_aside() {
        let [role, binding] = objects();
        let manifest = Manifest::live(role, binding).unwrap();
        assert_eq!(manifest.claims().managed_by, ManagedBy::TerraformProviderP0);
        assert_eq!(manifest.claims().subject.to_string(), "User/alice@example.com");
        assert_eq!(manifest.claims().workflow, None);
    }

    #[test]
    fn objects_that_are_no_longer_as_they_were_made_are_refused() {
        for (pointer, value) in [
            ("/0/rules/0/verbs", json!(["get", "delete"])),
            ("/0/metadata/annotations/p0.dev~1subset-sha256", json!("0")),
            ("/1/subjects/0/name", json!("system:anonymous")),
            ("/1/subjects", json!([])),
            ("/1/roleRef/name", json!("cluster-admin")),
            ("/1/metadata/labels/p0.dev~1grant", json!("aaaaaaaaaaaaaaaaaaaa")),
            ("/1/metadata/annotations/p0.dev~1expires-at", json!("2099-01-01T00:00:00Z")),
            ("/1/metadata/name", json!("other")),
        ] {
            let mut both = json!(objects());
            *both.pointer_mut(pointer).unwrap() = value;
            let [role, binding] = [both[0].take(), both[1].take()];
            assert!(Manifest::live(role, binding).is_err(), "{pointer}");
        }
    }
}
