//! The evaluator: does a set of rules allow a request?
//!
//! Written from Kubernetes' own text, sharing nothing with [`crate::subset`], so that each can be held against the
//! other. Not here: bindings and namespaces beyond [`BindingScope`]; rules are additive and nothing denies.
//!
//! Source: `RuleAllows` in
//! <https://github.com/kubernetes/kubernetes/blob/v1.36.2/plugin/pkg/auth/authorizer/rbac/rbac.go> and the predicates in
//! <https://github.com/kubernetes/kubernetes/blob/v1.36.2/pkg/apis/rbac/v1/evaluation_helpers.go>.

use crate::request::{Request, ResourceRequest};
use crate::rule::{ALL, ResourceRule, Rule, UrlRule};

/// Where a binding makes its role count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindingScope {
    /// A ClusterRoleBinding: every request.
    Cluster,
    /// A RoleBinding: resource requests in this namespace.
    Namespace(String),
}

/// The first of `rules` that allows `request`; `None` means no.
///
/// ```
/// use p0_grant::evaluate::first_allowing;
/// use p0_grant::request::ResourceRequest;
/// use p0_grant::rule::ResourceRule;
///
/// let rules = [ResourceRule::new(["get"], [""], ["pods/log"], [] as [&str; 0])?.into()];
/// let log = ResourceRequest { verb: "get", resource: "pods", subresource: "log", name: "x", ..Default::default() };
/// let pod = ResourceRequest { subresource: "", ..log };
/// assert!(first_allowing(&rules, &log.into()).is_some());
/// assert!(first_allowing(&rules, &pod.into()).is_none());
/// # Ok::<(), p0_grant::rule::RuleError>(())
/// ```
pub fn first_allowing<'r>(rules: &'r [Rule], request: &Request<'_>) -> Option<&'r Rule> {
    rules.iter().find(|rule| rule_allows(rule, request))
}

/// Whether `rules`, bound in `scope`, allow `request`.
pub fn allows(scope: &BindingScope, rules: &[Rule], request: &Request<'_>) -> bool {
    counts_in(scope, request) && first_allowing(rules, request).is_some()
}

fn counts_in(scope: &BindingScope, request: &Request<'_>) -> bool {
    match (scope, request) {
        (BindingScope::Cluster, _) => true,
        (BindingScope::Namespace(bound), Request::Resource(request)) => request.namespace == bound,
        (BindingScope::Namespace(_), Request::Url { .. }) => false,
    }
}

fn rule_allows(rule: &Rule, request: &Request<'_>) -> bool {
    match (rule, request) {
        (Rule::Resource(rule), Request::Resource(request)) => resource_rule_allows(rule, request),
        (Rule::Url(rule), Request::Url { verb, path }) => url_rule_allows(rule, verb, path),
        _ => false,
    }
}

fn resource_rule_allows(rule: &ResourceRule, request: &ResourceRequest<'_>) -> bool {
    is_listed(rule.verbs(), request.verb)
        && is_listed(rule.api_groups(), request.group)
        && rule.resources().iter().any(|entry| resource_matches(entry, request))
        && name_matches(rule.resource_names(), request.name)
}

fn url_rule_allows(rule: &UrlRule, verb: &str, path: &str) -> bool {
    is_listed(rule.verbs(), verb) && rule.urls().iter().any(|entry| url_matches(entry, path))
}

/// Exact and case-sensitive; there are no globs.
fn is_listed(entries: &[String], asked: &str) -> bool {
    entries.iter().any(|entry| entry == ALL || entry == asked)
}

/// `*` covers subresources, `pods` does not, and `pods/*` is a literal that matches nothing real.
fn resource_matches(entry: &str, request: &ResourceRequest<'_>) -> bool {
    if entry == ALL {
        return true;
    }
    if request.subresource.is_empty() {
        return entry == request.resource;
    }
    entry.split_once('/').is_some_and(|(resource, sub)| {
        sub == request.subresource && (resource == ALL || resource == request.resource)
    })
}

