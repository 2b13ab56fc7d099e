//! Data sources, functions and the list.

use p0_tests::{ControlPlane, program};
use serde_json::{Value as Json, json};
use tfplugin::value::{Type, Value};

use super::{Rig, entry, grant, object, text};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

fn of(stored: &tfplugin::provider::Stored, name: &str) -> String {
    stored.state.attribute(name).and_then(Value::as_str).expect("a text").to_owned()
}

/// `p0-gitops` on the same cluster.
fn gitops(arguments: &[&str]) -> program::Run {
    let kubeconfig = ControlPlane::shared().kubeconfig();
    let kubeconfig = kubeconfig.to_str().expect("UTF-8");
    program::run(&[arguments, &["--kubeconfig", kubeconfig]].concat())
}

#[test]
fn a_subset_is_what_p0_gitops_shows_and_functions_take_its_source() {
    let mut rig = Rig::new(&[]);
    for (role, locator) in [
        ("view", "deployment / default / nginx"),
        ("edit", "pod / default / *"),
        ("cluster-admin", "node / n1"),
        ("admin", "configmap / * / *"),
    ] {
        let picked = [("role", object(&[("name", role)])), ("locator", text(locator))];
        let seen = rig.look("p0_k8s_role_subset", &picked).unwrap();
        let shown = gitops(&["subset", "--role", role, "--locator", locator, "-o", "json"]).done();
        let shown: Json = serde_json::from_str(&shown).unwrap();
        for field in ["sha256", "selection", "withheld"] {
            assert_eq!(seen[field], shown[field], "{role} {locator}");
        }
        assert_eq!(seen["binding"], shown["binding"]["kind"]);
        assert_eq!(seen["rules"].as_array().map(Vec::len), shown["rules"].as_array().map(Vec::len));
        let source = rig.look_at("p0_k8s_role_subset", &picked, "source");
        let source = Value::Dynamic(source_type(&rig), Box::new(source));
        let called = rig.call("subset_rules", vec![source, text(locator), Value::Null]).unwrap();
        for field in ["rules", "dropped", "danger", "binding", "sha256", "withheld"] {
            assert_eq!(called[field], seen[field], "{role} {locator}: {field}");
        }
    }
}

fn source_type(_rig: &Rig) -> Type {
    p0_provider::source::source_type()
}

