//! The cases of the RBAC reference §10, one row each: what a rule gives on a selection, and what is said of the rest.
#![expect(clippy::unwrap_used, reason = "a row that cannot be built is a failed test")]

use p0_grant::resource::ApiResource;
use p0_grant::restrict::{PrivilegedVerbs, Restriction, WildcardVerb, restrict};
use p0_grant::role::Role;
use p0_grant::rule::{ResourceRule, Rule, UrlRule};
use p0_grant::selection::{Selection, SelectionText};
use p0_grant::subset::{DropReason, SubsetError, subset};

/// `verbs groups resources [names]`, each list with commas between; `-` is the core group.
fn rule(text: &str) -> Rule {
    let mut lists =
        text.split(' ').map(|list| list.split(',').map(|word| if word == "-" { "" } else { word }));
    let (verbs, groups, resources) = (lists.next().unwrap(), lists.next().unwrap(), lists.next().unwrap());
    let names: Vec<&str> = lists.next().into_iter().flatten().collect();
    ResourceRule::new(verbs, groups, resources, names).unwrap().into()
}

/// A selection's text, then subresources behind `+`.
fn selection(text: &str) -> Selection {
    let mut parts = text.split(" + ");
    let SelectionText { group, plural, target } = parts.next().unwrap().parse().unwrap();
    let resource = ApiResource::new(group, plural, "Kind", target.scope()).unwrap();
    let resource = resource.with_subresources(["exec", "log", "proxy", "scale", "status"]).unwrap();
    Selection::new(resource, target).unwrap().with_subresources(parts).unwrap()
}

fn role(reference: &str, rules: &[&str]) -> Role {
    Role::new(reference.parse().unwrap(), rules.iter().map(|text| rule(text)).collect())
}

#[test]
fn each_case_gives_exactly_its_rule() {
    for (given, picked, expected) in [
        // The rule as it is, and groups.
        ("get apps deployments", "apps/deployments a/x", Some("get apps deployments x")),
        (
            "get apps,extensions deployments",
            "apps/deployments a/x",
            Some("get apps,extensions deployments x"),
        ),
        (
            "get extensions,apps deployments",
            "apps/deployments a/x",
            Some("get extensions,apps deployments x"),
        ),
        ("get * deployments", "apps/deployments a/x", Some("get apps deployments x")),
        ("get extensions,* deployments", "apps/deployments a/x", Some("get apps,extensions deployments x")),
        ("get * events", "events a/x", Some("get -,events.k8s.io events x")),
        ("get events.k8s.io events", "events a/x", Some("get events.k8s.io events x")),
        ("get example.com deployments", "apps/deployments a/x", None),
        ("get - services", "serving.knative.dev/services a/x", None),
        ("get - pods", "metrics.k8s.io/pods a/x", None),
        ("get *.k8s.io events", "events.k8s.io/events a/x", None),
        (
            "get - replicationcontrollers",
            "replicationcontrollers a/x",
            Some("get - replicationcontrollers x"),
        ),
        // Resources and subresources.
        ("get - *", "pods a/x", Some("get - pods x")),
        ("get - *", "pods a/x + log", Some("get - pods,pods/log x")),
        ("get - pods,pods/log", "pods a/x", Some("get - pods x")),
        ("get - pods/log", "pods a/x", None),
        ("get - pods/log", "pods a/x + log", Some("get - pods/log x")),
        ("get - */scale", "pods a/x", None),
        ("get - */scale", "pods a/x + scale", Some("get - pods/scale x")),
        ("get - pods/*", "pods a/x + log", None),
        ("get - */*", "pods a/x + log", None),
        ("get - pods,secrets,nodes", "pods a/x", Some("get - pods x")),
        ("get -,apps pods,deployments", "apps/deployments a/*", Some("get apps deployments")),
        // Names.
        ("get - pods x,y", "pods a/x", Some("get - pods x")),
        ("get - pods y", "pods a/x", None),
        ("get - pods x,y", "pods a/*", Some("get - pods x,y")),
        ("get - pods *", "pods a/x", None),
        ("get - pods x", "pods */*", Some("get - pods x")),
        // Verbs.
        ("get,get,list - pods", "pods a/x", Some("get,list - pods x")),
        ("* - pods", "pods a/x", Some("* - pods x")),
        ("get,deletecollection - pods", "pods a/x", Some("get - pods x")),
        ("deletecollection - pods", "pods a/x", None),
        ("deletecollection - pods", "pods a/*", Some("deletecollection - pods")),
        ("create - pods", "pods a/x", Some("create - pods x")),
        // Scopes.
        ("get - nodes", "nodes x", Some("get - nodes x")),
        ("get - nodes", "nodes *", Some("get - nodes")),
        ("get,delete - namespaces", "namespaces x", Some("get,delete - namespaces x")),
    ] {
        let answer =
            subset(&role("r", &[given]), &selection(picked)).ok().map(|subset| subset.rules().to_vec());
        assert_eq!(answer, expected.map(|text| vec![rule(text)]), "{given} on {picked}");
    }
}

