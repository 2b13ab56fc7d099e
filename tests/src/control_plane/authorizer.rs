//! Waiting for the API server's authorizer. It learns of roles and bindings by watches, some time after they are written,
//! so an answer right after a write may be that of the past: an access that is not there yet, or one that is still there.
//!
//! Each watch tells of changes in the order in which they were written. A marker of each kind is written, and once the
//! authorizer knows all of them it knows every role and binding that was written before.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::api::Api;

const GROUP: &str = "rbac.authorization.k8s.io";
const NAME: &str = "p0-tests-marker";
/// Any namespace that every cluster has.
const NAMESPACE: &str = "kube-public";

/// Returns when the authorizer behind `admin` knows every role and binding that was written before the call.
///
/// # Panics
/// Where it never does.
pub(super) fn catches_up(admin: &Api) {
    static NUMBER: Mutex<u64> = Mutex::new(0);
    // Two at once would take each other's markers away.
    let mut number = NUMBER.lock().unwrap_or_else(PoisonError::into_inner);
    *number += 1;
    let marker = format!("marker-{number}");
    for object in markers(&marker) {
        let (status, body) = admin.apply(&object);
        assert!(status < 300, "{object}: {body}");
    }
    crate::eventually("the authorizer knows what was written", || {
        admin.review_now(reviews(&marker)) == [true, true]
    });
}

/// The four objects, which give `marker` one right in the cluster and one in a namespace.
fn markers(marker: &str) -> [Value; 4] {
    let role = |kind: &str, resource: &str, namespace: Option<&str>| {
        json!({
            "apiVersion": format!("{GROUP}/v1"), "kind": kind,
            "metadata": { "name": NAME, "namespace": namespace },
            "rules": [{
                "apiGroups": ["tests.p0.dev"], "resources": [resource], "resourceNames": [marker], "verbs": ["get"],
            }],
        })
    };
    let binding = |kind: &str, role: &str, namespace: Option<&str>| {
        json!({
            "apiVersion": format!("{GROUP}/v1"), "kind": kind,
            "metadata": { "name": NAME, "namespace": namespace },
            "roleRef": { "apiGroup": GROUP, "kind": role, "name": NAME },
            "subjects": [{ "apiGroup": GROUP, "kind": "User", "name": marker }],
        })
    };
    [
        role("ClusterRole", "clustermarkers", None),
        binding("ClusterRoleBinding", "ClusterRole", None),
        role("Role", "markers", Some(NAMESPACE)),
        binding("RoleBinding", "Role", Some(NAMESPACE)),
    ]
}

fn reviews(marker: &str) -> Vec<Value> {
    let review = |resource: &str, namespace: Option<&str>| {
        json!({ "user": marker, "resourceAttributes": {
            "verb": "get", "group": "tests.p0.dev", "resource": resource, "namespace": namespace, "name": marker,
        }})
    };
    vec![review("clustermarkers", None), review("markers", Some(NAMESPACE))]
}
