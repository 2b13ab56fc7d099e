use p0_grant::catalogue::Catalogue;
use p0_grant::locator::resources_called;
use p0_grant::resource::Scope;
use p0_grant::selection::Target;

use super::*;

const REVIEWED: &str = "approval: [reviewers: {persons: [carol]}]";

#[test]
fn an_allow_rule_holds_and_a_deny_rule_touches() {
    let policy = policy(&format!(
        "rules:\n\
         - {{name: no-prod-db, requestor: any, resource: {{k8s: {{namespaces: [db-*]}}}}, approval: [deny]}}\n\
         - {{name: shop, requestor: any, resource: {{k8s: {{namespaces: [shop]}}}}, {REVIEWED}}}\n\
         - {{name: web, requestor: any, resource: {{k8s: {{resources: [deployments.apps], names: [web-*]}}}}, {REVIEWED}}}\n\
         - {{name: wide, requestor: any, resource: {{k8s: {{resources: ['*'], namespaces: ['*']}}}}, {REVIEWED}}}\n\
         - {{name: rest, requestor: any, resource: any, {REVIEWED}}}\n"
    ));
    for (selection, expected) in [
        ("pods shop/a", "shop"),
        ("pods shop/*", "shop"),
        ("pods db-1/a", "denied"),
        // All namespaces lie inside no pattern but `*`, and touch each.
        ("pods */*", "denied"),
        ("apps/deployments eu/web-1", "web"),
        ("apps/deployments eu/*", "wide"),
        ("apps/deployments eu/api", "wide"),
        ("nodes n1", "rest"),
        ("nodes *", "rest"),
        // A person who changes a Namespace reaches what is in it.
        ("namespaces db-1", "denied"),
        ("namespaces *", "denied"),
        ("namespaces shop", "rest"),
    ] {
        assert_eq!(ask(selection).told(&policy), expected, "{selection}");
    }
}

/// A policy speaks as locators do. Alone, an allow rule means Kubernetes' own resource and a deny rule every one.
#[test]
fn a_resource_is_named_by_every_word_that_a_locator_takes() {
    let rule = |word: &str, approval: &str| {
        policy(&format!(
            "rules:\n- {{name: r, requestor: any, resource: {{k8s: {{resources: ['{word}']}}}}, {approval}}}\n"
        ))
    };
    let resource = |group: &str, plural: &str, kind: &str, short: &str| {
        let resource = ApiResource::new(group, plural, kind, p0_grant::resource::Scope::Namespaced);
        resource.unwrap().with_short_names([short])
    };
    let asked = |resource: ApiResource| {
        let mut ask = ask("pods shop/*");
        let namespace = p0_grant::name::Namespace::new("shop").unwrap();
        ask.selection = Selection::new(resource, p0_grant::selection::Target::Kind { namespace }).unwrap();
        ask
    };
    let deployments = asked(resource("apps", "deployments", "Deployment", "deploy"));
    for word in [
        "deployments",
        "Deployment",
        "deployment",
        "deploy",
        "Deployment.apps",
        "deploy.apps",
        "deployments.apps",
    ] {
        assert_eq!(deployments.told(&rule(word, "approval: [deny]")), "denied", "{word}");
        assert_eq!(deployments.told(&rule(word, REVIEWED)), "r", "{word}");
    }
    for word in ["pods", "deployments.core", "deployments.batch", "deploymint"] {
        assert_eq!(deployments.told(&rule(word, REVIEWED)), "no-rule", "{word}");
    }
    let knative = asked(resource("serving.knative.dev", "services", "Service", "ksvc"));
    assert_eq!(knative.told(&rule("service", "approval: [deny]")), "denied", "every resource of the name");
    for (word, expected) in
        [("service", "no-rule"), ("services.core", "no-rule"), ("ksvc.serving.knative.dev", "r")]
    {
        assert_eq!(knative.told(&rule(word, REVIEWED)), expected, "{word}");
    }
    let services = asked(resource("", "services", "Service", "svc"));
    for word in ["svc", "services.core", "Service"] {
        assert_eq!(services.told(&rule(word, REVIEWED)), "r", "{word}");
    }
}

