//! Every row of the schema table: what is changed in place, what makes another grant, what is not known yet.

use p0_tests::terraform::{Tool, unwrapped};
use serde_json::Value;

use crate::world::{GRANT, TERMS, World, grant};

/// Creates the usual grant with a far end and `rest`.
fn terms(world: &World, rest: &str) {
    world.grant(&format!("expires_at = \"2099-01-01T00:00:00Z\"\n{rest}"));
}

#[test]
fn both_tools_create_show_keep_and_destroy() {
    for tool in Tool::BOTH {
        let world = World::with(tool);
        terms(&world, "");
        let plan = world.tool.plan(&[]).ended(2);
        assert_eq!(plan.actions(GRANT), ["create"]);
        let planned = plan.after(GRANT);
        world.tool.apply_plan().done();
        let state = world.state();
        assert_eq!(state["rules"], planned["rules"], "{tool:?}: the plan showed what was granted");
        assert_eq!((&state["active"], &state["drift"]), (&true.into(), &serde_json::json!([])));
        assert_eq!(state["selection"], format!("apps/deployments {}/nginx", world.namespace));
        agrees_with_the_server(&world, &planned["rules"]);
        world.tool.plan(&[]).ended(0);
        let id = state["id"].as_str().expect("an id").to_owned();
        assert_eq!(world.objects(&id).len(), 2);
        world.tool.destroy().done();
        assert!(world.objects(&id).is_empty());
        agrees_with_the_server(&world, &Value::Array(Vec::new()));
    }
}

/// SubjectAccessReviews say what `rules` say, and nothing else.
pub(crate) fn agrees_with_the_server(world: &World, rules: &Value) {
    let mut asked = Vec::new();
    for verb in ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"] {
        for resource in ["apps/deployments", "apps/deployments:scale", "pods", "secrets"] {
            asked.extend(["nginx", "other", ""].map(|name| (verb, resource, name)));
        }
    }
    for (asked, may) in asked.iter().zip(world.may_each(&asked)) {
        assert_eq!(may, allow(rules, asked), "{asked:?}");
    }
}

/// Whether rules of a state allow a verb on a resource (`group/plural:subresource`) of a name.
fn allow(rules: &Value, (verb, resource, name): &(&str, &str, &str)) -> bool {
    let (group, plural) = resource.split_once('/').unwrap_or(("", resource));
    let has = |list: &Value, word: &str| list.as_array().expect("a list").iter().any(|item| item == word);
    rules.as_array().expect("rules").iter().any(|rule| {
        let names = &rule["resource_names"];
        has(&rule["verbs"], verb)
            && has(&rule["api_groups"], group)
            && has(&rule["resources"], &plural.replace(':', "/"))
            && (names.as_array().is_none_or(Vec::is_empty) || has(names, name))
    })
}

#[test]
fn each_input_is_changed_in_place_or_makes_another_grant() {
    let world = World::new();
    terms(&world, "");
    world.tool.apply().done();
    let usual = |from: &str, to: &str| {
        grant(&format!("{}expires_at = \"2099-01-01T00:00:00Z\"", TERMS.replace(from, to)))
    };
    let with = |rest: &str| grant(&format!("{TERMS}expires_at = \"2099-01-01T00:00:00Z\"\n{rest}"));
    let (in_place, another) = (&["update"][..], &["delete", "create"][..]);
    for (body, actions) in [
        (with("reason = \"incident 7\""), in_place),
        (with("annotations = { \"example.com/ticket\" = \"7\" }"), in_place),
        (with("labels = { \"example.com/team\" = \"blue\" }"), in_place),
        (with("timeouts = { create = \"2m\" }"), in_place),
        (with("subresources = [\"status\"]"), in_place),
        (usual("deployment / NAMESPACE", "deployments.apps / NAMESPACE"), in_place),
        (
            grant(
                r#"
                role       = { name = "view" }
                resource   = { kind = "Deployment", namespace = "NAMESPACE", name = "nginx" }
                subject    = { kind = "User", name = "alice@example.com" }
                expires_at = "2099-01-01T00:00:00Z"
                "#,
            ),
            in_place,
        ),
        (usual("/ nginx", "/ other"), another),
        (usual("\"view\"", "\"edit\""), another),
        (usual("alice@", "bob@"), another),
    ] {
        let before = world.state()["id"].clone();
        world.configure(&body);
        let plan = world.tool.plan(&[]).ended(2);
        assert_eq!(plan.actions(GRANT), actions, "{body}\n{}", plan.said);
        world.tool.apply_plan().done();
        assert_eq!(world.state()["id"] == before, actions == in_place, "{body}");
        assert_eq!(world.tool.plan(&[]).code, 0, "{body}: nothing is left to do");
    }
}

