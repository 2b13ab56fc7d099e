use p0_grant::catalogue::Catalogue;
use p0_grant::plan::Settings;

use super::*;
use crate::identity::Identities;
use crate::policy::Policy;

const POLICY: &str = "apiVersion: p0.dev/v1alpha1\nkind: Policy\ntrustedGroups: [leads, nobody]\nrules:\n\
    - {name: no-secrets, requestor: any, resource: {k8s: {resources: [secrets]}}, approval: [deny]}\n\
    - {name: look, requestor: {user: [alice, gone]}, resource: {k8s: {roles: [ClusterRole/view]}}, approval: [auto: {schedules: [P1]}, manager]}\n\
    - {name: rest, requestor: any, resource: any, approval: [reviewers: {groups: [leads, nobody], count: 2}]}\n";

const PERSONS: &str = "apiVersion: p0.dev/v1alpha1\nkind: Identities\npersons:\n\
    - {name: alice, kubernetes: [alice@x], manager: bob}\n- {name: bob, kubernetes: [bob@x], groups: [leads]}\n";

fn run(cases: &str) -> Result<Vec<CaseResult>, String> {
    let text = format!("apiVersion: p0.dev/v1alpha1\nkind: PolicyTest\ntests:\n{cases}");
    let suite = Suite::read(&text).map_err(|error| error.to_string())?;
    let (policy, identities) = (Policy::read(POLICY).unwrap(), Identities::read(PERSONS).unwrap());
    let (catalogue, settings) = (Catalogue::embedded().unwrap(), Settings::default());
    let inputs =
        PolicyInputs { policy: &policy, identities: &identities, catalogue: &catalogue, settings: &settings };
    Ok(suite.run(inputs))
}

const ASK: &str = "ask: {requester: alice, cluster: prod, role: view, locator: deploy / shop / web";

#[test]
fn a_case_passes_where_all_that_is_expected_is_said() {
    let tried = run(&format!(
        "- {{name: a, {ASK}}}, expect: {{rule: look, approvers: [bob], duration: 1h}}}}\n\
         - {{name: b, {ASK}}}, given: {{approved: [bob]}}, expect: {{via: manager}}}}\n\
         - {{name: c, {ASK}}}, given: {{onCall: [{{person: alice, schedule: P1}}]}}, expect: {{via: auto}}}}\n\
         - {{name: d, {ASK}}}, given: {{approved: [alice]}}, expect: {{lacks: [not-enough, not-on-call, own-request]}}}}\n\
         - {{name: e, ask: {{requester: bob, cluster: prod, role: edit, locator: secret / shop / s}}, expect: {{refused: [denied]}}}}\n\
         - {{name: f, ask: {{requester: bob, to: alice, cluster: prod, role: edit, locator: deploy / shop / web}}, expect: {{refused: [nobody-left]}}}}\n\
         - {{name: g, ask: {{requester: eve, cluster: prod, role: view, locator: deploy / shop / web}}, expect: {{refused: [unknown-person]}}}}\n\
         - {{name: h, ask: {{requester: bob, cluster: prod, role: view, locator: deploy / kube-system / web}}, expect: {{refused: [system]}}}}\n"
    ))
    .unwrap();
    assert_eq!(tried.len(), 8);
    tried.iter().for_each(|tried| assert_eq!(tried.differences, [], "{}", tried.name));
}

#[test]
fn what_differs_is_told_with_its_line() {
    let tried =
        run(&format!("- {{name: a, {ASK}}}, expect: {{rule: rest, approvers: [], refused: [denied]}}}}\n"))
            .unwrap();
    let told: Vec<(&str, &str, &str)> = tried[0]
        .differences
        .iter()
        .map(|one| (one.field, one.expected.as_str(), one.found.as_str()))
        .collect();
    assert_eq!(told, [("rule", "rest", "look"), ("refused", "denied", "none"), ("approvers", "none", "bob")]);
    assert_eq!(tried[0].line, 4);
}

#[test]
fn a_case_that_cannot_fail_is_refused() {
    assert!(run(&format!("- {{name: a, {ASK}}}, expect: {{}}}}\n")).unwrap_err().contains("expects nothing"));
    assert!(run(" []").unwrap_err().contains("no tests"));
    assert!(
        run(&format!("- {{name: a, {ASK}}}, expect: {{rules: x}}}}\n"))
            .unwrap_err()
            .contains("unknown field")
    );
}

#[test]
fn what_a_policy_cannot_have_meant_is_told() {
    let (policy, identities) = (Policy::read(POLICY).unwrap(), Identities::read(PERSONS).unwrap());
    let told: Vec<String> = lint(&policy, &identities).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "the rule `look` names `gone`, who is nobody in p0/identities.yaml",
            "the rule `rest` names the group `nobody`, and nobody is in it",
            "the rule `rest` asks for 2 approvals by `reviewers`, and 1 could give one",
        ]
    );
    let last = "- {name: never, requestor: any, resource: any, approval: [deny]}\n\
                - {name: late, requestor: any, resource: any, approval: [manager]}\n";
    let policy = Policy::read(&format!("{POLICY}{last}")).unwrap();
    assert!(
        lint(&policy, &identities)
            .iter()
            .any(|one| matches!(one, Warning::Shadowed { rule, .. } if rule == "late"))
    );
}