/// Both groups address the same stored events, and a grant on one is on both.
#[test]
fn a_rule_on_events_is_on_both_of_their_groups() {
    let rule = |word: &str, approval: &str| {
        policy(&format!(
            "rules:\n- {{name: r, requestor: any, resource: {{k8s: {{resources: ['{word}']}}}}, {approval}}}\n"
        ))
    };
    for word in ["events", "events.core", "events.events.k8s.io"] {
        for asked in ["events shop/a", "events.k8s.io/events shop/a"] {
            assert_eq!(ask(asked).told(&rule(word, REVIEWED)), "r", "{word} for {asked}");
            assert_eq!(ask(asked).told(&rule(word, "approval: [deny]")), "denied", "{word} for {asked}");
        }
    }
}

/// Alone or with its group: what a locator resolves to a resource, a deny rule takes for it too.
#[test]
fn a_deny_rule_takes_every_word_that_resolves_for_the_resource() {
    let catalogue = Catalogue::embedded().unwrap();
    let mut tried = 0;
    for resource in catalogue.resources() {
        let target = match resource.scope() {
            Scope::Namespaced => Target::KindEverywhere,
            Scope::Cluster => Target::ClusterKind,
        };
        let mut ask = ask("pods shop/*");
        ask.selection = Selection::new(resource.clone(), target).unwrap();
        let group = Some(resource.group()).filter(|group| !group.is_empty()).unwrap_or("core");
        for word in resource.words().flat_map(|word| [word.to_owned(), format!("{word}.{group}")]) {
            let Ok(meant) = resources_called(&word, &catalogue) else { continue };
            if !meant.iter().any(|one| one.to_string() == resource.to_string()) {
                continue;
            }
            tried += 1;
            let rules = format!(
                "rules:\n- {{name: r, requestor: any, resource: {{k8s: {{resources: ['{word}']}}}}, approval: [deny]}}\n"
            );
            assert_eq!(ask.told(&policy(&rules)), "denied", "{word}");
        }
    }
    assert!(tried > 300, "{tried}");
}

#[test]
fn a_deny_rule_that_cannot_be_resolved_denies_all_that_the_rest_of_it_touches() {
    let rules = |word: &str| {
        format!(
            "rules:\n\
             - {{name: careful, requestor: any, resource: {{k8s: {{resources: ['{word}'], namespaces: [shop]}}}}, approval: [deny]}}\n\
             - {{name: rest, requestor: any, resource: any, {REVIEWED}}}\n"
        )
    };
    for word in ["deploymint", "secrets.apps", "certificates.cert-manager.io", "Certificate"] {
        let unresolved = policy(&rules(word));
        assert_eq!(ask("pods shop/a").told(&unresolved), "unresolved-resource", "{word}");
        assert_eq!(ask("pods */*").told(&unresolved), "unresolved-resource", "{word}");
        assert_eq!(ask("pods other/a").told(&unresolved), "rest", "{word}");
        let sentence = ask("pods shop/a").answer(&unresolved).unwrap_err()[0].sentence();
        assert!(sentence.contains(word) && sentence.contains("p0/policy.yaml"), "{sentence}");
    }
    // Words of Kubernetes' own resources, and patterns, need no catalogue.
    for word in ["secrets", "*.cert-manager.io", "Role.rbac.authorization.k8s.io"] {
        assert!(!policy(&rules(word)).needs_catalogues(), "{word}");
        assert_eq!(ask("pods shop/a").told(&policy(&rules(word))), "rest", "{word}");
    }
    let certificate =
        ApiResource::new("cert-manager.io", "certificates", "Certificate", Scope::Namespaced).unwrap();
    let catalogue = Catalogue::new("", Vec::new(), vec![certificate.clone()], Vec::new()).unwrap();
    let known = [std::sync::Arc::new(catalogue)];
    for (word, expected) in [("certificates.cert-manager.io", "rest"), ("deploymint", "unresolved-resource")]
    {
        assert_eq!(ask("pods shop/a").told(&policy(&rules(word)).resolved_by(&known)), expected, "{word}");
    }
    let mut ask = ask("pods shop/*");
    ask.selection = Selection::new(certificate, ask.selection.target().clone()).unwrap();
    assert_eq!(ask.told(&policy(&rules("Certificate")).resolved_by(&known)), "denied");
}

