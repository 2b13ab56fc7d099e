use super::*;

fn resource(group: &str, plural: &str, kind: &str, scope: Scope) -> ApiResource {
    ApiResource::new(group, plural, kind, scope).unwrap()
}

fn catalogue() -> Catalogue {
    use Scope::{Cluster, Namespaced};
    let resources = vec![
        resource("", "events", "Event", Namespaced).with_short_names(["ev"]),
        resource("events.k8s.io", "events", "Event", Namespaced).with_short_names(["ev"]),
        resource("", "nodes", "Node", Cluster).with_short_names(["no"]),
        resource("", "pods", "Pod", Namespaced).with_short_names(["po"]),
        resource("metrics.k8s.io", "nodes", "NodeMetrics", Cluster),
        resource("metrics.k8s.io", "pods", "PodMetrics", Namespaced),
        resource("", "services", "Service", Namespaced).with_short_names(["svc"]),
        resource("serving.knative.dev", "services", "Service", Namespaced),
        resource("apps", "deployments", "Deployment", Namespaced).with_short_names(["deploy"]),
        resource("example.com", "foos", "Foo", Namespaced),
        resource("example.com", "bars", "Bar", Namespaced).with_short_names(["foos"]),
    ];
    Catalogue::new("v1", Vec::new(), resources, Vec::new()).unwrap()
}

fn resolve(text: &str) -> Result<Selection, LocatorError> {
    text.parse::<Locator>()?.resolve(&catalogue())
}

#[test]
fn what_was_selected_is_picked_again() {
    for text in [
        "apps/deployments default/web",
        "apps/deployments default/*",
        "pods */*",
        "nodes n1",
        "nodes *",
        "events a/b",
    ] {
        let parts: SelectionText = text.parse().unwrap();
        assert_eq!(Locator::from(parts).resolve(&catalogue()).unwrap().to_string(), text);
    }
}

#[test]
fn every_spelling_of_a_kind_and_a_place_is_understood() {
    for (text, expected) in [
        ("deployment / default / web", "apps/deployments default/web"),
        ("Deployments/default/web", "apps/deployments default/web"),
        ("deploy / default / *", "apps/deployments default/*"),
        ("DEPLOYMENT.Apps / * / *", "apps/deployments */*"),
        ("deploy.apps / *", "apps/deployments */*"),
        ("deployments", "apps/deployments */*"),
        ("no / n1", "nodes n1"),
        ("Node / *", "nodes *"),
        ("nodes", "nodes *"),
        ("pods.core / a / b", "pods a/b"),
        ("pods. / a / b", "pods a/b"),
        ("pods / a / b", "pods a/b"),
        ("nodes / n1", "nodes n1"),
        ("PodMetrics / a / b", "metrics.k8s.io/pods a/b"),
        ("nodes.metrics.k8s.io / n1", "metrics.k8s.io/nodes n1"),
        ("pod / a / b", "pods a/b"),
        ("pods.metrics.k8s.io / a / b", "metrics.k8s.io/pods a/b"),
        ("services.core / a / b c", "services a/b c"),
        ("svc / a / b", "services a/b"),
        ("service.serving.knative.dev / a / b", "serving.knative.dev/services a/b"),
        ("foos.example.com / a / b", "example.com/foos a/b"),
    ] {
        assert_eq!(resolve(text).unwrap().to_string(), expected, "{text}");
    }
}

#[test]
fn a_word_of_a_policy_means_all_that_it_may_mean_or_one() {
    let catalogue = catalogue();
    for (word, all, one) in [
        ("deploy", &["deployments.apps"] as &[&str], Some("deployments.apps")),
        ("Deployment", &["deployments.apps"], Some("deployments.apps")),
        ("deployments.apps", &["deployments.apps"], Some("deployments.apps")),
        ("pods", &["pods", "pods.metrics.k8s.io"], Some("pods")),
        ("pods.core", &["pods"], Some("pods")),
        ("events", &["events", "events.events.k8s.io"], Some("events")),
        ("services", &["services", "services.serving.knative.dev"], None),
    ] {
        let called = resources_called(word, &catalogue).unwrap();
        assert_eq!(called.iter().map(ToString::to_string).collect::<Vec<_>>(), all, "{word}");
        assert_eq!(resource_called(word, &catalogue).ok().map(ToString::to_string).as_deref(), one, "{word}");
    }
    for word in ["deploymnet", "", "deployments.batch"] {
        assert!(matches!(resources_called(word, &catalogue), Err(LocatorError::Unknown { .. })), "{word}");
        assert!(resource_called(word, &catalogue).is_err(), "{word}");
    }
}

#[test]
fn two_groups_of_the_same_objects_are_one_resource() {
    for (text, expected) in [
        ("events / a / *", "events a/*"),
        ("ev / a / *", "events a/*"),
        ("events.core / a / *", "events a/*"),
        ("events.events.k8s.io / a / *", "events.k8s.io/events a/*"),
    ] {
        assert_eq!(resolve(text).unwrap().to_string(), expected, "{text}");
    }
}

#[test]
fn what_is_not_one_part_of_the_cluster_is_refused_with_a_remedy() {
    for (text, expected) in [
        (
            "services / a / b",
            "`services` is ambiguous: write `services.core` or `services.serving.knative.dev`",
        ),
        ("foos / a / b", "`foos` is ambiguous: write `bars.example.com` or `foos.example.com`"),
        ("deploymnet / a / b", "the cluster serves no `deploymnet`; did you mean `deployments.apps`?"),
        (
            "deployments.app / a / b",
            "the cluster serves no `deployments.app`; did you mean `deployments.apps`?",
        ),
        ("widget / a / b", "the cluster serves no `widget`"),
        (
            "deploy / web",
            "`deployments.apps` live in namespaces: write `deployments.apps / <namespace> / web`",
        ),
        (
            "node / a / n1",
            "`nodes.core` live in no namespace: write `nodes.core / <name>`, or `nodes.core / *` for all",
        ),
        (
            "deploy / * / web",
            "`web` in all namespaces is many objects: name one namespace, or write `*` for the name",
        ),
        ("* / a / *", "`*` is every kind: name one, a grant is on one kind at a time"),
        ("deploy / A / web", "the locator `deploy / A / web` contains an invalid name"),
    ] {
        assert_eq!(resolve(text).unwrap_err().to_string(), expected, "{text}");
    }
    for text in ["", " ", "/", "a/", "a//b", "a/b/c/d"] {
        let error = resolve(text).unwrap_err();
        assert!(matches!(error, LocatorError::Form(_)), "{text:?}: {error}");
    }
}
