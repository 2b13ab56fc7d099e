//! Drift of each kind: seen, named, and taken back by the next apply; and objects of other owners.

use p0_tests::terraform::unwrapped;
use serde_json::{Value, json};

use crate::world::{GRANT, TERMS, World, grant};

fn live() -> (World, String) {
    let world = World::new();
    world.grant("expires_at = \"2099-01-01T00:00:00Z\"");
    world.tool.apply().done();
    let id = world.state()["id"].as_str().expect("an id").to_owned();
    (world, id)
}

/// What matters of the grant's objects.
fn core(world: &World, id: &str) -> Vec<Value> {
    let objects = world.objects(id).into_iter();
    objects.map(|(_, object)| json!([object["rules"], object["subjects"], object["roleRef"]])).collect()
}

/// Merges `patch` into the grant's object of that kind.
fn tamper(world: &World, id: &str, plural: &str, patch: &Value) {
    let objects = world.objects(id);
    let (path, _) =
        objects.iter().find(|(path, _)| path.contains(&format!("/{plural}/"))).expect("an object");
    let (status, body) = world.api().send_json("PATCH", path, "application/merge-patch+json", patch);
    assert_eq!(status, 200, "{body}");
}

#[test]
fn each_kind_is_named_and_taken_back() {
    let (world, id) = live();
    let granted = core(&world, &id);
    let everything = json!([{ "apiGroups": [""], "resources": ["secrets"], "verbs": ["get"] }]);
    for (plural, patch, words) in [
        ("clusterroles", json!({ "rules": everything }), "secrets"),
        (
            "rolebindings",
            json!({ "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "mallory" }] }),
            "subjects",
        ),
        (
            "clusterroles",
            json!({ "metadata": { "labels": { "rbac.authorization.k8s.io/aggregate-to-view": "true" } } }),
            "aggregate-to-view",
        ),
        (
            "rolebindings",
            json!({ "metadata": { "annotations": { "p0.dev/expires-at": "2199-01-01T00:00:00Z" } } }),
            "expires-at",
        ),
        (
            "clusterroles",
            json!({ "aggregationRule": { "clusterRoleSelectors": [{ "matchLabels": { "x": "y" } }] } }),
            "aggregationRule set",
        ),
    ] {
        tamper(&world, &id, plural, &patch);
        let plan = world.tool.plan(&[]).ended(2);
        let named = world_drift(&plan.json);
        assert!(named.contains(words), "{patch}: {named}");
        world.tool.apply_plan().done();
        assert_eq!(core(&world, &id), granted, "{patch}");
        world.tool.plan(&[]).ended(0);
    }
}

/// What `drift` said before the plan takes it back.
fn world_drift(plan: &Value) -> String {
    let changes = plan["resource_changes"].as_array().expect("changes");
    changes.iter().map(|change| change["change"]["before"]["drift"].to_string()).collect()
}

#[test]
fn a_binding_that_was_turned_to_another_role_is_made_anew() {
    let (world, id) = live();
    let granted = core(&world, &id);
    let (path, mut binding) = world.objects(&id).swap_remove(0);
    assert_eq!(world.api().call("DELETE", &path).0, 200);
    for name in ["uid", "resourceVersion", "creationTimestamp", "managedFields"] {
        binding["metadata"].as_object_mut().expect("metadata").remove(name);
    }
    binding["apiVersion"] = "rbac.authorization.k8s.io/v1".into();
    binding["kind"] = "RoleBinding".into();
    binding["roleRef"]["name"] = "cluster-admin".into();
    world.api().must_create(&binding);
    assert!(world.may("get", "secrets", "x"));
    let plan = world.tool.plan(&[]).ended(2);
    assert!(world_drift(&plan.json).contains("roleRef"), "{}", plan.said);
    world.tool.apply_plan().done();
    assert_eq!(core(&world, &id), granted);
    assert!(!world.may("get", "secrets", "x"));
    world.tool.plan(&[]).ended(0);
}

#[test]
fn what_is_missing_comes_back_the_same() {
    let (world, id) = live();
    let granted = core(&world, &id);
    for missing in [&["rolebindings"][..], &["clusterroles"], &["rolebindings", "clusterroles"]] {
        for (path, _) in world.objects(&id) {
            if missing.iter().any(|plural| path.contains(&format!("/{plural}/"))) {
                assert_eq!(world.api().call("DELETE", &path).0, 200);
            }
        }
        let plan = world.tool.plan(&[]).ended(2);
        let named = world_drift(&plan.json);
        assert!(named.contains("missing") || plan.after(GRANT)["active"] != true, "{named}");
        world.tool.apply_plan().done();
        assert_eq!(core(&world, &id), granted, "{missing:?}");
        world.tool.plan(&[]).ended(0);
    }
}

#[test]
fn labels_and_annotations_of_others_are_none_of_ours() {
    let (world, id) = live();
    for plural in ["clusterroles", "rolebindings"] {
        let patch = json!({ "metadata": { "labels": { "example.com/other": "x" }, "annotations": { "example.com/other": "x" } } });
        tamper(&world, &id, plural, &patch);
    }
    world.tool.plan(&[]).ended(0);
}

#[test]
fn an_object_of_another_owner_is_neither_taken_nor_changed_nor_deleted() {
    for labels in [
        json!({ "p0.dev/grant": "somebodys0000000000x" }),
        json!({ "app.kubernetes.io/managed-by": "somebody" }),
        json!({ "app.kubernetes.io/managed-by": "p0-gitops" }),
    ] {
        let (world, id) = live();
        let path = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings", world.namespace);
        let bindings = || world.api().call("GET", &path).1["items"].clone();
        tamper(&world, &id, "rolebindings", &json!({ "metadata": { "labels": labels } }));
        let before = bindings();
        let named = world_drift(&world.tool.plan(&[]).ended(2).json);
        assert!(named.contains("belongs to another owner"), "{named}");
        let said = unwrapped(&world.tool.apply_plan().ended(1));
        assert!(said.contains("The object belongs to another owner"), "{said}");
        let said = unwrapped(&world.tool.destroy().ended(1));
        assert!(said.contains("The object belongs to another owner"), "{said}");
        assert_eq!(bindings(), before, "{labels}");
        assert_eq!(
            world.state()["active"],
            false,
            "it is still in the state, and what is ours gives nothing"
        );
        assert!(!world.may("get", "apps/deployments", "nginx"), "without its role the binding gives nothing");
        assert_eq!(
            world
                .api()
                .call("DELETE", &format!("{path}/{}", before[0]["metadata"]["name"].as_str().unwrap()))
                .0,
            200
        );
        world.tool.destroy().done();
    }
}

#[test]
fn an_object_that_another_owner_claims_of_an_expired_grant_is_left_and_grants_nothing() {
    let world = World::new();
    world.grant(&format!("expires_at = \"{}\"", world.at(60)));
    world.tool.apply().done();
    let id = world.state()["id"].as_str().expect("an id").to_owned();
    let claim = json!({ "metadata": { "labels": { "app.kubernetes.io/managed-by": "somebody" } } });
    tamper(&world, &id, "rolebindings", &claim);
    world.later(61);
    world.tool.plan(&[]).ended(2);
    let said = unwrapped(&world.tool.apply_plan().ended(1));
    assert!(said.contains("The object belongs to another owner"), "{said}");
    assert_eq!(world.objects(&id).len(), 1, "the binding alone");
    assert!(!world.may("get", "apps/deployments", "nginx"));
    world.tool.plan(&[]).ended(0);
}

#[test]
fn a_role_that_changed_changes_nothing_until_it_is_accepted() {
    let world = World::new();
    let name = format!("reader-{}", world.namespace);
    let role = |verbs: &[&str]| {
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": name },
            "rules": [{ "apiGroups": ["apps"], "resources": ["deployments"], "verbs": verbs }],
        })
    };
    world.api().must_create(&role(&["get"]));
    let terms = TERMS.replace("\"view\"", &format!("\"{name}\""));
    let configure = |rest: &str| {
        world.configure(&grant(&format!("{terms}expires_at = \"2099-01-01T00:00:00Z\"\n{rest}")));
    };
    configure("");
    world.tool.apply().done();
    let (before, pinned) = (world.state()["rules"].clone(), world.state()["subset_sha256"].clone());
    assert_eq!(world.api().apply(&role(&["get", "list"])).0, 200);

    let plan = world.tool.plan(&[]).ended(0);
    assert!(plan.said.contains("Warning"), "{}", plan.said);
    world.tool.run(&["apply", "-refresh-only", "-auto-approve"]).done();
    let state = world.state();
    assert_eq!((&state["rules"], &state["subset_sha256"]), (&before, &pinned), "what was granted stays");
    assert!(!world.may("list", "apps/deployments", "nginx"));
    let today = state["available_subset_sha256"].as_str().expect("a digest").to_owned();
    assert_ne!(pinned, *today);

    configure(&format!("subset_sha256 = \"{}\"", "0".repeat(64)));
    let said = unwrapped(&world.tool.plan(&[]).ended(1).said).replace(' ', "");
    assert!(said.contains(&today), "{said}");

    configure(&format!("subset_sha256 = \"{today}\""));
    let plan = world.tool.plan(&[]).ended(2);
    assert_eq!(plan.actions(GRANT), ["update"], "{}", plan.said);
    world.tool.apply_plan().done();
    assert!(world.may("list", "apps/deployments", "nginx"));
    world.tool.plan(&[]).ended(0);
}