#[test]
fn what_a_subset_cannot_be_of_is_refused_at_its_attribute() {
    let mut rig = Rig::new(&[]);
    for (parts, expected) in [
        (
            vec![("role", object(&[("name", "nobody")])), ("locator", text("pod / a / b"))],
            "No such role at role",
        ),
        (
            vec![("role", object(&[("name", "view")])), ("locator", text("secret / a / b"))],
            "The role gives nothing there at role",
        ),
        (
            vec![("role", object(&[("name", "view")])), ("locator", text("thing / a / b"))],
            "No such kind at locator",
        ),
        (vec![("role", object(&[("name", "view")]))], "Not a selection at locator"),
    ] {
        let error = rig.look("p0_k8s_role_subset", &parts).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn a_manifest_has_the_bytes_that_p0_gitops_generates() {
    let mut rig = Rig::new(&[]);
    let (id, from, to) = ("vpl5aqzpwnnqmnkrzze2", "2026-11-24T10:00:00Z", "2026-11-24T14:00:00Z");
    for (role, locator, subject, more, extra) in [
        ("view", "deployment / default / nginx", ("User", "alice@example.com", None), vec![], vec![]),
        (
            "edit",
            "apps/deployments shop/web",
            ("Group", "sre: no", None),
            vec![],
            vec![("prefix", text("acme"))],
        ),
        (
            "view",
            "pod / shop / *",
            ("ServiceAccount", "deployer", Some("ci")),
            vec!["--subresource", "log"],
            vec![("subresources", Value::List(vec![text("log")]))],
        ),
        (
            "view",
            "pod / shop / web",
            ("User", "12:30:45", None),
            vec!["--role-object", "role"],
            vec![("role_object", text("Role"))],
        ),
        ("cluster-admin", "node / n1", ("User", "no", None), vec![], vec![]),
    ] {
        let (kind, name, namespace) = subject;
        let whom = namespace
            .map_or_else(|| format!("{kind}/{name}"), |namespace| format!("{kind}/{namespace}/{name}"));
        let locator_there = locator.replace("apps/deployments shop/web", "deploy / shop / web");
        let mut arguments =
            vec!["generate", "--role", role, "--locator", &locator_there, "--to", &whom, "--id", id];
        arguments.extend(["--created-at", from, "--expires-at", to]);
        arguments.extend(&more);
        if locator.starts_with("apps/") {
            arguments.extend(["--prefix", "acme"]);
        }
        let picked = [("role", object(&[("name", role)])), ("locator", text("pods"))];
        let source = rig.look_at("p0_k8s_role_subset", &picked, "source");
        let source = Value::Dynamic(source_type(&rig), Box::new(source));
        let mut whom = vec![("kind", text(kind)), ("name", text(name))];
        whom.extend(namespace.map(|namespace| ("namespace", text(namespace))));
        let mut wish = vec![
            ("id", text(id)),
            ("created_at", text(from)),
            ("expires_at", text(to)),
            ("locator", text(locator)),
            ("subject", Value::object(whom)),
        ];
        wish.extend(extra);
        let made = rig.call("grant_manifest", vec![source, open(Value::object(wish))]).unwrap();
        assert_eq!(made, json!(gitops(&arguments).done()), "{role} {locator}");
    }
}

/// A value with the type that Terraform would give it.
fn open(value: Value) -> Value {
    let of = type_of(&value);
    Value::Dynamic(of, Box::new(value))
}

fn type_of(value: &Value) -> Type {
    match value {
        Value::Object(parts) => Type::object(parts.iter().map(|(name, part)| (name.clone(), type_of(part)))),
        Value::List(items) => Type::Tuple(items.iter().map(type_of).collect()),
        _ => Type::String,
    }
}

#[test]
fn what_is_wrong_with_a_manifest_names_the_field() {
    let mut rig = Rig::new(&[]);
    let role = open(Value::object([
        ("kind", text("ClusterRole")),
        ("metadata", object(&[("name", "viewer")])),
        (
            "rules",
            Value::List(vec![Value::object([
                ("apiGroups", Value::List(vec![text("")])),
                ("resources", Value::List(vec![text("pods")])),
                ("verbs", Value::List(vec![text("get")])),
            ])]),
        ),
    ]));
    let whole = [
        ("id", text("vpl5aqzpwnnqmnkrzze2")),
        ("created_at", text("2026-11-24T10:00:00Z")),
        ("expires_at", text("2026-11-24T14:00:00Z")),
        ("locator", text("pod / a / b")),
        ("subject", object(&[("kind", "User"), ("name", "alice")])),
    ];
    for (field, value, expected) in [
        ("id", text("x"), "`id`: "),
        ("created_at", text("today"), "`created_at`: "),
        ("expires_at", text("2026-11-24T10:00:00Z"), "would expire"),
        ("locator", text("pod / A / b"), "`locator`: "),
        ("locator", text("secret / a / b"), "gives nothing"),
        ("locator", text("widgets.example.com / a / b"), "add `kind`"),
        ("subject", object(&[("kind", "User"), ("name", "system:admin")]), "`subject`: "),
        ("subject", object(&[("kind", "Robot"), ("name", "x")]), "`subject`: "),
        ("reason", text("x"), "there is no `reason`"),
    ] {
        let mut wish: Vec<_> = whole.iter().filter(|(name, _)| *name != field).cloned().collect();
        wish.push((field, value));
        let error = rig.call("grant_manifest", vec![role.clone(), open(Value::object(wish))]).unwrap_err();
        assert!(error.contains(expected), "{field}: {error}");
    }
}

#[test]
fn roles_are_listed_with_what_keeps_them_from_being_asked_for() {
    let mut rig = Rig::new(&[]);
    let made = rig.make(&grant("listed", "alice"));
    ControlPlane::shared().admin().must_create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "reader", "namespace": "default"},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
    }));
    let seen = rig.look("p0_k8s_roles", &[("namespace", text("default"))]).unwrap();
    assert_eq!(entry(&seen["roles"], "name", "view")["withheld"], Json::Null);
    assert_eq!(entry(&seen["roles"], "name", "reader")["namespace"], "default");
    assert!(entry(&seen["roles"], "name", "system:node")["withheld"].is_string());
    let names: Vec<&Json> = seen["roles"].as_array().unwrap().iter().map(|role| &role["name"]).collect();
    assert!(!names.contains(&&json!(of(&made, "role_name"))), "{names:?}");
}

