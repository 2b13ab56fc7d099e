//! The policy commands, the examples of `examples/policy`, and the published schemas.
#![expect(clippy::unwrap_used, reason = "a program that does not start is a failed test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_p0-gitops"))
        .args(arguments)
        .current_dir(root())
        .env_remove("P0_REPO")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const FILES: [&str; 4] =
    ["--policy", "examples/policy/policy.yaml", "--identities", "examples/policy/identities.yaml"];

fn check(request: &[&str]) -> Output {
    run(&[&["policy", "check"], &FILES[..], request].concat())
}

#[test]
fn the_examples_fixtures_pass() {
    let output = run(&["policy", "test", "examples/policy/policy_test.yaml"]);
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn a_fixture_that_fails_is_shown_with_its_line_and_both_answers() {
    let folder = tempfile::tempdir().unwrap();
    let good = std::fs::read_to_string(root().join("examples/policy/policy.yaml")).unwrap();
    let changed = folder.path().join("policy.yaml");
    let looser = good.replace("- manager\n", "");
    std::fs::write(&changed, looser).unwrap();
    let output =
        run(&["policy", "test", "examples/policy/policy_test.yaml", "--policy", changed.to_str().unwrap()]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("policy_test.yaml:25: in the shop one's manager suffices"), "{told}");
    assert!(told.contains("  via\n  - manager\n  + none\n"), "{told}");
    assert!(told.ends_with(": 2 of 11 failed\n"), "{told}");
}

#[test]
fn a_decision_is_explained_with_every_rule_before_it() {
    let request = ["--requester", "alice", "--cluster", "prod-eu", "--role", "edit", "--reason", "OPS-7"];
    let output = check(&[&request[..], &["--locator", "configmap / shop / settings"]].concat());
    let told = text(&output.stdout);
    assert!(output.status.success(), "{told}{}", text(&output.stderr));
    for part in [
        "may be approved under the rule `shop`, for 1h; danger none",
        "catalogue: Kubernetes' own, built in, Kubernetes v1.36",
        "no-contractors-in-production  not-this  it is for members of `contractors`",
        "it is for members of `sre`; it is for roles `ClusterRole/view`",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("migration"), "rules after the answer are not told: {told}");
}

/// Pods with `exec` ask two of security; asking for `log` besides must not lead past them.
#[test]
fn a_wider_request_needs_the_approval_of_each_rule_that_holds_a_part() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("policy.yaml");
    let rules = "apiVersion: p0.dev/v1alpha1\nkind: Policy\nrules:\n\
        - {name: shells, requestor: any, resource: {k8s: {resources: [pods], subresources: [exec]}}, \
           approval: [reviewers: {persons: [dave, erin], count: 2}]}\n\
        - {name: rest, requestor: any, resource: any, approval: [manager]}\n";
    std::fs::write(&own, rules).unwrap();
    let told = |more: &[&str]| {
        let request =
            ["--requester", "alice", "--cluster", "prod-eu", "--role", "edit", "--locator", "pod / shop / a"];
        let files = ["--policy", own.to_str().unwrap(), FILES[2], FILES[3]];
        text(&run(&[&["policy", "check"], &files[..], &request, more].concat()).stdout)
    };
    let both = told(&["--subresource", "exec", "--subresource", "log"]);
    for part in
        ["under the rule `rest`", "And for a part, under the rule `shells`", "shells  also", "dave, erin"]
    {
        assert!(both.contains(part), "{part}: {both}");
    }
    assert!(told(&["--subresource", "exec"]).contains("under the rule `shells`, for"));
}

#[test]
fn a_refusal_ends_with_two_and_is_data_for_programs() {
    let request = ["--requester", "alice", "--cluster", "prod-eu", "--role", "edit", "-o", "json"];
    let output = check(&[&request[..], &["--locator", "secret / shop / s"]].concat());
    assert_eq!(output.status.code(), Some(2));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["answer"], &told["reasons"][0]["code"]), (&"refused".into(), &"denied".into()));
    assert_eq!(told["rules"][0]["verdict"], "denies");
}

#[test]
fn a_policy_that_does_not_parse_is_told_with_its_place_and_never_used() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("policy.yaml");
    std::fs::write(&broken, "apiVersion: p0.dev/v1alpha1\nkind: Policy\nrules:\n- {name: R}\n").unwrap();
    let output = run(&["policy", "check", "--policy", broken.to_str().unwrap(), FILES[2], FILES[3]]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("line 4, column "), "{}", text(&output.stderr));
}

