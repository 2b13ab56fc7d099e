use super::*;

fn resource(group: &str, plural: &str, kind: &str, scope: Scope) -> ApiResource {
    ApiResource::new(group, plural, kind, scope).unwrap().with_subresources(["scale", "status"]).unwrap()
}

#[test]
fn the_text_reads_back_as_the_same_selection() {
    for text in [
        "apps/deployments default/web",
        "pods default/*",
        "apps/deployments */*",
        "nodes n1",
        "nodes *",
        "pods a/b c",
    ] {
        let parts: SelectionText = text.parse().unwrap();
        let resource = resource(&parts.group, &parts.plural, "Kind", parts.target.scope());
        assert_eq!(Selection::new(resource, parts.target).unwrap().to_string(), text);
    }
}

#[test]
fn other_texts_are_refused() {
    for text in [
        "",
        "pods",
        "pods default/",
        "/pods a/b",
        "apps/ a/b",
        "pods */x",
        "pods a/b/c",
        "pods A/b",
        "* a/b",
        "*/pods a/b",
        "a/pods/log a/b",
    ] {
        assert!(text.parse::<SelectionText>().is_err(), "{text:?}");
    }
}

#[test]
fn scope_and_target_must_agree() {
    let node = resource("", "nodes", "Node", Scope::Cluster);
    let pod = resource("", "pods", "Pod", Scope::Namespaced);
    assert!(matches!(Selection::new(node, Target::KindEverywhere), Err(SelectionError::NotNamespaced(_))));
    assert!(matches!(Selection::new(pod, Target::ClusterKind), Err(SelectionError::Namespaced(_))));
}

#[test]
fn an_unserved_subresource_is_refused_with_the_served_ones() {
    let selection =
        Selection::new(resource("", "pods", "Pod", Scope::Namespaced), Target::KindEverywhere).unwrap();
    let error = selection.with_subresources(["log"]).unwrap_err();
    assert_eq!(error.to_string(), "`pods` has no subresource `log`; it has `scale`, `status`");
}