#[test]
fn grants_are_seen_with_what_is_wrong_with_them() {
    let mut rig = Rig::new(&[]);
    let whole = rig.make(&grant("whole", "anna"));
    let broken = rig.make(&grant("broken", "anna"));
    let path = format!("{RBAC}/clusterroles/{}", of(&broken, "role_name"));
    assert_eq!(ControlPlane::shared().admin().call("DELETE", &path).0, 200);
    let anna = ("subject", object(&[("name", "anna")]));
    for namespace in [None, Some("default")] {
        let mut asked = vec![anna.clone()];
        asked.extend(namespace.map(|namespace| ("namespace", text(namespace))));
        let seen = rig.look("p0_k8s_grants", &asked).unwrap();
        let one = entry(&seen["grants"], "id", &of(&whole, "id"));
        assert_eq!(
            (&one["live"], &one["expired"], &one["problem"]),
            (&json!(true), &json!(false), &Json::Null)
        );
        assert_eq!(one["managed_by"], "terraform-provider-p0");
        assert_eq!(one["selection"], "apps/deployments default/whole");
        assert_eq!(one["expires_at"], of(&whole, "expires_at"));
        assert_eq!(one["subset_sha256"], of(&whole, "subset_sha256"));
        let other = entry(&seen["grants"], "id", &of(&broken, "id"));
        assert_eq!(other["live"], false);
        assert!(other["problem"].as_str().unwrap().contains("role object is gone"), "{other}");
    }
    for (asked, count) in [
        (vec![anna.clone(), ("managed_by", text("p0-gitops"))], 0),
        (vec![anna.clone(), ("role", text("edit"))], 0),
        (vec![anna.clone(), ("namespace", text("kube-system"))], 0),
        (vec![anna, ("role", text("view")), ("include_expired", Value::Bool(false))], 2),
    ] {
        let seen = rig.look("p0_k8s_grants", &asked).unwrap();
        assert_eq!(seen["grants"].as_array().map(Vec::len), Some(count), "{asked:?}");
    }
}

#[test]
fn a_grant_of_git_is_seen_and_is_not_in_the_list() {
    let mut rig = Rig::new(&[]);
    let own = rig.make(&grant("own", "lena"));
    let arguments = ["generate", "--role", "view", "--locator", "pod / default / web", "--to", "lena"];
    let yaml = gitops(&arguments).done();
    for (status, body) in ControlPlane::shared().admin().sync(&[yaml]) {
        assert!(status < 300, "{body}");
    }
    let lena = [("subject", object(&[("name", "lena")]))];
    let seen = rig.look("p0_k8s_grants", &lena).unwrap();
    assert_eq!(seen["grants"].as_array().map(Vec::len), Some(2));
    assert_eq!(entry(&seen["grants"], "managed_by", "p0-gitops")["live"], true);
    let listed = rig.list(&lena, 10);
    let [(name, identity, state)] = listed.as_slice() else { panic!("{listed:?}") };
    assert!(name.contains("lena") && name.contains("apps/deployments default/own"), "{name}");
    assert_eq!(Some(identity), own.identity.as_ref());
    assert_eq!(state.attribute("rules"), own.state.attribute("rules"));
    assert_eq!(rig.list(&[], 1).len(), 1);
}
