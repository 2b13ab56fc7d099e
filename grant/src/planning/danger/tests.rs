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
        (&["delete"], "secrets a/b", None),
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
