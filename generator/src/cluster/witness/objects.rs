//! The grant's own objects as the witness: equal label, rules, role reference and subject, or nothing of them at all.
//!
//! The credential needs `get` on the four RBAC kinds. Not here: which binding besides gives the same ([`super::review`]).

use async_trait::async_trait;
use kube::api::{Api, DynamicObject};
use kube::core::{ApiResource, GroupVersionKind};
use p0_grant::manifest::{GRANT, Manifest};
use p0_grant::name::GrantId;
use p0_grant::yaml::{self, Limits};
use serde_json::Value;

use super::{ClusterWitness, Expected, Lineage, Observation, text};
use crate::cluster::{Cluster, ClusterError};

/// Reads the objects.
pub(super) struct Objects {
    cluster: Cluster,
}

impl Objects {
    pub(super) fn new(cluster: Cluster) -> Self {
        Self { cluster }
    }

    async fn live(&self, object: &Value) -> Result<Option<DynamicObject>, ClusterError> {
        let name = text(object, "/metadata/name").unwrap_or_default();
        let resource =
            ApiResource::from_gvk(&GroupVersionKind::gvk("rbac.authorization.k8s.io", "v1", kind(object)));
        let api: Api<DynamicObject> = match text(object, "/metadata/namespace") {
            Some(namespace) => Api::namespaced_with(self.cluster.client(), namespace, &resource),
            None => Api::all_with(self.cluster.client(), &resource),
        };
        let found = api.get_opt(name).await;
        found.map_err(|error| self.cluster.failed(format!("read {} {name}", resource.kind), error))
    }
}

#[async_trait]
impl ClusterWitness for Objects {
    async fn look(
        &self,
        grant: &Manifest,
        expected: Expected,
        _commit: &str,
        _lineage: &dyn Lineage,
    ) -> Result<Observation, ClusterError> {
        let text = grant.to_yaml().unwrap_or_default();
        let objects: Vec<Value> = yaml::read_all(&text, Limits::FILE).unwrap_or_default();
        let mut seen = Vec::with_capacity(objects.len());
        for object in objects {
            let live = self.live(&object).await?;
            seen.push((object, live));
        }
        Ok(observe(&grant.claims().id, expected, &seen))
    }
}

/// What `seen`, the objects as written with those that live, says.
fn observe(id: &GrantId, expected: Expected, seen: &[(Value, Option<DynamicObject>)]) -> Observation {
    let problem = match expected {
        Expected::Present if seen.is_empty() => Some("the grant has no objects".to_owned()),
        Expected::Present => seen.iter().find_map(|(object, live)| difference(id, object, live.as_ref())),
        Expected::Absent => seen.iter().find_map(|(object, live)| {
            let live = live.as_ref().filter(|live| is_ours(live, id))?;
            Some(format!("{} {} is still there", kind(object), live.metadata.name.as_deref().unwrap_or("?")))
        }),
    };
    problem.map_or(Observation::Confirmed, Observation::NotYet)
}

/// The first thing in which what lives is not what was written.
fn difference(id: &GrantId, object: &Value, live: Option<&DynamicObject>) -> Option<String> {
    let kind = kind(object);
    let Some(live) = live else { return Some(format!("{kind} is not there yet")) };
    if !is_ours(live, id) {
        return Some(format!("{kind} is another grant's"));
    }
    let fields = ["rules", "roleRef", "subjects"];
    let different = fields.into_iter().find(|field| !same(object.get(field), live.data.get(field)));
    different.map(|field| format!("{kind} has other {field} than base"))
}

/// Equal, where the server leaves out what is empty.
fn same(written: Option<&Value>, live: Option<&Value>) -> bool {
    let filled = |value: &&Value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty());
    written.filter(filled) == live.filter(filled)
}

fn kind(object: &Value) -> &str {
    text(object, "/kind").unwrap_or("object")
}

fn is_ours(live: &DynamicObject, id: &GrantId) -> bool {
    live.metadata
        .labels
        .as_ref()
        .and_then(|labels| labels.get(GRANT))
        .is_some_and(|label| label == id.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "vpl5aqzpwnnqmnkrzze2";

    fn live(label: &str, rules: &Value) -> DynamicObject {
        let object = json!({ "metadata": { "name": "x", "labels": { GRANT: label } }, "rules": rules });
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn active_is_equal_and_gone_is_nothing_of_it() {
        let id = GrantId::new(ID).unwrap();
        let rules = json!([{ "apiGroups": [""], "resources": ["pods"], "verbs": ["get"] }]);
        let wider = json!([{ "apiGroups": [""], "resources": ["pods"], "verbs": ["get", "delete"] }]);
        let written = json!({ "kind": "ClusterRole", "rules": rules });
        for (expected, seen, confirmed) in [
            (Expected::Present, Some(live(ID, &rules)), true),
            (Expected::Present, Some(live(ID, &wider)), false),
            (Expected::Present, Some(live("another", &rules)), false),
            (Expected::Present, None, false),
            (Expected::Absent, None, true),
            (Expected::Absent, Some(live("another", &rules)), true),
            (Expected::Absent, Some(live(ID, &rules)), false),
        ] {
            let verdict = observe(&id, expected, &[(written.clone(), seen.clone())]);
            assert_eq!(verdict == Observation::Confirmed, confirmed, "{expected:?} {seen:?}: {verdict:?}");
        }
    }
}