#[test]
fn the_empty_name_is_never_given_to_one_object() {
    let with_empty = Rule::from(ResourceRule::new(["get"], [""], ["pods"], ["", "x"]).unwrap());
    let role = Role::new("r".parse().unwrap(), vec![with_empty.clone()]);
    assert_eq!(subset(&role, &selection("pods a/x")).unwrap().rules(), [rule("get - pods x")]);
    assert_eq!(subset(&role, &selection("pods a/*")).unwrap().rules(), [with_empty]);
}

#[test]
fn rules_keep_their_order_and_equal_ones_stand_once() {
    let rules = ["list extensions deployments", "get apps deployments", "get apps deployments,daemonsets"];
    let subset = subset(&role("r", &rules), &selection("apps/deployments a/x")).unwrap();
    assert_eq!(subset.rules(), [rule("list extensions deployments x"), rule("get apps deployments x")]);
}

#[test]
fn a_role_counts_only_in_its_own_namespace() {
    let own = role("Role/a/r", &["get - pods"]);
    assert!(subset(&own, &selection("pods a/x")).is_ok());
    assert!(subset(&own, &selection("pods a/*")).is_ok());
    for elsewhere in ["pods b/x", "pods b/*", "pods */*", "nodes x", "nodes *"] {
        let answer = subset(&own, &selection(elsewhere));
        assert!(matches!(answer, Err(SubsetError::Elsewhere { .. })), "{elsewhere}: {answer:?}");
    }
}

#[test]
fn what_is_left_out_is_said() {
    let rules = ["get,deletecollection - pods", "get,patch - pods/log", "get - *", "delete - pods y"];
    let mut rules: Vec<Rule> = rules.iter().map(|text| rule(text)).collect();
    rules.push(UrlRule::new(["get"], ["/healthz"]).unwrap().into());
    let role = Role::new("r".parse().unwrap(), rules);
    let subset = subset(&role, &selection("pods a/x")).unwrap();
    let said: Vec<(String, DropReason)> =
        subset.dropped().iter().map(|drop| (drop.what(), drop.reason)).collect();
    let unasked = |what: &str| (what.to_owned(), DropReason::SubresourceNotAsked);
    assert_eq!(
        said,
        [
            ("deletecollection pods".to_owned(), DropReason::NeverNamed),
            unasked("get pods/exec"),
            unasked("get, patch pods/log"),
            unasked("get pods/proxy"),
            unasked("get pods/scale"),
            unasked("get pods/status"),
            ("delete pods".to_owned(), DropReason::OtherNames),
            ("get /healthz".to_owned(), DropReason::NotAResource),
        ]
    );
}

#[test]
fn nothing_is_an_error_that_says_what_the_role_does_give() {
    let role = role("r", &["get serving.knative.dev routes", "get - services,pods/log"]);
    let error = subset(&role, &selection("serving.knative.dev/services a/x")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`ClusterRole/r` gives nothing on `serving.knative.dev/services a/x`; \
         it has rules on `services`, `routes.serving.knative.dev`, `pods/log`"
    );
}