#[test]
fn the_same_selection_in_other_words_is_nothing_to_do() {
    for tool in Tool::BOTH {
        let world = World::with(tool);
        terms(&world, "");
        world.tool.apply().done();
        let id = world.state()["id"].as_str().expect("an id").to_owned();
        for locator in ["deployments.apps / NAMESPACE", "deploy / NAMESPACE"] {
            let body = TERMS.replace("deployment / NAMESPACE", locator);
            world.configure(&grant(&format!("{body}expires_at = \"2099-01-01T00:00:00Z\"")));
            world.tool.plan(&[]).ended(0);
        }
        // An import says what is selected in full, and a shorter spelling makes no change either.
        world.tool.run(&["state", "rm", GRANT]).done();
        world.tool.run(&["import", GRANT, &id]).done();
        world.tool.plan(&[]).ended(0);
        world.tool.destroy().done();
    }
}

#[test]
fn what_is_not_known_yet_is_granted_when_it_is() {
    for tool in Tool::BOTH {
        let world = World::with(tool);
        let body = r#"
            resource "terraform_data" "name" {
              input = "nginx"
            }
        "#;
        let later = TERMS.replace("/ nginx", "/ ${terraform_data.name.output}");
        world.configure(&format!("{body}{}", grant(&format!("{later}duration = \"1h\""))));
        let plan = world.tool.plan(&[]).ended(2);
        assert_eq!(plan.unknown(GRANT)["rules"], true, "{}", plan.said);
        world.tool.apply_plan().done();
        assert!(
            world.may("get", "apps/deployments", "nginx") && !world.may("get", "apps/deployments", "other")
        );
        world.tool.plan(&[]).ended(0);
        world.tool.destroy().done();
    }
}

#[test]
fn a_provider_whose_settings_are_not_known_yet_asks_no_other_cluster() {
    let world = World::new();
    let token = p0_tests::ControlPlane::shared().token();
    world.tool.configure(&format!(
        "resource \"terraform_data\" \"host\" {{\n  input = \"{}\"\n}}\nprovider \"p0\" {{\n  host = terraform_data.host.output\n  token = \"{token}\"\n}}\n{}",
        world.proxy.url(),
        grant(&format!("{TERMS}duration = \"1h\"").replace("NAMESPACE", &world.namespace)),
    ));
    let plan = world.tool.plan(&[]).ended(2);
    assert_eq!(plan.unknown(GRANT)["rules"], true, "{}", plan.said);
    assert!(world.proxy.asked().is_empty(), "nothing was asked");
    world.tool.apply_plan().done();
    assert!(world.may("get", "apps/deployments", "nginx"));
    // Now it exists, and a plan that would have to read it from an unknown cluster says so.
    world.tool.run(&["taint", "terraform_data.host"]).done();
    let plan = world.tool.plan(&[]).ended(1);
    let said = unwrapped(&plan.said);
    assert!(said.contains("host") && said.contains("-refresh=false") && said.contains("-target"), "{said}");
}

#[test]
fn a_hundred_at_once_are_small_in_the_state() {
    let world = World::new();
    let body = TERMS.replace("/ nginx", "/ nginx-${count.index}");
    world.configure(&grant(&format!("count = 100\n{body}expires_at = \"2099-01-01T00:00:00Z\"")));
    world.tool.run(&["apply", "-auto-approve", "-parallelism=100"]).done();
    let size = world.tool.state_text().len();
    assert!(size <= 100 * 2_560, "{} bytes of state for a grant", size / 100);
    world.tool.plan(&[]).ended(0);
    world.tool.destroy().done();
    let left = "/apis/rbac.authorization.k8s.io/v1/namespaces/NAMESPACE/rolebindings"
        .replace("NAMESPACE", &world.namespace);
    assert_eq!(world.api().call("GET", &left).1["items"].as_array().map(Vec::len), Some(0));
}

#[test]
fn a_grant_is_imported_by_its_id_and_by_its_identity() {
    for tool in Tool::BOTH {
        let world = World::with(tool);
        // In full, as an import says it: the spelling of the configuration is not in the cluster.
        let terms = TERMS.replace("deployment /", "deployments.apps /");
        world.configure(&grant(&format!("{terms}expires_at = \"2099-01-01T00:00:00Z\"")));
        world.tool.apply().done();
        let id = world.state()["id"].as_str().expect("an id").to_owned();
        world.tool.run(&["state", "rm", GRANT]).done();
        world.tool.run(&["import", GRANT, &id]).done();
        world.tool.plan(&[]).ended(0);
        world.tool.run(&["state", "rm", GRANT]).done();
        let namespace = &world.namespace;
        world.tool.run(&["import", GRANT, &format!("{namespace}/{id}")]).done();
        world.tool.plan(&[]).ended(0);
        world.tool.run(&["state", "rm", GRANT]).done();
        let import = format!("import {{\n  to = {GRANT}\n  identity = {{ id = \"{id}\" }}\n}}\n");
        world.tool.file("import.tf", &import);
        let plan = world.tool.plan(&[]);
        assert_eq!(plan.actions(GRANT), ["no-op"], "{tool:?}: {}", plan.said);
        world.tool.apply_plan().done();
        assert_eq!(world.state()["id"], *id);
    }
}
