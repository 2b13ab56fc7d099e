//! Changes: what happens in place, what makes another grant, and what changes nothing.

use p0_tests::ControlPlane;
use serde_json::{Value as Json, json};
use tfplugin::value::Value;

use crate::rig::{Rig, is, object, of, text};
use crate::{RBAC, binding_path, get, may, merge, role_path, view};

#[test]
fn a_grant_is_extended_and_shortened_in_place() {
    let rig = Rig::new(&[("max_duration", text("24h"))]);
    let grant = rig.make(None, &rig.config(&view("longer@example.com", &[])));
    let longer =
        rig.make(Some(&grant), &rig.config(&view("longer@example.com", &[("duration", text("10h"))])));
    assert_eq!((of(&longer, "id"), of(&longer, "created_at")), (of(&grant, "id"), of(&grant, "created_at")));
    for path in [role_path(&grant), binding_path(&grant)] {
        assert_eq!(get(&path).1["metadata"]["annotations"]["p0.dev/expires-at"], of(&longer, "expires_at"));
    }
    let until = [("duration", Value::Null), ("expires_at", text(of(&longer, "expires_at")))];
    let spelled = rig.make(Some(&longer), &rig.config(&view("longer@example.com", &until)));
    assert_eq!(of(&spelled, "expires_at"), of(&longer, "expires_at"));
    let too_long = rig.config(&view("longer@example.com", &[("duration", text("25h"))]));
    let refused = rig.plan(Some(&spelled), &too_long).err().unwrap();
    assert!(refused.starts_with("The grant would last too long at duration"), "{refused}");
    for parts in [
        &[("duration", text("25h"))][..],
        &[("duration", Value::Null), ("expires_at", text("2099-01-01T00:00:00Z"))],
    ] {
        let refused = rig.plan(None, &rig.config(&view("longer@example.com", parts))).err().unwrap();
        assert!(refused.starts_with("The grant would last too long"), "{refused}");
    }
    let now = [("duration", Value::Null), ("expires_at", text(of(&grant, "created_at")))];
    let over = rig.config(&view("longer@example.com", &now));
    let ended = rig.make(Some(&spelled), &over);
    assert!(is(&ended, "expired") && !is(&ended, "active"), "a new end that is past revokes");
    assert_eq!(get(&binding_path(&grant)).0, 404);
}

/// No server lists `nodes/metrics`: the kubelet authorizes it, and the role names it.
#[test]
fn a_subresource_that_only_the_role_names_is_granted() {
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": {"name": "node-figures"},
        "rules": [{"apiGroups": [""], "resources": ["nodes", "nodes/metrics", "nodes/stats"], "verbs": ["get"]}],
    });
    let admin = ControlPlane::shared().admin();
    let (status, body) = admin.send_json("POST", &format!("{RBAC}/clusterroles"), "application/json", &role);
    assert_eq!(status, 201, "{body}");
    let rig = Rig::new(&[]);
    let parts = |name: &str| {
        rig.config(&view(
            "figures@example.com",
            &[
                ("role", object(&[("name", "node-figures")])),
                ("locator", text("nodes / *")),
                ("subresources", Value::Set([text(name)].into())),
            ],
        ))
    };
    let refused = rig.plan(None, &parts("log")).err().unwrap();
    assert!(refused.starts_with("No such subresource at subresources"), "{refused}");
    let grant = rig.make(None, &parts("metrics"));
    let rules = get(&role_path(&grant)).1["rules"].to_string();
    assert!(rules.contains("nodes/metrics") && !rules.contains("nodes/stats"), "{rules}");
    let changed = rig.make(Some(&grant), &parts("stats"));
    let rules = get(&role_path(&changed)).1["rules"].to_string();
    assert!(rules.contains("nodes/stats") && !rules.contains("nodes/metrics"), "{rules}");
    assert_eq!(rig.read(&changed).unwrap().state, changed.state);
}

#[test]
fn inputs_change_in_place_or_make_another_grant() {
    let rig = Rig::new(&[]);
    let user = "inputs@example.com";
    let map = |key: &str| Value::Map([(key.to_owned(), text("x"))].into());
    let grant = rig.make(None, &rig.config(&view(user, &[("labels", map("team"))])));
    for parts in [
        &[("locator", text("deploy.apps/default/nginx")), ("labels", map("team"))][..],
        &[
            ("locator", Value::Null),
            ("resource", object(&[("kind", "deployments"), ("namespace", "default"), ("name", "nginx")])),
        ],
        &[("subresources", Value::Set([text("scale")].into())), ("annotations", map("example.com/a"))],
        &[],
    ] {
        let changed = rig.make(Some(&grant), &rig.config(&view(user, parts)));
        assert_eq!(of(&changed, "id"), of(&grant, "id"));
        assert_eq!(rig.read(&changed).unwrap().state, changed.state);
    }
    let labels = get(&role_path(&grant)).1["metadata"]["labels"].clone();
    assert_eq!(labels.get("team"), None, "a label that was taken back is gone: {labels}");
    for (name, value) in [
        ("role", object(&[("name", "edit")])),
        ("subject", object(&[("kind", "Group"), ("name", "sre")])),
        ("locator", text("deployment / default / other")),
        ("locator", text("deployment / kube-public / nginx")),
    ] {
        let plan = rig.plan(Some(&grant), &rig.config(&view(user, &[(name, value)]))).unwrap();
        assert!(plan.is_replacement(), "{name}");
    }
    rig.delete(&grant).1.unwrap();
}

