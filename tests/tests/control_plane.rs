//! The test world itself: the control plane and the oracle answer as Kubernetes does.

use p0_grant::evaluate::BindingScope;
use p0_grant::request::ResourceRequest;
use p0_grant::rule::{ResourceRule, Rule};
use p0_tests::{ControlPlane, Oracle, RoleSet};
use serde_json::json;

#[test]
fn roles_are_aggregated_and_strangers_are_forbidden() {
    let plane = ControlPlane::shared();
    for (role, rules) in [("view", 12), ("edit", 27), ("admin", 29), ("cluster-admin", 2)] {
        let (_, body) =
            plane.admin().call("GET", &format!("/apis/rbac.authorization.k8s.io/v1/clusterroles/{role}"));
        assert_eq!(body["rules"].as_array().map(Vec::len), Some(rules), "{role}");
    }
    assert_eq!(plane.admin().get("/api/v1/namespaces/default/configmaps"), 200);
    assert_eq!(plane.as_user("nobody@example.com").get("/api/v1/namespaces/default/configmaps"), 403);
}

fn rule(verb: &str, resource: &str) -> Rule {
    ResourceRule::new([verb], [""], [resource], [] as [&str; 0]).unwrap().into()
}

#[test]
fn the_oracle_decides_covers_validates_and_reads() {
    let mut oracle = Oracle::start();
    let rules = [rule("get", "pods")];
    let scope = BindingScope::Namespace("a".to_owned());
    let here =
        ResourceRequest { verb: "get", resource: "pods", namespace: "a", name: "x", ..Default::default() };
    let there = ResourceRequest { namespace: "b", ..here };
    let sets = [
        RoleSet { rules: &rules, binding: (&scope).into() },
        RoleSet { rules: &rules, binding: (&BindingScope::Cluster).into() },
    ];
    assert_eq!(oracle.decide(&sets, &[here.into(), there.into()]), [[true, false], [true, true]]);
    assert!(oracle.covers(&[rule("*", "pods")], &rules) && !oracle.covers(&rules, &[rule("*", "pods")]));
    let object = |name: &str| json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": name }, "rules": rules });
    assert!(oracle.validate(&object("a")).is_empty() && !oracle.validate(&object("a/b")).is_empty());
    let read = oracle.read_yaml("a: no\n");
    assert_eq!(
        (read.sigs[0]["a"]["!"].as_str(), read.v3[0]["a"].as_str()),
        (Some("bool: false"), Some("no"))
    );
}