#[test]
fn a_deny_rule_meets_the_same_object_under_its_other_group() {
    let policy = policy(&format!(
        "rules:\n\
         - {{name: no-events, requestor: any, resource: {{k8s: {{resources: [events]}}}}, approval: [deny]}}\n\
         - {{name: no-exec, requestor: any, resource: {{k8s: {{subresources: [exec]}}}}, approval: [deny]}}\n\
         - {{name: logs, requestor: any, resource: {{k8s: {{resources: [pods], subresources: [log]}}}}, {REVIEWED}}}\n"
    ));
    assert_eq!(ask("events.k8s.io/events shop/*").told(&policy), "denied");
    assert_eq!(ask("pods shop/*").told(&policy), "logs");
    let with = |subresources: &[&str]| {
        let mut ask = ask("pods shop/*");
        ask.selection = ask.selection.with_subresources(subresources.iter().copied()).unwrap();
        ask.told(&policy)
    };
    assert_eq!((with(&["log"]), with(&["exec", "log"])), ("logs".to_owned(), "denied".to_owned()));
}

#[test]
fn who_gets_access_must_be_meant_and_whoever_takes_part_can_be_denied() {
    let policy = policy(&format!(
        "rules:\n\
         - {{name: not-dave, requestor: {{user: [dave]}}, resource: any, approval: [deny]}}\n\
         - {{name: sre, requestor: {{group: {{names: [sre]}}}}, resource: any, {REVIEWED}}}\n\
         - {{name: others, requestor: {{group: {{names: [sre], effect: remove}}}}, resource: {{k8s: {{clusters: [dev]}}}}, {REVIEWED}}}\n\
         - {{name: shared, requestor: any, resource: any, {REVIEWED}, options: {{allowSharedSubject: true, requireReason: true}}}}\n"
    ));
    let told = |requester, subject| {
        let mut ask = ask("pods shop/a").by(requester, subject);
        ask.reason = Some("because");
        ask.told(&policy)
    };
    for (requester, subject, expected) in [
        ("bob", "bob@x", "sre"),
        // Somebody else may ask for who is meant.
        ("alice", "bob@x", "sre"),
        ("bob", "alice@x", "shared"),
        ("dave", "bob@x", "denied"),
        ("bob", "dave@x", "denied"),
        ("alice", "ServiceAccount/ci/alice", "shared"),
        // Who is in a group is not known: it may be dave.
        ("bob", "Group/team", "denied"),
        ("nobody", "bob@x", "unknown-person"),
        ("bob", "stranger@x", "unknown-person"),
    ] {
        assert_eq!(told(requester, subject), expected, "{requester} for {subject}");
    }
}

#[test]
fn a_shared_subject_needs_a_rule_that_says_so() {
    let with = |options: &str| {
        policy(&format!(
            "rules:\n- {{name: r, requestor: any, resource: any, {REVIEWED}, options: {{{options}}}}}\n"
        ))
    };
    let group = ask("pods shop/a").by("alice", "Group/team");
    assert_eq!(group.told(&with("")), "no-rule");
    assert_eq!(group.told(&with("allowSharedSubject: true")), "r");
}

#[test]
fn danger_and_privilege_are_part_of_what_a_rule_is_for() {
    let policy = policy(&format!(
        "rules:\n\
         - {{name: calm, requestor: any, resource: any, {REVIEWED}, options: {{maxDanger: NOTE}}}}\n\
         - {{name: usual, requestor: any, resource: any, {REVIEWED}}}\n\
         - {{name: all, requestor: any, resource: {{k8s: {{clusters: [prod]}}}}, {REVIEWED}, options: {{allowPrivileged: true}}}}\n"
    ));
    let at_danger = |worst| ask("pods shop/a").at_danger(worst).told(&policy);
    assert_eq!(ask("pods shop/a").told(&policy), "calm");
    assert_eq!(
        [Class::Note, Class::High, Class::Critical, Class::Block].map(at_danger),
        ["calm", "usual", "usual", "all"]
    );
    let mut privileged = ask("pods shop/a");
    privileged.risk.privileged = true;
    assert_eq!(privileged.told(&policy), "all");
    privileged.cluster = ClusterName::new("dev").unwrap();
    assert_eq!(privileged.told(&policy), "no-rule");
}