/// No wildcard: `*` in `resourceNames` is the object named `*`, and `""` the request without a name.
fn name_matches(names: &[String], asked: &str) -> bool {
    names.is_empty() || names.iter().any(|name| name == asked)
}

fn url_matches(entry: &str, path: &str) -> bool {
    entry == ALL || entry == path || (entry.ends_with('*') && path.starts_with(entry.trim_end_matches('*')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::RuleError;

    fn rule(verbs: &str, group: &str, resource: &str, names: &[&str]) -> Rule {
        ResourceRule::new([verbs], [group], [resource], names.iter().copied()).unwrap().into()
    }

    fn get<'a>(resource: &'a str, subresource: &'a str, name: &'a str) -> Request<'a> {
        ResourceRequest { verb: "get", resource, subresource, name, ..Default::default() }.into()
    }

    #[test]
    fn resources_match_as_kubernetes_measured_them() {
        for (entry, resource, subresource, expected) in [
            ("pods", "pods", "", true),
            ("pods", "pods", "log", false),
            ("pods/log", "pods", "log", true),
            ("pods/log", "pods", "", false),
            ("*", "pods", "log", true),
            ("*/log", "pods", "log", true),
            ("*/log", "pods", "", false),
            ("pods/*", "pods", "log", false),
            ("*/*", "pods", "log", false),
            ("Pods", "pods", "", false),
        ] {
            let rules = [rule("get", "", entry, &[])];
            let answer = first_allowing(&rules, &get(resource, subresource, "")).is_some();
            assert_eq!(answer, expected, "{entry} on {resource}/{subresource}");
        }
    }

    #[test]
    fn names_are_exact_and_the_empty_name_is_the_unnamed_request() {
        for (names, asked, expected) in [
            (&[] as &[&str], "x", true),
            (&[], "", true),
            (&["x"], "x", true),
            (&["x"], "", false),
            (&["*"], "x", false),
            (&[""], "", true),
            (&[""], "x", false),
        ] {
            let rules = [rule("get", "", "pods", names)];
            let answer = first_allowing(&rules, &get("pods", "", asked)).is_some();
            assert_eq!(answer, expected, "{names:?} asked {asked:?}");
        }
    }

    #[test]
    fn groups_have_no_globs() {
        let request: Request<'_> =
            ResourceRequest { verb: "get", group: "events.k8s.io", resource: "events", ..Default::default() }
                .into();
        assert!(first_allowing(&[rule("get", "*.k8s.io", "events", &[])], &request).is_none());
        assert!(first_allowing(&[rule("get", "*", "events", &[])], &request).is_some());
    }

    #[test]
    fn urls_match_whole_or_by_prefix() -> Result<(), RuleError> {
        for (entry, path, expected) in [
            ("*", "/anything", true),
            ("/healthz", "/healthz", true),
            ("/healthz", "/healthz/etcd", false),
            ("/healthz/*", "/healthz/etcd", true),
            ("/healthz*", "/healthzzz", true),
            ("/*/etcd", "/healthz/etcd", false),
        ] {
            let rules = [UrlRule::new(["get"], [entry])?.into()];
            let answer = first_allowing(&rules, &Request::Url { verb: "get", path }).is_some();
            assert_eq!(answer, expected, "{entry} on {path}");
        }
        Ok(())
    }

    #[test]
    fn a_role_binding_counts_only_in_its_namespace() {
        let rules = [rule("get", "", "pods", &[]), UrlRule::new(["get"], ["*"]).unwrap().into()];
        let scope = BindingScope::Namespace("a".to_owned());
        let here = ResourceRequest { verb: "get", resource: "pods", namespace: "a", ..Default::default() };
        assert!(allows(&scope, &rules, &here.into()));
        assert!(!allows(&scope, &rules, &ResourceRequest { namespace: "b", ..here }.into()));
        assert!(!allows(&scope, &rules, &ResourceRequest { namespace: "", ..here }.into()));
        assert!(!allows(&scope, &rules, &Request::Url { verb: "get", path: "/" }));
        assert!(allows(&BindingScope::Cluster, &rules, &Request::Url { verb: "get", path: "/" }));
    }
}
