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
    let told: Vec<String> =
        lint(&policy, &identities, &KnownNames::default()).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "the rule `look` names `gone`, and p0/identities.yaml has no such person",
            "the rule `rest` names the group `nobody`, which has no members",
            "the rule `rest` asks for 2 approvals by `reviewers`, and 1 could give one",
        ]
    );
    let last = "- {name: never, requestor: any, resource: any, approval: [deny]}\n\
                - {name: late, requestor: any, resource: any, approval: [manager]}\n";
    let policy = Policy::read(&format!("{POLICY}{last}")).unwrap();
    assert!(
        lint(&policy, &identities, &KnownNames::default())
            .iter()
            .any(|one| matches!(one, Warning::Shadowed { rule, .. } if rule == "late"))
    );
}

#[test]
fn a_rule_behind_one_that_holds_it_never_answers() {
    let identities = Identities::default();
    let told = |before: &str, rule: &str| {
        let head = "apiVersion: p0.dev/v1alpha1\nkind: Policy\ntrustedGroups: [g]\nrules:\n";
        let policy =
            Policy::read(&format!("{head}- {{name: a, {before}}}\n- {{name: b, {rule}}}\n")).unwrap();
        let warnings = lint(&policy, &identities, &KnownNames::default());
        warnings
            .iter()
            .any(|one| matches!(one, Warning::Shadowed { rule, before } if rule == "b" && before == "a"))
    };
    let of = |requestor: &str, resource: &str, rest: &str| {
        format!("requestor: {requestor}, resource: {resource}, {rest}")
    };
    let (reviewed, deny) = ("approval: [reviewers: {groups: [g]}]", "approval: [deny]");
    let k8s = |fields: &str| format!("{{k8s: {{{fields}}}}}");
    for (before, rule, expected) in [
        (of("any", "any", reviewed), of("any", "any", reviewed), true),
        (of("any", "any", reviewed), of("any", &k8s("namespaces: [a]"), deny), true),
        (
            of("any", &k8s("namespaces: ['shop-*']"), reviewed),
            of("{user: [x]}", &k8s("namespaces: [shop-eu]"), reviewed),
            true,
        ),
        (
            of("any", &k8s("namespaces: ['shop-*']"), deny),
            of("any", &k8s("namespaces: ['shop-eu-*'], names: [x]"), reviewed),
            true,
        ),
        (
            of("any", &k8s("namespaces: [shop-eu]"), reviewed),
            of("any", &k8s("namespaces: ['shop-*']"), reviewed),
            false,
        ),
        (of("{group: {names: [g]}}", "any", reviewed), of("any", "any", reviewed), false),
        (of("{group: {names: [g, h]}}", "any", reviewed), of("{group: {names: [h]}}", "any", reviewed), true),
        (
            of("{group: {names: [g], effect: remove}}", "any", reviewed),
            of("{group: {names: [g]}}", "any", reviewed),
            false,
        ),
        (
            of("any", "any", &format!("{reviewed}, options: {{maxDanger: NOTE}}")),
            of("any", "any", reviewed),
            false,
        ),
        (
            of("any", "any", reviewed),
            of("any", "any", &format!("{reviewed}, options: {{allowPrivileged: true}}")),
            false,
        ),
        (
            of("any", &k8s("subresources: [exec]"), deny),
            of("any", &k8s("subresources: [exec]"), reviewed),
            false,
        ),
        (of("any", &k8s("subresources: [log]"), reviewed), of("any", "any", reviewed), false),
    ] {
        assert_eq!(told(&before, &rule), expected, "{before} before {rule}");
    }
}

#[test]
fn what_no_cluster_has_and_managers_who_are_gone_are_told() {
    let identities = "apiVersion: p0.dev/v1alpha1\nkind: Identities\npersons: [{name: ann, manager: gone}, {name: ben, manager: ann}]\n";
    let rules = "apiVersion: p0.dev/v1alpha1\nkind: Policy\nrules:\n\
        - {name: r, requestor: any, approval: [manager], resource: {k8s: {clusters: [prod, 'pord-*'], roles: [ClusterRole/veiw], \
           namespaces: [defualt, 'kube-*'], subresources: [log, exce, metrics]}}}\n";
    let (policy, identities) = (Policy::read(rules).unwrap(), Identities::read(identities).unwrap());
    let known = KnownNames {
        clusters: vec!["prod".parse().unwrap()],
        catalogues: vec![std::sync::Arc::new(p0_grant::catalogue::Catalogue::embedded().unwrap())],
    };
    let told: Vec<String> = lint(&policy, &identities, &known).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "the rule `r` names the cluster `pord-*`, and no such cluster exists",
            "the rule `r` names the role `ClusterRole/veiw`, and no such role exists; did you mean `ClusterRole/view`, `ClusterRole/edit` or `ClusterRole/admin`?",
            "the rule `r` names the namespace `defualt`, and no such namespace exists; did you mean `default`?",
            "the rule `r` names the subresource `exce`, and no such subresource exists; did you mean `exec`?",
            "the manager of `ann` is `gone`, and p0/identities.yaml has no such person",
        ]
    );
    // `metrics` is no server's subresource of nodes, and a role of Kubernetes names it.
    let nothing_known = lint(&policy, &identities, &KnownNames::default());
    assert!(matches!(nothing_known.as_slice(), [Warning::NoManager { .. }]), "{nothing_known:?}");
}
