//! Bad input and bad servers: a diagnostic on the right attribute that says what to do, a state that tells the truth, and
//! never a secret.

use p0_tests::terraform::unwrapped;
use p0_tests::{ControlPlane, Fate, Proxy};
use serde_json::json;

use crate::world::{GRANT, TERMS, World, grant};

const FAR: &str = "expires_at = \"2099-01-01T00:00:00Z\"";

#[test]
fn what_cannot_be_granted_is_refused_in_the_plan_on_its_attribute() {
    let world = World::new();
    let usual = |from: &str, to: &str| format!("{}{FAR}", TERMS.replace(from, to));
    for (body, line, words) in [
        (usual("\"view\"", "\"vieww\""), "role", "view"),
        (usual("deployment /", "deploymnt /"), "locator", "deployment"),
        (
            usual("deployment / NAMESPACE / nginx", "serviceaccounts-of-nobody / NAMESPACE / x"),
            "locator",
            "serviceaccounts",
        ),
        (usual("deployment / NAMESPACE / nginx", "deployment / NAMESPACE"), "locator", "nam"),
        (usual("deployment / NAMESPACE / nginx", "certificatesigningrequest / x"), "", "rule"),
        (usual("alice@example.com", "system:masters"), "subject", "system:"),
        (TERMS.to_owned(), "", "expires_at"),
        (format!("{TERMS}{FAR}\nduration = \"1h\""), "", "duration"),
        (format!("{TERMS}{FAR}\nresource = {{ kind = \"Pod\" }}"), "", "resource"),
        (format!("{TERMS}expires_at = \"tomorrow\""), "expires_at", "2030-01-31T18:00:00Z"),
        (format!("{TERMS}duration = \"8 apples\""), "duration", "8 apples"),
        (format!("{TERMS}{FAR}\nlabels = {{ \"p0.dev/grant\" = \"x\" }}"), "labels", "p0.dev/"),
        (
            format!("{TERMS}{FAR}\nannotations = {{ \"rbac.authorization.k8s.io/autoupdate\" = \"x\" }}"),
            "annotations",
            "rbac.authorization.k8s.io/",
        ),
    ] {
        world.configure(&grant(&body));
        let plan = world.tool.plan(&[]).ended(1);
        let said = unwrapped(&plan.said);
        assert!(said.contains(words), "{body}: {said}");
        assert!(said.contains("on main.tf line"), "it points somewhere: {said}");
        // The line that it points at holds the attribute.
        assert!(line.is_empty() || said.contains(&format!(": {line}")), "`{line}` of {body}: {said}");
    }
}

#[test]
fn what_leads_to_every_right_is_refused_unless_it_is_allowed() {
    let world = World::new();
    let body = grant(&format!(
        r#"
        role    = {{ name = "cluster-admin" }}
        locator = "clusterroles / *"
        subject = {{ kind = "User", name = "alice@example.com" }}
        {FAR}
        "#
    ));
    world.configure(&body);
    let said = unwrapped(&world.tool.plan(&[]).ended(1).said);
    assert!(said.contains("allow_privileged"), "{said}");
    let allowed = "allow_privileged = [{ role = \"ClusterRole/cluster-admin\", resource = \"clusterroles.rbac.authorization.k8s.io\" }]";
    world.configure_with(allowed, &body);
    let plan = world.tool.plan(&[]).ended(2);
    assert!(plan.said.contains("Warning"), "allowed, and still said: {}", plan.said);
}

