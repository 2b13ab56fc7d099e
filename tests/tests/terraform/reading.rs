//! What only looks: data sources, functions, the list; and the ephemeral token.

use p0_tests::terraform::{Running, Tool, unwrapped};
use p0_tests::{ControlPlane, eventually};
use serde_json::{Value, json};

use crate::world::{GRANT, TERMS, World, grant};

const FAR: &str = "expires_at = \"2099-01-01T00:00:00Z\"";

#[test]
fn data_sources_say_what_may_be_asked_for_what_it_gives_and_what_is_live() {
    for tool in Tool::BOTH {
        let world = World::with(tool);
        let data = r#"
            data "p0_k8s_roles" "all" {}
            data "p0_k8s_role_subset" "nginx" {
              role    = { name = "view" }
              locator = "deployment / NAMESPACE / nginx"
            }
            data "p0_k8s_grants" "all" {
              depends_on = [p0_k8s_grant.this]
            }
            output "subset" { value = data.p0_k8s_role_subset.nginx }
            output "roles"  { value = data.p0_k8s_roles.all }
            output "grants" { value = data.p0_k8s_grants.all.grants }
        "#;
        world.configure(&format!("{}{data}", grant(&format!("{TERMS}{FAR}"))));
        world.tool.apply().done();
        let state = world.state();
        let subset = world.tool.output("subset");
        assert_eq!((&subset["rules"], &subset["sha256"]), (&state["rules"], &state["subset_sha256"]));
        assert!(subset["yaml"].as_str().is_some_and(|yaml| yaml.contains("resourceNames")), "{subset}");
        assert!(world.tool.output("roles").to_string().contains("cluster-admin"));
        let grants = world.tool.output("grants");
        let ours = grants.as_array().expect("a list").iter().find(|each| each["id"] == state["id"]);
        assert!(ours.is_some_and(|ours| ours["live"] == true && ours["expired"] == false), "{grants}");
        world.tool.destroy().done();
    }
}

/// Calls of functions, and what they give.
const CALLS: [(&str, &str); 2] = [
    ("provider::p0::parse_locator(\"deploy / default / nginx\").resource", "deployments"),
    (
        "provider::p0::subset_rules({ apiVersion = \"rbac.authorization.k8s.io/v1\", kind = \"ClusterRole\", metadata = { name = \"r\" }, rules = [{ apiGroups = [\"apps\"], resources = [\"deployments\"], verbs = [\"get\"] }] }, \"deployment / default / nginx\", null).rules[0].resource_names[0]",
        "nginx",
    ),
];

#[test]
fn functions_answer_in_terraform_s_console() {
    // OpenTofu has ended its providers by the time that its console calls a function of theirs.
    let world = World::new();
    world.configure("");
    let ask = |line: &str| world.tool.run_with_input(&["console"], &format!("{line}\n"));
    for (call, expected) in CALLS {
        assert_eq!(ask(call).done().trim(), format!("\"{expected}\""));
    }
    let run = ask("provider::p0::parse_locator(\"nonsense\")");
    assert!(unwrapped(&(run.out + &run.err)).contains("Error"));
}

#[test]
fn functions_answer_in_a_configuration_and_ask_no_cluster() {
    for tool in Tool::BOTH {
        let world = World::with(tool);
        let output = |(index, (call, _)): (usize, &(&str, &str))| {
            format!("output \"of_{index}\" {{\n  value = {call}\n}}\n")
        };
        world.configure(&CALLS.iter().enumerate().map(output).collect::<String>());
        world.tool.apply().done();
        for (index, (call, expected)) in CALLS.iter().enumerate() {
            assert_eq!(world.tool.output(&format!("of_{index}")), *expected, "{tool:?}: {call}");
        }
        assert!(world.proxy.asked().is_empty(), "functions know no cluster");
    }
}

#[test]
fn terraform_lists_grants_that_no_state_knows() {
    let world = World::new();
    world.grant(FAR);
    world.tool.apply().done();
    let id = world.state()["id"].as_str().expect("an id").to_owned();
    world.tool.run(&["state", "rm", GRANT]).done();
    let list = format!(
        "list \"p0_k8s_grant\" \"all\" {{\n  provider = p0\n  config {{\n    namespace = \"{}\"\n  }}\n}}\n",
        world.namespace
    );
    world.tool.file("all.tfquery.hcl", &list);
    let said = world.tool.run(&["query"]).done();
    assert!(said.contains(&id), "{said}");
}