#[test]
fn the_system_and_a_frozen_policy_come_before_every_rule() {
    let rules = format!("rules:\n- {{name: r, requestor: any, resource: any, {REVIEWED}}}\n");
    let mut system = ask("pods kube-system/a");
    system.risk.withheld = Some(Withheld::SystemNamespace(Namespace::new("kube-system").unwrap()));
    assert_eq!(system.told(&policy(&rules)), "system");
    assert_eq!(ask("pods shop/a").told(&policy(&format!("frozen: true\n{rules}"))), "frozen");
    assert_eq!(ask("pods shop/a").told(&policy("")), "no-rule");
}

#[test]
fn the_trace_names_every_rule_before_the_answer_and_what_failed() {
    let policy = policy(&format!(
        "rules:\n\
         - {{name: off, disabled: true, requestor: any, resource: any, {REVIEWED}}}\n\
         - {{name: dev, requestor: {{user: [bob]}}, resource: {{k8s: {{clusters: [dev-*]}}}}, {REVIEWED}}}\n\
         - {{name: all, requestor: any, resource: any, {REVIEWED}}}\n\
         - {{name: never, requestor: any, resource: any, approval: [deny]}}\n"
    ));
    let identities = Identities::read(PERSONS).unwrap();
    let ask = ask("pods shop/a");
    let decision = explain(&policy, &identities, &ask.question());
    let told: Vec<(&str, RuleOutcome)> =
        decision.trace.iter().map(|trace| (trace.rule.name.as_str(), trace.outcome)).collect();
    assert_eq!(
        (told.len(), told[0], told[2]),
        (3, ("off", RuleOutcome::Disabled), ("all", RuleOutcome::Matched))
    );
    let RuleOutcome::Missed(misses) = told[1].1 else { panic!("{told:?}") };
    let sentences: Vec<String> = misses.iter().map(|miss| miss.sentence(decision.trace[1].rule)).collect();
    assert_eq!(sentences, ["it is for `bob`", "it is for clusters `dev-*`"]);
}

#[test]
fn durations_and_reasons_are_told_all_at_once() {
    let policy = policy(&format!(
        "durations: {{default: 2h, max: 8h, maxTotal: 12h}}\n\
         rules:\n\
         - {{name: strict, requestor: {{user: [alice]}}, resource: any, {REVIEWED}, \
            options: {{requireReason: true, reasonPattern: 'OPS-*', requireDuration: true, maxDuration: 1h}}}}\n\
         - {{name: usual, requestor: any, resource: any, {REVIEWED}}}\n"
    ));
    let mut strict = ask("pods shop/a");
    assert_eq!(codes(&strict.answer(&policy).unwrap_err()), ["no-reason", "no-duration"]);
    strict = strict.for_so_long("2h");
    strict.reason = Some("curious");
    assert_eq!(codes(&strict.answer(&policy).unwrap_err()), ["reason-pattern", "too-long"]);
    strict = strict.for_so_long("1h");
    strict.reason = Some("OPS-7 disk full");
    assert_eq!(strict.answer(&policy).unwrap().limits.duration, Lifetime::hours(1));
    let usual = || ask("pods shop/a").by("bob", "bob@x");
    assert_eq!(usual().answer(&policy).unwrap().limits.duration, Lifetime::hours(2));
    assert_eq!(usual().for_so_long("9h").told(&policy), "too-long");
    let mut extended = usual();
    extended.term = Term::Extended { by: Lifetime::hours(4), total: Lifetime::hours(12) };
    assert_eq!(extended.told(&policy), "usual");
    extended.term = Term::Extended { by: Lifetime::hours(4), total: Lifetime::hours(13) };
    assert_eq!(extended.told(&policy), "total-too-long");
}

#[test]
fn what_stops_granting_names_the_same_approvers_for_revoking() {
    let text = "rules:\n- {name: r, requestor: any, resource: any, approval: [manager, {reviewers: {persons: [dave], groups: [sre]}}]}\n";
    let policy = policy(&format!("frozen: true\ntrustedGroups: [sre]\n{text}"));
    let identities = Identities::read(PERSONS).unwrap();
    let alice = PersonName::new("alice").unwrap();
    let named = policy.approvers_named(["r", "gone"], &alice, &identities);
    assert_eq!(named.iter().map(PersonName::as_str).collect::<Vec<_>>(), ["bob", "carol", "dave"]);
    assert!(policy.settings().frozen && !policy.thawed().settings().frozen);
    assert!(policy.approvers_named(["gone"], &alice, &identities).is_empty());
}
