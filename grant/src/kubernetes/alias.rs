//! Alias groups: the only pairs in which two API groups address the same stored object.
//!
//! A fixed table keyed by (group, resource), never "the same plural elsewhere": `services` of `serving.knative.dev` is
//! not the core `services`.
//!
//! Source: `AddCohabitatingResources` in
//! <https://github.com/kubernetes/kubernetes/blob/v1.36.2/pkg/kubeapiserver/default_storage_factory_builder.go>.

/// Resource, its group, and the other group of the same object.
const PAIRS: [(&str, &str, &str); 8] = [
    ("daemonsets", "apps", "extensions"),
    ("deployments", "apps", "extensions"),
    ("events", "", "events.k8s.io"),
    ("ingresses", "networking.k8s.io", "extensions"),
    ("networkpolicies", "networking.k8s.io", "extensions"),
    ("podsecuritypolicies", "policy", "extensions"),
    ("replicasets", "apps", "extensions"),
    ("replicationcontrollers", "", "extensions"),
];

/// The other group under which `resource` of `group` is the same object.
///
/// ```
/// use p0_grant::alias::alias_group;
///
/// assert_eq!(alias_group("apps", "deployments"), Some("extensions"));
/// assert_eq!(alias_group("serving.knative.dev", "services"), None);
/// ```
pub fn alias_group(group: &str, resource: &str) -> Option<&'static str> {
    PAIRS.iter().find_map(|&(plural, one, other)| match () {
        () if plural != resource => None,
        () if one == group => Some(other),
        () if other == group => Some(one),
        () => None,
    })
}

/// As [`alias_group`], only where API servers still serve both groups: what a wildcard group really reaches.
pub fn served_alias_group(group: &str, resource: &str) -> Option<&'static str> {
    // Since 1.25 no other pair has two served groups (rbac.md §4).
    alias_group(group, resource).filter(|_| resource == "events")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_holds_both_ways() {
        for (resource, one, other) in PAIRS {
            assert_eq!(alias_group(one, resource), Some(other), "{resource}");
            assert_eq!(alias_group(other, resource), Some(one), "{resource}");
        }
    }

    #[test]
    fn a_shared_plural_is_not_an_alias() {
        for (group, resource) in [
            ("serving.knative.dev", "services"),
            ("", "services"),
            ("metrics.k8s.io", "pods"),
            ("metrics.k8s.io", "nodes"),
            ("config.openshift.io", "ingresses"),
            ("networking.internal.knative.dev", "ingresses"),
            ("crd.projectcalico.org", "networkpolicies"),
            ("example.com", "events"),
            ("cert-manager.io", "certificates"),
            ("extensions", "jobs"),
            ("extensions", "horizontalpodautoscalers"),
        ] {
            assert_eq!(alias_group(group, resource), None, "{group}/{resource}");
        }
    }

    #[test]
    fn only_events_is_served_twice() {
        let served: Vec<_> =
            PAIRS.iter().filter(|pair| served_alias_group(pair.1, pair.0).is_some()).collect();
        assert_eq!(served, [&("events", "", "events.k8s.io")]);
    }
}