/// A run that opens a token, writes it to a file, and waits at a gate.
fn with_token(world: &World) -> (Running, String) {
    let gate = world.tool.path("gate");
    let made = std::process::Command::new("mkfifo").arg(&gate).status();
    assert!(made.expect("mkfifo is installed (coreutils)").success());
    let body = r#"
        ephemeral "p0_k8s_token" "reader" {
          role      = { name = "view" }
          locator   = "deployment / NAMESPACE / nginx"
          namespace = "NAMESPACE"
          ttl       = "10m"
        }
        resource "terraform_data" "job" {
          provisioner "local-exec" {
            environment = { TOKEN = ephemeral.p0_k8s_token.reader.token }
            command     = "printf %s \"$TOKEN\" > half && mv half token && cat gate"
          }
        }
    "#;
    world.configure(body);
    let run = world.tool.start(&["apply", "-auto-approve"]);
    let file = world.tool.path("token");
    let mut token = String::new();
    eventually("the token", || {
        token = std::fs::read_to_string(&file).unwrap_or_default();
        !token.is_empty()
    });
    (run, token)
}

/// What of the token's is in the world's namespace.
fn left(world: &World) -> usize {
    let count = |path: &str| world.api().call("GET", path).1["items"].as_array().map_or(0, Vec::len);
    let accounts = format!("/api/v1/namespaces/{}/serviceaccounts", world.namespace);
    let bindings = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings", world.namespace);
    count(&accounts) + count(&bindings)
}

fn may(world: &World, token: &str, path: &str) -> u16 {
    let bearer = ControlPlane::shared().with_token(token);
    bearer.get(&path.replace("NAMESPACE", &world.namespace))
}

const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/NAMESPACE/deployments/nginx";

#[test]
fn a_token_may_what_it_is_for_and_dies_with_the_run() {
    for tool in Tool::BOTH {
        let world = World::with(tool);
        let (run, token) = with_token(&world);
        assert_eq!(may(&world, &token, DEPLOYMENT), 404, "allowed, and not there");
        assert_eq!(may(&world, &token, "/api/v1/namespaces/NAMESPACE/secrets"), 403);
        std::fs::write(world.tool.path("gate"), "open").expect("somebody reads");
        let run = run.wait();
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        assert_eq!(left(&world), 0);
        eventually("the server's own memory of the token ends", || may(&world, &token, DEPLOYMENT) == 401);
        assert!(!world.tool.state_text().contains(&token), "never in the state");
    }
}

#[test]
fn a_token_dies_with_ctrl_c_and_with_a_killed_tool() {
    for (how, end) in [("Ctrl-C", Running::interrupt as fn(&Running)), ("kill -9", Running::kill)] {
        let world = World::new();
        let (run, token) = with_token(&world);
        end(&run);
        drop(run.wait());
        eventually(&format!("the end of the lease after {how}"), || left(&world) == 0);
        eventually("the server's own memory of the token ends", || may(&world, &token, DEPLOYMENT) == 401);
    }
}

#[test]
fn the_manifest_of_the_function_is_the_one_of_the_command_line() {
    let world = World::new();
    let grant = r#"{ id = "vpl5aqzpwnnqmnkrzze2", created_at = "2026-11-24T10:00:00Z", expires_at = "2026-11-24T14:00:00Z", locator = "deployment / default / nginx", subject = { kind = "User", name = "alice@example.com" } }"#;
    let role = r#"{ apiVersion = "rbac.authorization.k8s.io/v1", kind = "ClusterRole", metadata = { name = "deployer" }, rules = [{ apiGroups = ["apps"], resources = ["deployments"], verbs = ["get", "patch"] }] }"#;
    world.configure(&format!(
        "output \"yaml\" {{\n  value = provider::p0::grant_manifest({role}, {grant})\n}}\n"
    ));
    world.tool.apply().done();
    let yaml = world.tool.output("yaml");
    let documents =
        p0_grant::yaml::read_all::<Value>(yaml.as_str().expect("a text"), p0_grant::yaml::Limits::FILE)
            .expect("YAML");
    assert_eq!(
        documents[0]["rules"],
        json!([{ "apiGroups": ["apps"], "resourceNames": ["nginx"], "resources": ["deployments"], "verbs": ["get", "patch"] }])
    );
}
