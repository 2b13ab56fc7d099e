//! The token that dies.

use base64::Engine as _;
use p0_tests::{ControlPlane, eventually};
use tfplugin::value::Value;

use super::{Rig, object, text};

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

fn asked(parts: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
    let mut all = vec![
        ("role", object(&[("name", "view")])),
        ("locator", text("deployment / default / nginx")),
        ("ttl", text("10m")),
    ];
    for (name, value) in parts {
        all.retain(|(other, _)| other != name);
        all.push((*name, value.clone()));
    }
    all
}

/// How many objects carry the grant's id: role objects, bindings and ServiceAccounts.
fn left(id: &str) -> usize {
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    let collections = [
        format!("{rbac}/clusterroles"),
        format!("{rbac}/roles"),
        format!("{rbac}/clusterrolebindings"),
        format!("{rbac}/rolebindings"),
        "/api/v1/serviceaccounts".to_owned(),
    ];
    let count = |collection: &String| {
        let path = format!("{collection}?labelSelector=p0.dev/grant%3D{id}");
        let (status, list) = ControlPlane::shared().admin().call("GET", &path);
        assert_eq!(status, 200, "{list}");
        list["items"].as_array().map_or(0, Vec::len)
    };
    collections.iter().map(count).sum()
}

fn part(lease: &tfplugin::testing::Lease, name: &str) -> String {
    lease.result.attribute(name).and_then(Value::as_str).unwrap_or_else(|| panic!("no {name}")).to_owned()
}

#[test]
fn a_token_may_what_the_subset_says_and_nothing_after_it_is_closed() {
    let mut rig = Rig::new(&[]);
    let lease = rig.open(&asked(&[("reason", text("a trial"))])).unwrap();
    let (id, token) = (part(&lease, "id"), part(&lease, "token"));
    assert_eq!(left(&id), 3);
    assert!(!String::from_utf8_lossy(&lease.private).contains(&token), "the token is kept nowhere");
    assert!(part(&lease, "host").starts_with(&ControlPlane::shared().url()));
    assert_eq!(part(&lease, "namespace"), "default");
    assert!(part(&lease, "service_account").ends_with(&id));
    let bearer = ControlPlane::shared().with_token(&token);
    assert_eq!(
        bearer.get(&format!("{DEPLOYMENTS}/nginx")),
        404,
        "it may look, and there is no such Deployment"
    );
    assert_eq!(bearer.get(&format!("{DEPLOYMENTS}/other")), 403);
    assert_eq!(bearer.get("/api/v1/namespaces/default/secrets"), 403);
    rig.close(lease);
    assert_eq!(left(&id), 0);
    eventually("the token is refused", || bearer.get(&format!("{DEPLOYMENTS}/nginx")) == 401);
}

#[test]
fn a_token_that_is_not_closed_ends_at_its_ttl() {
    let mut rig = Rig::new(&[]);
    let lease = rig.open(&asked(&[])).unwrap();
    let token = part(&lease, "token");
    let claims = token.split('.').nth(1).expect("three parts");
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    let time = |name: &str| claims[name].as_i64().expect("seconds");
    // It is the server itself that refuses it from then on.
    assert_eq!(time("exp") - time("iat"), 600);
    let told: jiff::Timestamp = part(&lease, "expires_at").parse().unwrap();
    assert_eq!(told.as_second(), time("exp"));
    // It is of this ServiceAccount and of none that takes its name.
    assert!(claims["kubernetes.io"]["serviceaccount"]["uid"].is_string(), "{claims}");
    // What is left carries the time after which it is swept.
    let id = part(&lease, "id");
    let path = format!(
        "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings?labelSelector=p0.dev/grant%3D{id}"
    );
    let (_, list) = ControlPlane::shared().admin().call("GET", &path);
    let ends = list["items"][0]["metadata"]["annotations"]["p0.dev/expires-at"].as_str().expect("a time");
    let ends: jiff::Timestamp = ends.parse().unwrap();
    assert!(told.duration_since(ends).abs() <= jiff::SignedDuration::from_secs(2), "{told} {ends}");
    rig.close(lease);
}

#[test]
fn what_was_made_before_a_failure_is_taken_away() {
    let mut rig = Rig::new(&[]);
    let before = grants();
    let error = rig.open(&asked(&[("namespace", text("nowhere"))])).unwrap_err();
    assert!(error.contains("nowhere"), "{error}");
    eventually("nothing is left", || grants() == before);
}

/// The names of all bindings of this test's kind: none may stay behind.
fn grants() -> Vec<String> {
    let path = "/apis/rbac.authorization.k8s.io/v1/rolebindings?labelSelector=p0.dev/grant";
    let (_, list) = ControlPlane::shared().admin().call("GET", path);
    let items = list["items"].as_array().cloned().unwrap_or_default();
    let accounts = items.iter().filter(|item| item["subjects"][0]["namespace"] == "nowhere");
    accounts.map(|item| item["metadata"]["name"].to_string()).collect()
}

#[test]
fn what_cannot_be_asked_for_is_refused_at_its_attribute_and_leaves_nothing() {
    let mut rig = Rig::new(&[("max_duration", text("2h")), ("require_reason", Value::Bool(true))]);
    let reason = ("reason", text("a trial"));
    for (parts, expected) in [
        (vec![], "A reason is missing at reason"),
        (vec![reason.clone(), ("ttl", text("3h"))], "The token would live too long at ttl"),
        (vec![reason.clone(), ("ttl", text("1m"))], "Not a lifetime for a token at ttl"),
        (vec![reason.clone(), ("namespace", text("A"))], "Not a namespace at namespace"),
        (
            vec![
                reason.clone(),
                ("role", object(&[("name", "cluster-admin")])),
                ("locator", text("clusterroles.rbac.authorization.k8s.io")),
                ("namespace", text("default")),
            ],
            "The grant is not offered at role",
        ),
        (
            vec![reason, ("role", object(&[("name", "cluster-admin")])), ("locator", text("node / n1"))],
            "No namespace for the ServiceAccount at namespace",
        ),
    ] {
        let error = rig.open(&asked(&parts)).map(drop).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn a_token_for_another_namespace_and_a_cluster_wide_selection_ends_wholly_too() {
    let mut rig = Rig::new(&[]);
    let cases =
        [("cluster-admin", "node / n1", "default"), ("view", "deployment / default / nginx", "kube-public")];
    for (role, locator, namespace) in cases {
        let role = object(&[("name", role)]);
        let parts = [("role", role), ("locator", text(locator)), ("namespace", text(namespace))];
        let lease = rig.open(&asked(&parts)).unwrap();
        let id = part(&lease, "id");
        assert_eq!(left(&id), 3, "{locator}");
        rig.close(lease);
        assert_eq!(left(&id), 0, "{locator}");
    }
}
