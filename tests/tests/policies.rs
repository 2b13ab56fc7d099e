//! Policies held to a real repository: grants that live, and grants that landed.

use p0_tests::program::{Run, run};
use p0_tests::site::{CLUSTER, NOW, Site};
use p0_tests::team::{Team, request_for};

const POLICY: &str = "apiVersion: p0.dev/v1alpha1\nkind: Policy\nrules:\n\
    - {name: no-contractors, requestor: {group: {names: [contractors]}}, resource: any, approval: [deny]}\n\
    - {name: reviewed, requestor: any, resource: any, approval: [reviewers: {persons: [carol]}]}\n";

const PERSONS: &str = "apiVersion: p0.dev/v1alpha1\nkind: Identities\npersons:\n\
    - {name: alice, kubernetes: [alice@example.com]}\n- {name: carol, kubernetes: [carol@example.com]}\n\
    - {name: erin, kubernetes: [erin@example.com], groups: [contractors]}\n";

const ALICE: &str = "alice000000000000000";
const UNSEEN: &str = "unseen00000000000000";
const ERIN: &str = "erin0000000000000000";

/// Three grants: one as the policy grants it, one without an approval, one for a contractor.
fn site() -> Site {
    let site = Site::new(None);
    std::fs::write(site.beside("policy.yaml"), POLICY).expect("a policy");
    std::fs::write(site.beside("identities.yaml"), PERSONS).expect("persons");
    let what = ["--role", "view", "--locator", "deploy / default / web", "--duration", "2h"];
    for (id, who, approvers) in [
        (ALICE, "alice", &["--approver", "carol"][..]),
        (UNSEEN, "alice", &[]),
        (ERIN, "erin", &["--approver", "carol"]),
    ] {
        let subject = format!("{who}@example.com");
        let whom = ["--requester", who, "--to", subject.as_str()];
        site.propose(id, &[&what[..], &whom, approvers].concat()).done();
        site.merge(id).done();
    }
    site
}

fn policy(site: &Site, arguments: &[&str], now: &str) -> Run {
    let text = |name: &str| site.beside(name).to_str().expect("a path in UTF-8").to_owned();
    let repository = site.repository();
    let (policy, identities) = (text("policy.yaml"), text("identities.yaml"));
    let place = [
        "--repo",
        repository.to_str().expect("a path in UTF-8"),
        "--policy",
        &policy,
        "--identities",
        &identities,
    ];
    run(&[&["policy"], arguments, &place, &["--now", now, "-o", "json"]].concat())
}

/// Id, what is said now, and the first reason.
fn rows(rows: &serde_json::Value) -> Vec<(String, String, String)> {
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let rows = rows.as_array().expect("rows").iter();
    let mut rows: Vec<_> =
        rows.map(|row| (word(&row["id"]), word(&row["now"]), word(&row["reasons"][0]))).collect();
    rows.sort();
    rows
}

#[test]
fn live_grants_that_are_no_longer_allowed_are_listed_until_they_end() {
    let site = site();
    let found = policy(&site, &["check", "--live"], NOW);
    assert_eq!(found.code, 2, "{}", found.err);
    let told = rows(&serde_json::from_str(&found.out).expect("JSON"));
    let said: Vec<(&str, &str)> = told.iter().map(|(id, now, _)| (id.as_str(), now.as_str())).collect();
    assert_eq!(said, [(ERIN, "refused"), (UNSEEN, "lacks")]);
    assert_eq!(told[0].2, "the rule `no-contractors` denies it");
    // A person who leaves the file could not ask again.
    let fewer = PERSONS.replace("- {name: alice, kubernetes: [alice@example.com]}\n", "");
    std::fs::write(site.beside("identities.yaml"), fewer).expect("persons");
    let found = policy(&site, &["check", "--live"], NOW);
    assert_eq!(rows(&serde_json::from_str(&found.out).expect("JSON")).len(), 3);
    let later = policy(&site, &["check", "--live"], "2026-11-24T13:00:00Z");
    assert_eq!((later.code, later.out.trim()), (0, "[]"));
}

#[test]
fn the_past_is_held_to_a_policy_of_today() {
    let site = site();
    site.revert(ERIN).done();
    let later = "2026-12-01T10:00:00Z";
    let found = policy(&site, &["replay", "--since", "30d", "--all"], later);
    assert_eq!(found.code, 2, "{}", found.err);
    let answer: serde_json::Value = serde_json::from_str(&found.out).expect("JSON");
    let told = rows(&answer["rows"]);
    let said: Vec<(&str, &str)> = told.iter().map(|(id, now, _)| (id.as_str(), now.as_str())).collect();
    assert_eq!(said, [(ALICE, "other-rule"), (ERIN, "refused"), (UNSEEN, "lacks")]);
    assert_eq!((&answer["grants"], &answer["counts"]["refused"]), (&3.into(), &1.into()));
    assert_eq!(answer["rows"][0]["cluster"], CLUSTER);
    let before = policy(&site, &["replay", "--since", "1d"], later);
    assert!(before.code == 0 && before.out.contains("\"grants\": 0"), "{}", before.out);
}

/// A misspelt or unknown resource in a deny rule denies, for who asks and for the verifier, until a catalogue has it.
#[test]
fn a_deny_rule_whose_resource_no_catalogue_has_denies() {
    let rules = |word: &str| {
        format!(
            "rules:\n\
             - {{name: careful, requestor: any, resource: {{k8s: {{resources: ['{word}'], namespaces: [default]}}}}, approval: [deny]}}\n\
             - {{name: reviewed, requestor: any, resource: any, approval: [reviewers: {{persons: [bob]}}]}}\n"
        )
    };
    let team = Team::new(&rules("secrets"));
    let asks = |name: &str| {
        let locator = format!("deployment / default / {name}");
        team.acts("alice", NOW, &[&request_for(&locator)[..], &["--reason", "why"]].concat())
    };
    asks("first").done();
    team.policy(&rules("deploymint"));
    let told = asks("second").ended(2);
    assert!(told.contains("deploymint") && told.contains("deployments.apps"), "{told}");
    team.policy(&rules("certificates.cert-manager.io"));
    asks("second").ended(2);
    // The catalogue of any cluster that has the resource resolves the rule.
    let catalogue = include_str!("../../grant/data/kubernetes-1.36.yaml").replace(
        "resources:\n",
        "resources:\n- {group: cert-manager.io, plural: certificates, kind: Certificate, scope: Namespaced}\n",
    );
    team.publish(&format!("clusters/{CLUSTER}/catalogue.yaml"), &catalogue);
    asks("third").done();
}