#[test]
fn a_server_that_says_no_is_quoted_with_what_to_do() {
    let world = World::new();
    let body = grant(&format!("{TERMS}{FAR}").replace("NAMESPACE", &world.namespace));
    let provider = |host: &str, token: &str, rest: &str| {
        world.tool.configure(&format!(
            "provider \"p0\" {{\n  host = \"{host}\"\n  token = \"{token}\"\n  {rest}\n}}\n{body}"
        ));
    };
    let plane = ControlPlane::shared();
    // A token that no user has.
    provider(&world.proxy.url(), "no-such-token", "");
    let said = unwrapped(&world.tool.plan(&[]).ended(1).said);
    assert!(said.contains("401") || said.contains("Unauthorized") || said.contains("redentials"), "{said}");
    assert!(!said.contains("no-such-token"), "a secret is not repeated: {said}");
    // A user who may not read the role.
    provider(&world.proxy.url(), "stranger-token", "");
    let said = unwrapped(&world.tool.plan(&[]).ended(1).said);
    assert!(said.contains("stranger") && said.contains("get") && said.contains("clusterroles"), "{said}");
    // No server there.
    provider("http://127.0.0.1:9", plane.token(), "request_timeout = \"2s\"");
    let said = unwrapped(&world.tool.plan(&[]).ended(1).said);
    assert!(said.contains("127.0.0.1:9"), "{said}");
    // A certificate that no authority of the configuration has signed, and then one that is trusted.
    provider(&plane.url(), plane.token(), "");
    let said = unwrapped(&world.tool.plan(&[]).ended(1).said);
    assert!(said.contains("certificate"), "{said}");
    world.tool.file("ca.crt", &plane.certificate());
    provider(&plane.url(), plane.token(), "cluster_ca_certificate = file(\"ca.crt\")");
    world.tool.plan(&[]).ended(2);
}

#[test]
fn values_that_no_server_takes_are_told_and_give_nothing() {
    let world = World::new();
    let long = |length: usize| format!("join(\"\", [for _ in range({length}) : \"x\"])");
    for rest in [
        format!("reason = {}", long(1_000_000)),
        format!("annotations = {{ \"example.com/note\" = {} }}", long(1_000_000)),
        format!("labels = {{ \"example.com/team\" = {} }}", long(64)),
        "labels = { \"not a key!\" = \"x\" }".to_owned(),
    ] {
        world.grant(&format!("{FAR}\n{rest}"));
        let said = unwrapped(&world.tool.apply().ended(1));
        assert!(said.contains("Error:") && said.len() < 10_000, "{rest}: {said}");
        assert!(!world.may("get", "apps/deployments", "nginx"));
    }
    world.grant(FAR);
    world.tool.apply().done();
    world.tool.destroy().done();
}

#[test]
fn a_kind_of_two_groups_has_to_be_said_in_full() {
    let world = World::new();
    let plane = ControlPlane::start();
    for group in ["one.example.com", "two.example.com"] {
        plane.admin().must_create(&json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": { "name": format!("widgets.{group}") },
            "spec": {
                "group": group, "scope": "Namespaced",
                "names": { "plural": "widgets", "singular": "widget", "kind": "Widget" },
                "versions": [{
                    "name": "v1", "served": true, "storage": true,
                    "schema": { "openAPIV3Schema": { "type": "object" } },
                }],
            },
        }));
    }
    plane.admin().must_create(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
        "metadata": { "name": "widgets" },
        "rules": [{ "apiGroups": ["one.example.com"], "resources": ["widgets"], "verbs": ["get"] }],
    }));
    let configure = |kind: &str| {
        let terms = TERMS.replace("\"view\"", "\"widgets\"").replace("deployment /", &format!("{kind} /"));
        world.tool.configure(&format!(
            "provider \"p0\" {{\n  host = \"{}\"\n  token = \"{}\"\n  insecure = true\n}}\n{}",
            plane.url(),
            plane.token(),
            grant(&format!("{terms}{FAR}").replace("NAMESPACE", "default")),
        ));
    };
    configure("widget");
    p0_tests::eventually("both kinds are served", || {
        unwrapped(&world.tool.plan(&[]).said).contains("An ambiguous kind")
    });
    let said = unwrapped(&world.tool.plan(&[]).ended(1).said);
    assert!(said.contains("widgets.one.example.com") && said.contains("widgets.two.example.com"), "{said}");
    configure("widgets.one.example.com");
    world.tool.apply().done();
    world.tool.destroy().done();
}

#[test]
fn a_webhook_that_denies_leaves_nothing_that_grants() {
    let world = World::new();
    world.grant(FAR);
    world.proxy.judge(|asked| match asked.writes() && asked.path.contains("rolebindings") {
        true => Fate::Denied("not on a Friday"),
        false => Fate::Served,
    });
    let said = unwrapped(&world.tool.apply().ended(1));
    assert!(said.contains("not on a Friday"), "{said}");
    assert!(!world.may("get", "apps/deployments", "nginx"));
    world.proxy.judge(|_| Fate::Served);
    world.tool.apply().done();
    world.tool.plan(&[]).ended(0);
    world.tool.destroy().done();
}

