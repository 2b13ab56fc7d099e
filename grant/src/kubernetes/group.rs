//! API groups: which ones Kubernetes ships. Not here: two groups of the same objects ([`crate::alias`]).

/// The API groups that a Kubernetes server has by itself; a test compares them with the embedded catalogue.
const SHIPPED: [&str; 22] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Whether a Kubernetes server has `group` by itself; `""` is the core group.
///
/// ```
/// use p0_grant::group::is_shipped;
///
/// assert!(is_shipped("apps") && is_shipped(""));
/// assert!(!is_shipped("metrics.k8s.io") && !is_shipped("argoproj.io"));
/// ```
pub fn is_shipped(group: &str) -> bool {
    SHIPPED.contains(&group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_of_the_embedded_catalogue_is_shipped() {
        let catalogue = include_str!("../../data/kubernetes-1.36.yaml");
        let served = catalogue.lines().filter_map(|line| line.strip_prefix("- {\"group\": \""));
        let groups: Vec<&str> = served.filter_map(|rest| rest.split('"').next()).collect();
        assert!(groups.len() > 50);
        assert_eq!(groups.into_iter().find(|group| !is_shipped(group)), None);
    }
}
