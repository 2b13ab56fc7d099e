//! What others do to a grant's objects: seen, named, put right; and grants that Terraform does not know yet.

use p0_tests::ControlPlane;
use serde_json::json;
use tfplugin::value::Value;

use crate::rig::{Rig, is, lines, object, of, text};
use crate::{binding_path, get, may, merge, role_path, view};

#[test]
fn drift_is_named_and_put_right() {
    let rig = Rig::new(&[]);
    let config = rig.config(&view("drift@example.com", &[]));
    let grant = rig.make(None, &config);
    let (role, binding) = (role_path(&grant), binding_path(&grant));
    let secrets = json!({ "apiGroups": [""], "resources": ["secrets"], "verbs": ["get"] });
    let mallory = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "mallory" });
    let both = [
        ("role: + get secrets", &role, json!({ "rules": [secrets] })),
        ("subjects", &binding, json!({ "subjects": [mallory] })),
    ];
    for (said, path, patch) in both.iter().cloned().chain([
        (
            "role: label rbac.authorization.k8s.io/aggregate-to-view added",
            &role,
            json!({ "metadata": { "labels": { "rbac.authorization.k8s.io/aggregate-to-view": "true" } } }),
        ),
        (
            "role: annotation p0.dev/expires-at changed",
            &role,
            json!({ "metadata": { "annotations": { "p0.dev/expires-at": "2099-01-01T00:00:00Z" } } }),
        ),
        (
            "binding: label app.kubernetes.io/managed-by removed",
            &binding,
            json!({ "metadata": { "labels": { "app.kubernetes.io/managed-by": null } } }),
        ),
    ]) {
        merge(path, &patch);
        let read = rig.read(&grant).unwrap();
        assert!(lines(&read, "drift").contains(&said.to_owned()), "{said}: {:?}", lines(&read, "drift"));
        assert_eq!(
            read.state.attribute("rules"),
            grant.state.attribute("rules"),
            "the state never learns rules"
        );
        let repaired = rig.make(Some(&read), &config);
        assert_eq!(repaired.state, grant.state);
        assert_eq!(rig.read(&repaired).unwrap().state, grant.state, "{said}");
    }
    for (_, path, patch) in &both {
        merge(path, patch);
    }
    rig.make(Some(&rig.read(&grant).unwrap()), &config);
    assert_eq!(rig.read(&grant).unwrap().state, grant.state);
    assert!(!may("mallory", "get", "nginx"));
    rig.delete(&grant).1.unwrap();
}

#[test]
fn what_is_gone_comes_back_with_the_same_end_and_rules() {
    let rig = Rig::new(&[]);
    let config = rig.config(&view("gone@example.com", &[]));
    let grant = rig.make(None, &config);
    for path in [binding_path(&grant), role_path(&grant)] {
        assert_eq!(ControlPlane::shared().admin().call("DELETE", &path).0, 200);
    }
    let read = rig.read(&grant).unwrap();
    assert!(!is(&read, "active") && !is(&read, "expired"));
    assert_eq!(lines(&read, "drift"), ["role missing", "binding missing"]);
    let again = rig.make(Some(&read), &config);
    assert_eq!(again.state, grant.state);
    rig.delete(&again).1.unwrap();
}

#[test]
fn an_object_of_another_owner_is_never_changed_or_deleted() {
    let rig = Rig::new(&[]);
    let config = rig.config(&view("foreign@example.com", &[]));
    let grant = rig.make(None, &config);
    merge(
        &role_path(&grant),
        &json!({ "metadata": { "labels": { "p0.dev/grant": "somebodyelse" } }, "rules": [] }),
    );
    let read = rig.read(&grant).unwrap();
    assert!(!is(&read, "active") && lines(&read, "drift")[0].contains("another owner"));
    let (left, told) = rig.apply(&rig.plan(Some(&read), &config).unwrap());
    assert!(told.unwrap_err().starts_with("The object belongs to another owner"));
    let before = get(&role_path(&grant)).1;
    assert!(before["rules"].is_null(), "it is as it was: {before}");
    assert_eq!(rig.delete(&left.unwrap()), (None, Ok(())));
    assert_eq!(rig.warnings(), ["An object of another owner was left"]);
    assert_eq!(get(&role_path(&grant)).1, before);
    assert_eq!(get(&binding_path(&grant)).0, 404);
    ControlPlane::shared().admin().call("DELETE", &role_path(&grant));
}

#[test]
fn a_deletion_that_is_held_up_is_waited_for_and_named() {
    let rig = Rig::new(&[]);
    let slow = view("held@example.com", &[("timeouts", object(&[("delete", "3s")]))]);
    let grant = rig.make(None, &rig.config(&slow));
    merge(&binding_path(&grant), &json!({ "metadata": { "finalizers": ["example.com/hold"] } }));
    let (left, told) = rig.delete(&grant);
    let told = told.unwrap_err();
    assert!(told.contains("example.com/hold"), "{told}");
    assert!(is(&left.unwrap(), "active"), "a binding that is being deleted still counts");
    merge(&binding_path(&grant), &json!({ "metadata": { "finalizers": null } }));
    assert_eq!(rig.delete(&grant), (None, Ok(())));
}

#[test]
fn a_grant_is_imported_as_it_was_made() {
    let rig = Rig::new(&[]);
    let parts = [
        ("locator", text("deployments.apps / default / nginx")),
        ("duration", Value::Null),
        ("expires_at", text("2030-01-01T00:00:00Z")),
    ];
    let config = rig.config(&view("import@example.com", &parts));
    let grant = rig.make(None, &config);
    for id in [of(&grant, "id").to_owned(), format!("default/{}", of(&grant, "id"))] {
        let imported = rig.import(&id).unwrap();
        assert_eq!(imported.identity, grant.identity);
        let read = rig.read(&imported).unwrap();
        assert_eq!(read.state, grant.state);
        assert!(rig.plan(Some(&read), &config).unwrap().is_empty());
    }
    for (id, said) in [
        ("short", "Not a grant's id"),
        ("aaaaaaaaaaaaaaaaaaaa", "No such grant"),
        ("UPPER/aaaaaaaaaaaaaaaaaaaa", "Not a grant's id"),
    ] {
        assert!(rig.import(id).unwrap_err().starts_with(said), "{id}");
    }
    merge(
        &role_path(&grant),
        &json!({ "rules": [{ "apiGroups": [""], "resources": ["secrets"], "verbs": ["*"] }] }),
    );
    let told = rig.import(of(&grant, "id")).unwrap_err();
    assert!(told.starts_with("This cannot be imported") && told.contains("subset-sha256"), "{told}");
    merge(
        &binding_path(&grant),
        &json!({ "metadata": { "labels": { "app.kubernetes.io/managed-by": "p0-gitops" } } }),
    );
    let told = rig.import(of(&grant, "id")).unwrap_err();
    assert!(told.contains("is a file in Git"), "{told}");
    let claimed = get(&binding_path(&grant)).1;
    let (left, told) = rig.delete(&grant);
    let told = told.unwrap_err();
    assert!(told.starts_with("The object belongs to another owner") && told.contains("managed-by"), "{told}");
    assert!(!is(&left.unwrap(), "active"));
    assert_eq!(get(&binding_path(&grant)).1, claimed, "it is as it was");
    assert_eq!(get(&role_path(&grant)).0, 404, "and refers to nothing");
    assert_eq!(ControlPlane::shared().admin().call("DELETE", &binding_path(&grant)).0, 200);
}