#[test]
fn a_role_that_changes_is_told_and_followed_only_by_its_digest() {
    let admin = ControlPlane::shared().admin();
    let rule = |verbs: Json| json!([{ "apiGroups": ["apps"], "resources": ["deployments"], "verbs": verbs }]);
    let role = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": { "name": "changing" }, "rules": rule(json!(["get"])) });
    admin.must_create(&role);
    let parts = |digest: Value| {
        view("changes@example.com", &[("role", object(&[("name", "changing")])), ("subset_sha256", digest)])
    };
    let rig = Rig::new(&[]);
    let config = rig.config(&parts(Value::Null));
    let grant = rig.make(None, &config);
    merge(&format!("{RBAC}/clusterroles/changing"), &json!({ "rules": rule(json!(["get", "patch"])) }));
    // A new run of Terraform is a new process; it looks at roles anew.
    let rig = Rig::new(&[]);
    let read = rig.read(&grant).unwrap();
    assert_eq!(rig.warnings(), ["The role has changed since it was granted"]);
    assert_ne!(of(&read, "available_subset_sha256"), of(&read, "subset_sha256"));
    assert!(rig.plan(Some(&read), &config).unwrap().is_empty(), "a grant never follows its role by itself");
    let wrong = text(&"0".repeat(64));
    let refused = rig.plan(Some(&read), &rig.config(&parts(wrong))).err().unwrap();
    let both = [of(&read, "available_subset_sha256"), of(&read, "subset_sha256")];
    assert!(refused.starts_with("The role gives other rules at subset_sha256"), "{refused}");
    assert!(both.iter().all(|digest| refused.contains(digest)), "{refused}");
    let accepted = rig.make(Some(&read), &rig.config(&parts(text(both[0]))));
    assert!(may("changes@example.com", "patch", "nginx"), "the accepted rules count");
    assert_eq!(rig.read(&accepted).unwrap().state, accepted.state);
    rig.delete(&accepted).1.unwrap();
}

#[test]
fn settings_are_fixed_when_a_grant_is_made() {
    let settings = [
        ("role_object", text("Role")),
        ("name_prefix", text("acme")),
        ("expand_wildcards", Value::Bool(true)),
    ];
    let rig = Rig::new(&settings);
    let parts =
        [("role", object(&[("name", "cluster-admin")])), ("locator", text("configmap / default / x"))];
    let config = rig.config(&view("fixed@example.com", &parts));
    let grant = rig.make(None, &config);
    let path = format!("{RBAC}/namespaces/default/roles/{}", of(&grant, "role_name"));
    let role = get(&path).1;
    assert!(of(&grant, "role_name").starts_with("acme-cluster-admin-ConfigMaps-"));
    assert!(!role["rules"][0]["verbs"].as_array().unwrap().contains(&json!("*")), "{role}");
    let other = Rig::new(&[]);
    let read = other.read(&grant).unwrap();
    assert_eq!(read.state, grant.state);
    assert!(other.plan(Some(&read), &config).unwrap().is_empty());
    other.delete(&read).1.unwrap();
    assert_eq!(get(&path).0, 404);
}

#[test]
fn what_leads_to_every_right_needs_its_own_pair() {
    let pair =
        object(&[("role", "ClusterRole/admin"), ("resource", "rolebindings.rbac.authorization.k8s.io")]);
    let rig = Rig::new(&[("allow_privileged", Value::List(vec![pair]))]);
    let parts = [("role", object(&[("name", "admin")])), ("locator", text("rolebindings / default / *"))];
    let plan = rig.plan(None, &rig.config(&view("allowed@example.com", &parts))).unwrap();
    assert!(rig.warnings().contains(&"The grant gives more than it may seem".to_owned()));
    let (grant, told) = rig.apply(&plan);
    told.unwrap();
    // Another block, without the pair, makes no difference to a grant that exists.
    let rig = Rig::new(&[]);
    let read = rig.read(&grant.unwrap()).unwrap();
    assert_eq!(of(&read, "available_subset_sha256"), of(&read, "subset_sha256"));
    rig.delete(&read).1.unwrap();
}