#[test]
fn nothing_says_which_subresource_or_name_would_give_something() {
    for (given, picked, expected) in [
        (
            "get,patch apps deployments/scale",
            "apps/deployments a/x",
            "it gives subresources: ask for them with `--subresource scale`; it has rules on `deployments/scale.apps`",
        ),
        (
            "get - pods/log,*/status",
            "pods a/x + exec",
            "it gives subresources: ask for them with `--subresource log`, `--subresource status`; \
             it has rules on `pods/log`, `*/status`",
        ),
        (
            "get - nodes/metrics",
            "nodes n",
            "it gives subresources: ask for them with `--subresource metrics`; it has rules on `nodes/metrics`",
        ),
        (
            "get - pods y,z",
            "pods a/x",
            "it has the resource under other names only: `y`, `z`; it has rules on `pods`",
        ),
    ] {
        let error = subset(&role("r", &[given]), &selection(picked)).unwrap_err().to_string();
        let start = format!("`ClusterRole/r` gives nothing on `{}`; ", picked.split(" + ").next().unwrap());
        assert_eq!(error, format!("{start}{expected}"), "{given}");
    }
}

#[test]
fn a_subresource_that_no_server_lists_is_left_out_by_name_and_can_be_asked_for() {
    let role = role("r", &["get - nodes,nodes/metrics,nodes/stats,*/finalizers", "get apps nodes/other"]);
    let nodes = selection("nodes n");
    let left_out: Vec<String> =
        subset(&role, &nodes).unwrap().dropped().iter().map(|drop| drop.what()).collect();
    assert_eq!(left_out, ["get nodes/finalizers", "get nodes/metrics", "get nodes/stats"]);
    let asked = nodes.clone().with_subresources_of(&role, ["metrics", "finalizers", "status"]).unwrap();
    let given = subset(&role, &asked).unwrap();
    assert_eq!(given.rules(), [rule("get - nodes,nodes/finalizers,nodes/metrics n")]);
    for unknown in ["other", "*", ""] {
        assert!(nodes.clone().with_subresources_of(&role, [unknown]).is_err(), "{unknown}");
    }
    assert!(nodes.with_subresources(["metrics"]).is_err(), "the role has to name it");
}

#[test]
fn restriction_drops_power_and_expands_the_wildcard_only_where_power_is() {
    let keep = Restriction { privileged: PrivilegedVerbs::Kept, ..Restriction::default() };
    let expand = Restriction { wildcard: WildcardVerb::Expanded, ..Restriction::default() };
    let roles = "rbac.authorization.k8s.io/clusterroles r";
    let named = "get,list,watch,create,update,patch,delete";
    let rbac = |verbs: &str| format!("{verbs} rbac.authorization.k8s.io clusterroles r");
    for (given, picked, restriction, expected) in [
        ("get,bind rbac.authorization.k8s.io clusterroles", roles, Restriction::default(), Some(rbac("get"))),
        ("get,bind rbac.authorization.k8s.io clusterroles", roles, keep, Some(rbac("get,bind"))),
        ("bind,escalate rbac.authorization.k8s.io clusterroles", roles, Restriction::default(), None),
        ("* rbac.authorization.k8s.io clusterroles", roles, Restriction::default(), Some(rbac(named))),
        ("* rbac.authorization.k8s.io clusterroles", roles, keep, Some(rbac("*"))),
        ("* - pods", "pods a/x", Restriction::default(), Some("* - pods x".to_owned())),
        ("* - pods", "pods a/x", expand, Some(format!("{named} - pods x"))),
        ("* - pods", "pods a/*", expand, Some(format!("{named},deletecollection - pods"))),
        ("*,frob - pods", "pods a/x", expand, Some(format!("{named},frob - pods x"))),
        (
            "get - pods,pods/proxy",
            "pods a/x + proxy",
            Restriction::default(),
            Some("get - pods x".to_owned()),
        ),
        ("get - pods/proxy", "pods a/x + proxy", Restriction::default(), None),
        ("get - pods/proxy", "pods a/x + proxy", keep, Some("get - pods/proxy x".to_owned())),
        ("impersonate:user-info - users", "users x", Restriction::default(), None),
    ] {
        let picked = selection(picked);
        let exact = subset(&role("r", &[given]), &picked).unwrap();
        let answer = restrict(exact, &picked, restriction).ok().map(|subset| subset.rules().to_vec());
        assert_eq!(answer, expected.map(|text| vec![rule(&text)]), "{given}");
    }
}