#[test]
fn a_rule_for_a_resource_that_no_cluster_has_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("policy.yaml");
    let check = |word: &str, more: &[&str]| {
        let rule = format!(
            "{{name: r, requestor: any, resource: {{k8s: {{resources: ['{word}']}}}}, approval: [deny]}}"
        );
        std::fs::write(&own, format!("apiVersion: p0.dev/v1alpha1\nkind: Policy\nrules:\n- {rule}\n"))
            .unwrap();
        run(&[&["policy", "check", "--policy", own.to_str().unwrap(), FILES[2], FILES[3]], more].concat())
    };
    for word in ["secrets", "Secret", "deploy", "deployments.apps", "*.apps", "certificates.cert-manager.io"]
    {
        let output = check(word, &[]);
        assert!(output.status.success(), "{word}: {}", text(&output.stderr));
    }
    for (word, nearest) in [("deploymint", "deployments.apps"), ("deployments.core", "")] {
        let output = check(word, &[]);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{word}: {told}");
        assert!(told.contains(word) && told.contains(nearest), "{told}");
    }
    let catalogue = root().join("grant/data/kubernetes-1.36.yaml");
    let output = check("certificates.cert-manager.io", &["--catalogue", catalogue.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "the catalogue says what the cluster has");
}

#[test]
fn a_namespace_that_no_cluster_has_a_manager_who_is_gone_and_a_rule_that_never_answers_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (policy, persons) = (folder.path().join("policy.yaml"), folder.path().join("identities.yaml"));
    let rules = "apiVersion: p0.dev/v1alpha1\nkind: Policy\nrules:\n\
        - {name: shop, requestor: any, resource: {k8s: {namespaces: [defualt]}}, approval: [manager]}\n\
        - {name: late, requestor: {user: [dave]}, resource: {k8s: {namespaces: [defualt], names: [x]}}, approval: [deny]}\n";
    std::fs::write(&policy, rules).unwrap();
    let dave = "apiVersion: p0.dev/v1alpha1\nkind: Identities\npersons: [{name: dave, manager: gone}]\n";
    std::fs::write(&persons, dave).unwrap();
    let files = ["--policy", policy.to_str().unwrap(), "--identities", persons.to_str().unwrap()];
    let catalogue = root().join("grant/data/kubernetes-1.36.yaml");
    let with_catalogue = [&files[..], &["--catalogue", catalogue.to_str().unwrap()]].concat();
    let told = text(&run(&[&["policy", "check"], &with_catalogue[..]].concat()).stdout);
    for part in [
        "catalogue: ",
        "kubernetes-1.36.yaml",
        "the rule `shop` names the namespace `defualt`, and no such namespace exists; did you mean `default`?",
        "the rule `late` never answers: `shop` stands before it",
        "the manager of `dave` is `gone`",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let without = text(&run(&[&["policy", "check"], &files[..]].concat()).stdout);
    assert!(without.contains("built in") && !without.contains("namespace"), "{without}");
}

#[test]
fn whoever_is_named_and_gone_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let persons = folder.path().join("identities.yaml");
    std::fs::write(
        &persons,
        "apiVersion: p0.dev/v1alpha1\nkind: Identities\npersons: [{name: dave, groups: [sre]}]\n",
    )
    .unwrap();
    let output = run(&["policy", "check", FILES[0], FILES[1], "--identities", persons.to_str().unwrap()]);
    let told = text(&output.stdout);
    assert!(
        output.status.success() && told.contains("warning: the rule `rest` asks for 2 approvals"),
        "{told}"
    );
}

/// `docs/schemas` is made from the types: `P0_BLESS=1 cargo test -p p0-gitops --test policy` writes it.
#[test]
fn the_published_schemas_are_those_of_the_types() {
    let folder = root().join("docs/schemas");
    for (name, schema) in p0_access::schema::all() {
        let schema = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("P0_BLESS").is_some() {
            std::fs::write(folder.join(name), &schema).unwrap();
        }
        let published = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(published == schema, "docs/schemas/{name} is old; make it anew as CONTRIBUTING.md says");
    }
}

/// Every word that a file of the examples uses is in its schema, and every word of the schema can be read.
#[test]
fn schemas_and_readers_know_the_same_words() {
    let (_, schema) = p0_access::schema::all().into_iter().find(|(name, _)| *name == "policy.json").unwrap();
    let policy = serde_json::to_value(&schema).unwrap();
    let schema = policy.to_string();
    for word in keys(&root().join("examples/policy/policy.yaml")) {
        assert!(schema.contains(&format!("\"{word}\"")), "`{word}` is not in the schema");
    }
    let top = policy["properties"].as_object().unwrap();
    for word in top.keys() {
        let head = "apiVersion: p0.dev/v1alpha1\nkind: Policy\n";
        let text = if head.contains(word.as_str()) { head.to_owned() } else { format!("{head}{word}: 7\n") };
        let said = p0_access::policy::Policy::read(&text).map_err(|error| error.to_string());
        assert!(!said.is_err_and(|error| error.contains("unknown field")), "{word}");
    }
}

fn keys(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let words =
        lines.filter_map(|line| line.split_once(':').map(|(key, _)| key.trim_start_matches([' ', '-'])));
    words.map(str::to_owned).filter(|word| word.bytes().all(|byte| byte.is_ascii_alphanumeric())).collect()
}
