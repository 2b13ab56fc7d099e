//! Names of objects, followed on a real API server by a credential that may list and watch two kinds and nothing else.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::path::PathBuf;
use std::sync::Arc;

use p0_access::layout::ClusterName;
use p0_gitops::cluster::{Access, Followed, ObjectNames};
use p0_tests::{Api, ControlPlane, eventually};
use serde_json::{Value, json};

/// The role that docs/slack.md asks for.
fn role() -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": "p0-objects" },
        "rules": [
            { "apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list", "watch"] },
            { "apiGroups": [""], "resources": ["configmaps"], "verbs": ["list", "watch"] },
        ],
    })
}

/// A kubeconfig of a service account with that role.
fn credential(plane: &ControlPlane, api: &Api) -> PathBuf {
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "p0-objects", "namespace": "default" },
    });
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": { "name": "p0-objects" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "p0-objects" },
        "subjects": [{ "kind": "ServiceAccount", "name": "p0-objects", "namespace": "default" }],
    });
    for object in [account, role(), binding] {
        api.must_create(&object);
    }
    let request = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {} });
    let path = "/api/v1/namespaces/default/serviceaccounts/p0-objects/token";
    let (_, body) = api.send_json("POST", path, "application/json", &request);
    api.wait_for_authorizer();
    plane.kubeconfig_of("objects", body["status"]["token"].as_str().unwrap())
}

fn config_map(name: &str) -> Value {
    let annotations = json!({ "secret.example.com/password": "hunter2" });
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "data": { "password": "hunter2" },
        "metadata": { "name": name, "namespace": "default", "annotations": annotations },
    })
}

/// What is there, what comes and what goes; a kind that may not be listed hides none of the others; nothing but names is kept.
#[test]
fn names_come_and_go_as_objects_do_and_nothing_else_is_kept() {
    let plane = ControlPlane::shared();
    let api = plane.admin();
    let kubeconfig = credential(plane, &api);
    for number in 0..1_100 {
        api.must_create(&config_map(&format!("followed-{number:04}")));
    }
    let names = Arc::new(ObjectNames::default());
    let cluster = ClusterName::new("prod").unwrap();
    let kind = |text: &str| text.parse().unwrap();
    let followed = Followed {
        cluster: cluster.clone(),
        access: Access::Kubeconfig { file: Some(kubeconfig), context: None },
        kinds: vec![kind("deployments.apps"), kind("configmaps"), kind("pods"), kind("widgets.example.com")],
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let tasks = runtime.block_on(async { followed.spawn(&names) });
    let has = |name: &str| names.has(&cluster, &kind("configmaps"), "default", name);
    // More than two pages of a list.
    eventually("all names", || has("followed-0000") == Some(true) && has("followed-1099") == Some(true));
    eventually("deployments, of which there are none", || {
        names.has(&cluster, &kind("deployments.apps"), "default", "web") == Some(false)
    });
    api.must_create(&config_map("followed-later"));
    eventually("a new one", || has("followed-later") == Some(true));
    let (status, body) = api.call("DELETE", "/api/v1/namespaces/default/configmaps/followed-0000");
    assert_eq!(status, 200, "{body}");
    eventually("one that is gone", || has("followed-0000") == Some(false));
    let found = names.search(&cluster, &kind("configmaps"), &["followed-109".to_owned()], 100);
    assert_eq!(found.len(), 10, "{found:?}");
    assert_eq!(names.has(&cluster, &kind("pods"), "default", "web"), None, "it may not be listed");
    assert!(
        !format!("{names:?}").contains("hunter2") && !format!("{names:?}").contains("secret.example.com")
    );
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
}
