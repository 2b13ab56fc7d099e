use super::*;
use crate::resource::ApiResource;
use crate::role::{Role, RoleRef};
use crate::rule::UrlRule;
use crate::subset::subset;

fn selection(text: &str) -> Selection {
    let parts: crate::selection::SelectionText = text.parse().unwrap();
    let resource = ApiResource::new(parts.group, parts.plural, "Kind", parts.target.scope()).unwrap();
    let resource =
        resource.with_subresources(["exec", "proxy", "status", "token", "approval", "eviction"]).unwrap();
    let all: Vec<String> = resource.subresources().to_vec();
    Selection::new(resource, parts.target).unwrap().with_subresources(all).unwrap()
}

/// What a role with `verbs` on everything gives on a selection.
fn found(verbs: &[&str], text: &str, site: &Site) -> Vec<Danger> {
    let rule = ResourceRule::new(verbs.iter().copied(), ["*"], ["*"], [] as [&str; 0]).unwrap();
    let role = Role::new(RoleRef::cluster_role("r").unwrap(), vec![rule.into()]);
    let selection = selection(text);
    classify(subset(&role, &selection).unwrap().rules(), &selection, site)
}

#[test]
fn each_class_is_found_where_it_is_and_not_beside_it() {
    let at = Site::default();
    for (verbs, text, expected) in [
        (&["get"] as &[&str], "configmaps a/b", None),
        (&["get"], "configmaps a/*", Some(Class::Note)),
        (&["frobnicate"], "example.com/widgets a/b", Some(Class::Note)),
        (&["get"], "secrets a/b", Some(Class::Critical)),
        (&["create"], "secrets a/b", Some(Class::Critical)),
        (&["patch"], "apps/deployments a/b", Some(Class::High)),
        (&["get"], "apps/deployments a/b", None),
        (&["delete"], "configmaps a/*", Some(Class::High)),
        (&["delete"], "configmaps a/b", None),
        (&["update"], "namespaces b", Some(Class::High)),
        (&["get"], "pods a/b", Some(Class::Critical)),
        (&["get"], "nodes n", Some(Class::Block)),
        (&["bind"], "rbac.authorization.k8s.io/clusterroles r", Some(Class::Block)),
        (&["impersonate:user-info"], "users u", Some(Class::Block)),
        (&["get"], "rbac.authorization.k8s.io/clusterroles r", None),
        (&["create"], "rbac.authorization.k8s.io/rolebindings a/b", Some(Class::Block)),
        (&["patch"], "argoproj.io/applications a/b", Some(Class::Block)),
        (&["get"], "argoproj.io/applications a/b", None),
        (&["patch"], "configmaps kube-system/aws-auth", Some(Class::Block)),
        (&["patch"], "configmaps kube-system/*", Some(Class::Block)),
        (&["patch"], "configmaps */*", Some(Class::Block)),
        (&["patch"], "configmaps kube-system/other", None),
        (&["get"], "configmaps kube-system/aws-auth", None),
        (&["*"], "apps/deployments a/b", Some(Class::High)),
        (&["update"], "certificates.k8s.io/certificatesigningrequests c", Some(Class::Block)),
    ] {
        assert_eq!(worst(&found(verbs, text, &at)), expected, "{verbs:?} on {text}");
    }
}

#[test]
fn verbs_that_answer_with_the_object_read_it() {
    for verb in ["get", "list", "watch", "patch", "update", "delete", "*"] {
        for text in ["secrets a/b", "secrets a/*", "secrets */*"] {
            assert_eq!(
                worst(&found(&[verb], text, &Site::default())),
                Some(Class::Critical),
                "{verb} on {text}"
            );
        }
    }
    assert_eq!(worst(&found(&["deletecollection"], "secrets a/*", &Site::default())), Some(Class::Critical));
}

/// A site that says what reading its objects gives does not have to know which verbs answer with them.
#[test]
fn a_sites_row_on_get_is_on_every_verb_that_answers_with_the_object() {
    let resource =
        |resource: &str| Entry::Resource { group: "example.com".to_owned(), resource: resource.to_owned() };
    let row = Row {
        class: Class::Critical,
        entries: vec![resource("vaults"), resource("vaults/status")],
        verbs: vec!["get".to_owned()],
        place: RowPlace::Anywhere,
        why: "it holds keys".to_owned(),
        source: "our wiki".to_owned(),
    };
    let site = Site { applier_namespaces: Vec::new(), rows: vec![row] };
    for verb in ["get", "list", "watch", "update", "patch", "delete", "deletecollection"] {
        assert_eq!(worst(&found(&[verb], "example.com/vaults a/*", &site)), Some(Class::Critical), "{verb}");
    }
    assert_eq!(worst(&found(&["create"], "example.com/vaults a/b", &site)), Some(Class::High));
    let status = ResourceRule::new(["patch"], ["example.com"], ["vaults/status"], ["b"]).unwrap();
    let dangers = classify(&[status.into()], &selection("example.com/vaults a/b"), &site);
    assert_eq!(worst(&dangers), Some(Class::High), "a subresource answers in its own way");
}