#[test]
fn what_can_be_tried_again_is_and_nothing_is_made_twice() {
    for fate in [Fate::Refused(429, Some(0)), Fate::LostAnswer] {
        let world = World::new();
        world.grant(FAR);
        let mut kinds = vec!["clusterroles", "rolebindings"];
        let told = fate.clone();
        world.proxy.judge(move |asked| {
            let meets = kinds.iter().position(|kind| asked.method == "POST" && asked.path.contains(kind));
            match meets {
                Some(index) => {
                    kinds.remove(index);
                    told.clone()
                }
                None => Fate::Served,
            }
        });
        world.tool.apply().done();
        world.tool.plan(&[]).ended(0);
        let id = world.state()["id"].as_str().expect("an id").to_owned();
        assert_eq!(world.objects(&id).len(), 2, "{fate:?}");
        world.tool.destroy().done();
        assert!(world.objects(&id).is_empty());
    }
}

#[test]
fn an_error_while_reading_is_not_taken_for_gone() {
    let world = World::new();
    world.grant(FAR);
    world.tool.apply().done();
    world.proxy.judge(|asked| match asked.path.contains("rolebindings") {
        true => Fate::Refused(403, None),
        false => Fate::Served,
    });
    world.tool.plan(&[]).ended(1);
    assert_eq!(world.state()["active"], true);
    world.proxy.judge(|_| Fate::Served);
    world.tool.plan(&[]).ended(0);
}

#[test]
fn another_cluster_than_the_state_s_is_noticed() {
    let world = World::new();
    world.grant(FAR);
    world.tool.apply().done();
    let (other, token) = (ControlPlane::start(), ControlPlane::shared().token());
    let proxy = Proxy::start(&other);
    world.tool.configure(&format!(
        "provider \"p0\" {{\n  host = \"{}\"\n  token = \"{token}\"\n}}\n{}",
        proxy.url(),
        grant(&format!("{TERMS}{FAR}").replace("NAMESPACE", &world.namespace)),
    ));
    let said = unwrapped(&world.tool.plan(&[]).ended(1).said);
    assert!(said.contains("another cluster"), "{said}");
    assert!(proxy.asked().iter().all(|asked| !asked.writes()));
}

#[test]
fn contradictory_settings_name_their_attributes() {
    let world = World::new();
    let body = grant(&format!("{TERMS}{FAR}").replace("NAMESPACE", &world.namespace));
    for (provider, words) in [
        ("token = \"t\"", "host"),
        ("host = \"https://127.0.0.1:1\"\nconfig_path = \"k\"", "kubeconfig"),
        ("config_path = \"no-such-file\"", "no-such-file"),
        (
            "host = \"https://127.0.0.1:1\"\ninsecure = true\ncluster_ca_certificate = \"x\"",
            "cluster_ca_certificate",
        ),
        ("host = \"https://127.0.0.1:1\"\nclient_certificate = \"x\"", "client_key"),
        ("host = \"not a url\"", "host"),
    ] {
        world.tool.configure(&format!("provider \"p0\" {{\n{provider}\n}}\n{body}"));
        let said = unwrapped(&world.tool.plan(&[]).ended(1).said);
        assert!(said.contains(words), "{provider}: {said}");
    }
}

#[test]
fn the_state_of_a_later_version_is_refused_and_an_odd_one_is_read() {
    let world = World::new();
    world.grant(FAR);
    world.tool.apply().done();
    let text = world.tool.state_text();
    let mut state: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let instance = &mut state["resources"][0]["instances"][0];
    instance["attributes"]["of_another_version"] = json!({ "x": 1 });
    instance["attributes"].as_object_mut().expect("attributes").remove("drift");
    world.tool.file("terraform.tfstate", &state.to_string());
    assert_ne!(world.tool.plan(&[]).code, 1, "dropped and filled in");
    state["resources"][0]["instances"][0]["schema_version"] = json!(99);
    world.tool.file("terraform.tfstate", &state.to_string());
    world.tool.plan(&[]).ended(1);
    world.tool.file("terraform.tfstate", &text);
    world.tool.plan(&[]).ended(0);
    assert_eq!(world.state()["id"], world.tool.state_of(GRANT)["id"]);
}
