//! What is refused, and what an error leaves behind.

use p0_tests::ControlPlane;
use serde_json::{Value as Json, json};
use tfplugin::provider::Stored;
use tfplugin::value::Value;

use crate::rig::{Rig, is, lines, object, text};
use crate::{RBAC, get, role_path, view};

#[test]
fn bad_input_is_told_at_its_attribute_and_nothing_is_written() {
    let rig = Rig::new(&[("require_reason", Value::Bool(true))]);
    let why = ("reason", text("why"));
    for (parts, said) in [
        (vec![], "No reason at reason"),
        (vec![("role", object(&[("name", "veiw")])), why.clone()], "No such role at role"),
        (vec![("locator", text("deploymnet / default / x")), why.clone()], "No such kind at locator"),
        (vec![("locator", text("deployment / x")), why.clone()], "Not a selection at locator"),
        (
            vec![("locator", text("secret / default / x")), why.clone()],
            "The role gives nothing there at role",
        ),
        (
            vec![("subresources", Value::Set([text("log")].into())), why.clone()],
            "No such subresource at subresources",
        ),
        (
            vec![("subset_sha256", text(&"0".repeat(64))), why.clone()],
            "The role gives other rules at subset_sha256",
        ),
        (
            vec![
                ("role", object(&[("name", "admin")])),
                ("locator", text("rolebindings / default / *")),
                why.clone(),
            ],
            "The grant is not offered at role",
        ),
        (
            vec![
                ("role", object(&[("name", "system:node")])),
                ("locator", text("pods / default / *")),
                why.clone(),
            ],
            "The grant is not offered at role",
        ),
        (vec![("locator", text("deployment / kube-system / x")), why], "The grant is not offered at role"),
    ] {
        let told = rig.plan(None, &rig.config(&view("bad@example.com", &parts))).err().unwrap();
        assert!(told.starts_with(said), "{told}");
    }
}

#[test]
fn a_missing_right_is_named() {
    let stranger = ControlPlane::shared().strangers_kubeconfig();
    let rig = Rig::with_kubeconfig(&stranger, &[]).unwrap();
    let told = rig.plan(None, &rig.config(&view("x@example.com", &[]))).err().unwrap();
    assert!(
        told.starts_with("Not allowed by the cluster at role") && told.contains("`get clusterroles"),
        "{told}"
    );
}

#[test]
fn rules_that_the_identity_lacks_are_not_granted() {
    // May make roles and bindings, and holds nothing of `view`.
    let admin = ControlPlane::shared().admin();
    let every = json!(["create", "get", "list", "patch", "delete"]);
    let group = "rbac.authorization.k8s.io";
    admin.must_create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": "applier" },
        "rules": [{ "apiGroups": [group], "resources": ["clusterroles", "rolebindings"], "verbs": every }],
    }));
    admin.must_create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": { "name": "applier" },
        "roleRef": { "apiGroup": group, "kind": "ClusterRole", "name": "applier" },
        "subjects": [{ "apiGroup": group, "kind": "User", "name": "applier@example.com" }],
    }));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kubeconfig");
    let mut kubeconfig: Json =
        serde_json::from_str(&std::fs::read_to_string(ControlPlane::shared().kubeconfig()).unwrap()).unwrap();
    kubeconfig["users"][0]["user"]["as"] = "applier@example.com".into();
    std::fs::write(&file, kubeconfig.to_string()).unwrap();
    let rig = Rig::with_kubeconfig(&file, &[]).unwrap();
    let config = rig.config(&view("lacking@example.com", &[]));
    admin.wait_for_authorizer();
    let (left, told) = rig.apply(&rig.plan(None, &config).unwrap());
    let told = told.unwrap_err();
    assert!(told.contains("does not hold these rules"), "{told}");
    assert_eq!(left, None, "nothing was made, so nothing is recorded");
    assert_eq!(admin.call("DELETE", &format!("{RBAC}/clusterrolebindings/applier")).0, 200);
}

#[test]
fn a_partial_creation_is_in_the_state_and_grants_nothing() {
    let rig = Rig::new(&[]);
    let config = rig.config(&view("partial@example.com", &[("locator", text("deployment / missing / x"))]));
    let (left, told) = rig.apply(&rig.plan(None, &config).unwrap());
    let told = told.unwrap_err();
    assert!(told.starts_with("No such namespace") && told.contains("`missing`"), "{told}");
    let left = left.expect("the role was made, so it is recorded");
    assert!(!is(&left, "active"));
    assert_eq!(lines(&left, "drift"), ["binding missing"]);
    assert_eq!(get(&role_path(&left)).0, 200);
    assert_eq!(rig.delete(&left), (None, Ok(())));
    assert_eq!(get(&role_path(&left)).0, 404);
}

#[test]
fn another_cluster_is_never_read_as_all_gone() {
    let rig = Rig::new(&[]);
    let grant = rig.make(None, &rig.config(&view("cluster@example.com", &[])));
    let mut private: Json = serde_json::from_slice(&grant.private).unwrap();
    private["c"] = "00000000-0000-4000-8000-000000000000".into();
    let elsewhere = Stored { private: private.to_string().into_bytes(), ..grant.clone() };
    assert!(rig.read(&elsewhere).unwrap_err().starts_with("Another cluster"));
    let (left, told) = rig.delete(&elsewhere);
    assert!(told.unwrap_err().starts_with("Another cluster") && left.is_some());
    let damaged = Stored { private: b"{".to_vec(), ..grant.clone() };
    assert!(rig.read(&damaged).unwrap_err().starts_with("The state is damaged"));
    rig.delete(&grant).1.unwrap();
}

#[test]
fn an_unknown_provider_block_leaves_the_rules_unknown_and_reads_nothing() {
    let known = Rig::new(&[]);
    let grant = known.make(None, &known.config(&view("unknown@example.com", &[])));
    let rig = Rig::configured(&[("host", Value::UNKNOWN)]).unwrap();
    let config = rig.config(&view("unknown@example.com", &[]));
    let plan = rig.plan(None, &config).unwrap();
    assert!(plan.attribute("rules").is_unknown() && plan.attribute("selection").is_unknown());
    assert_eq!(rig.warnings(), ["The rules are not known yet"]);
    let told = rig.read(&grant).unwrap_err();
    assert!(
        told.starts_with("The cluster is not known yet at host") && told.contains("-refresh=false"),
        "{told}"
    );
    assert!(rig.plan(Some(&grant), &config).unwrap().is_empty(), "a plan without looking needs no cluster");
    known.delete(&grant).1.unwrap();
}

#[test]
fn a_server_that_does_not_answer_is_an_error_and_never_gone() {
    let known = Rig::new(&[]);
    let grant = known.make(None, &known.config(&view("silent@example.com", &[])));
    let silent =
        [("host", text("https://127.0.0.1:1")), ("token", text("hunter2")), ("request_timeout", text("1s"))];
    let rig = Rig::configured(&silent).unwrap();
    let told = rig.read(&grant).unwrap_err();
    assert!(told.starts_with("The cluster does not answer") && !told.contains("hunter2"), "{told}");
    known.delete(&grant).1.unwrap();
}