#[test]
fn one_object_can_reach_beyond_itself() {
    for (verbs, text, expected) in [
        (&["delete"] as &[&str], "namespaces b", Class::High),
        (&["delete"], "nodes b", Class::High),
        (&["delete"], "networking.k8s.io/networkpolicies a/b", Class::High),
        (&["patch"], "networking.k8s.io/networkpolicies a/b", Class::High),
        (&["patch"], "endpoints a/b", Class::High),
        (&["update"], "discovery.k8s.io/endpointslices a/b", Class::High),
        (&["patch"], "services a/b", Class::High),
        (&["patch"], "serviceaccounts a/b", Class::High),
        (&["patch"], "apps/controllerrevisions a/b", Class::High),
    ] {
        let picked = selection(text);
        let (group, plural) = (picked.resource().group(), picked.resource().plural());
        let rule = ResourceRule::new(verbs.iter().copied(), [group], [plural], ["b"]).unwrap();
        let dangers = classify(&[rule.into()], &picked, &Site::default());
        assert_eq!(worst(&dangers), Some(expected), "{verbs:?} on {text}");
    }
}

#[test]
fn what_steers_a_controller_has_the_controllers_rights() {
    for (text, expected) in [
        ("authorization.openshift.io/rolebindings a/b", Class::Block),
        ("user.openshift.io/groups g", Class::Block),
        ("security.openshift.io/securitycontextconstraints s", Class::Block),
        ("helm.cattle.io/helmcharts a/b", Class::Block),
        ("management.cattle.io/globalrolebindings g", Class::Block),
        ("kyverno.io/clusterpolicies p", Class::Block),
        ("templates.gatekeeper.sh/constrainttemplates t", Class::Block),
        ("mutations.gatekeeper.sh/assign a", Class::Block),
        ("pkg.crossplane.io/providers p", Class::Block),
        ("velero.io/restores a/b", Class::Block),
        ("fluxcd.controlplane.io/resourcesets a/b", Class::Block),
        ("infra.contrib.fluxcd.io/terraforms a/b", Class::Block),
        ("image.toolkit.fluxcd.io/imageupdateautomations a/b", Class::Block),
        ("operators.coreos.com/subscriptions a/b", Class::Block),
        ("external-secrets.io/pushsecrets a/b", Class::Critical),
        ("argoproj.io/workflows a/b", Class::High),
        ("argoproj.io/rollouts a/b", Class::High),
        ("tekton.dev/pipelineruns a/b", Class::High),
        ("apps.openshift.io/deploymentconfigs a/b", Class::High),
        ("example.com/widgets a/b", Class::High),
    ] {
        for verb in ["create", "patch", "update"] {
            assert_eq!(worst(&found(&[verb], text, &Site::default())), Some(expected), "{verb} on {text}");
        }
        assert_eq!(worst(&found(&["get"], text, &Site::default())), None, "get on {text}");
    }
    let applier = Site { applier_namespaces: vec![Namespace::new("argocd").unwrap()], rows: Vec::new() };
    for text in
        ["argoproj.io/workflows argocd/b", "tekton.dev/pipelineruns argocd/b", "serviceaccounts argocd/b"]
    {
        assert_eq!(worst(&found(&["patch"], text, &applier)), Some(Class::Block), "{text}");
    }
    assert_eq!(worst(&found(&["get"], "pods argocd/b", &applier)), Some(Class::Block), "exec is by get, too");
}

