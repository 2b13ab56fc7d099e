//! `p0_k8s_grant` against the real API server: the tables of its contract, without Terraform in between.

use p0_tests::ControlPlane;
use rig::{object, of, text};
use serde_json::{Value as Json, json};
use tfplugin::provider::Stored;
use tfplugin::value::Value;

mod changes;
mod connection;
mod drift;
mod eks;
mod life;
mod refused;
mod rig;
mod traffic;
mod weather;

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";
const MERGE: &str = "application/merge-patch+json";

/// A grant of `view` on one Deployment for `user`, with other parts.
fn view(user: &str, parts: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
    let mut all = vec![
        ("role", object(&[("name", "view")])),
        ("locator", text("deployment / default / nginx")),
        ("subject", object(&[("kind", "User"), ("name", user)])),
        ("duration", text("8h")),
    ];
    for (name, value) in parts {
        all.retain(|(other, _)| other != name);
        all.push((*name, value.clone()));
    }
    all
}

fn role_path(grant: &Stored) -> String {
    format!("{RBAC}/clusterroles/{}", of(grant, "role_name"))
}

fn binding_path(grant: &Stored) -> String {
    format!("{RBAC}/namespaces/default/rolebindings/{}", of(grant, "binding_name"))
}

fn get(path: &str) -> (u16, Json) {
    ControlPlane::shared().admin().call("GET", path)
}

fn merge(path: &str, patch: &Json) {
    let (status, body) = ControlPlane::shared().admin().send_json("PATCH", path, MERGE, patch);
    assert_eq!(status, 200, "{body}");
}

/// What the API server's own authorizer says of a user's `verb` on Deployments in `default`.
fn may(user: &str, verb: &str, name: &str) -> bool {
    let attributes = json!({ "verb": verb, "group": "apps", "resource": "deployments", "namespace": "default", "name": name });
    ControlPlane::shared().admin().review(vec![json!({ "user": user, "resourceAttributes": attributes })])
        == [true]
}