#[test]
fn a_row_decides_for_its_verbs_in_a_group_that_kubernetes_does_not_ship() {
    let row = Row {
        class: Class::Note,
        entries: vec![Entry::Resource { group: "example.com".to_owned(), resource: "widgets".to_owned() }],
        verbs: vec!["patch".to_owned(), "get".to_owned()],
        place: RowPlace::Anywhere,
        why: "its controller does nothing".to_owned(),
        source: "our wiki".to_owned(),
    };
    let site = Site { applier_namespaces: Vec::new(), rows: vec![row] };
    let worst_of = |verbs: &[&str]| {
        let rule = ResourceRule::new(verbs.iter().copied(), ["example.com"], ["widgets"], ["b"]).unwrap();
        worst(&classify(&[rule.into()], &selection("example.com/widgets a/b"), &site))
    };
    assert_eq!(worst_of(&["patch"]), Some(Class::Note));
    assert_eq!(worst_of(&["delete"]), Some(Class::High));
    assert_eq!(worst_of(&["patch", "delete"]), Some(Class::High));
    assert_eq!(worst_of(&["*"]), Some(Class::High), "`*` is more than the row says");
}

#[test]
fn a_rules_own_names_count() {
    let named = |verbs: &[&str], name: &str, text: &str| {
        let picked = selection(text);
        let plural = picked.resource().plural().to_owned();
        let rule =
            ResourceRule::new(verbs.iter().copied(), [picked.resource().group()], [plural], [name]).unwrap();
        worst(&classify(&[rule.into()], &picked, &Site::default()))
    };
    assert_eq!(named(&["delete"], "one", "configmaps a/*"), None);
    assert_eq!(named(&["delete", "deletecollection"], "one", "configmaps */*"), None);
    assert_eq!(named(&["get"], "one", "configmaps a/*"), None);
    assert_eq!(named(&["patch"], "other", "configmaps kube-system/*"), None);
    assert_eq!(named(&["patch"], "aws-auth", "configmaps kube-system/*"), Some(Class::Block));
}

#[test]
fn the_appliers_own_namespaces_are_its_power() {
    let site = Site { applier_namespaces: vec![Namespace::new("flux-system").unwrap()], rows: Vec::new() };
    for (verbs, text, expected) in [
        (&["patch"] as &[&str], "configmaps flux-system/b", Some(Class::Block)),
        (&["patch"], "configmaps */*", Some(Class::Block)),
        (&["get"], "configmaps flux-system/b", None),
        (&["patch"], "configmaps other/b", None),
    ] {
        assert_eq!(worst(&found(verbs, text, &site)), expected, "{verbs:?} on {text}");
    }
}

#[test]
fn a_site_adds_rows_of_its_own() {
    let row = Row {
        class: Class::Critical,
        entries: vec![Entry::Resource { group: "example.com".to_owned(), resource: "payouts".to_owned() }],
        verbs: vec!["create".to_owned()],
        place: RowPlace::Anywhere,
        why: "it moves money".to_owned(),
        source: "our wiki".to_owned(),
    };
    let site = Site { applier_namespaces: Vec::new(), rows: vec![row] };
    let dangers = found(&["create"], "example.com/payouts a/b", &site);
    assert_eq!(
        dangers.first().map(|danger| (danger.class, danger.what.as_str())),
        Some((Class::Critical, "create payouts.example.com"))
    );
}

#[test]
fn a_whole_role_is_judged_by_its_wildcards_and_urls() {
    let any = selection("configmaps a/b");
    let all: Rule = ResourceRule::new(["*"], ["*"], ["*"], [] as [&str; 0]).unwrap().into();
    let dangers = classify(&[all], &any, &Site::default());
    assert!(
        dangers.iter().any(|danger| danger.class == Class::Block && danger.what == "* *.*"),
        "{dangers:?}"
    );
    let urls: Rule = UrlRule::new(["get"], ["*"]).unwrap().into();
    assert_eq!(worst(&classify(&[urls], &any, &Site::default())), Some(Class::Block));
}

#[test]
fn the_worst_comes_first_and_nothing_twice() {
    let dangers = found(&["get", "create", "get"], "pods a/*", &Site::default());
    let classes: Vec<Class> = dangers.iter().map(|danger| danger.class).collect();
    assert!(classes.is_sorted_by(|one, other| one >= other), "{classes:?}");
    let mut seen = dangers.clone();
    seen.dedup();
    assert_eq!(seen, dangers);
    assert!(dangers.iter().any(|danger| danger.what == "create, get pods/exec"), "{dangers:?}");
}

#[test]
fn every_row_has_a_reason_and_a_source() {
    for row in standard_rows() {
        assert!(!row.entries.is_empty() && !row.verbs.is_empty() && !row.why.is_empty(), "{row:?}");
        assert!(row.source.starts_with("https://"), "{row:?}");
    }
}
