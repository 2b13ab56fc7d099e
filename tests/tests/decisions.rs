//! Subsets against Kubernetes' own RBAC authorizer: never a request too many, never one too few.
//!
//! Two million decisions in the normal run. `P0_DECISIONS=100000000 cargo test --release -p p0-tests --test decisions`
//! takes longer and asks a hundred million.

use p0_grant::alias::alias_group;
use p0_grant::catalogue::Catalogue;
use p0_grant::evaluate::BindingScope;
use p0_grant::name::{Namespace, ObjectName};
use p0_grant::request::{Request, ResourceRequest};
use p0_grant::resource::{ApiResource, Scope};
use p0_grant::role::{Role, RoleRef};
use p0_grant::rule::{ResourceRule, Rule};
use p0_grant::selection::{Selection, Target};
use p0_grant::subset::subset;
use p0_tests::{ControlPlane, Oracle, RoleSet};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

const VERBS: &[&str] = &[
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "bind",
    "impersonate",
];
const NAMES: &[&str] = &["", "x", "y", "*"];
const NAMESPACES: &[&str] = &["", "a", "b"];

/// What is asked of one role and selection.
struct Case {
    rules: Vec<Rule>,
    subset: Vec<Rule>,
    /// The rules that name the alias group by itself: what a wildcard reaches of it is not owed.
    by_name: Vec<Rule>,
    selection: Selection,
}

/// Resources of the catalogue, and custom ones that share their plurals.
fn resources(catalogue: &Catalogue) -> Vec<ApiResource> {
    let served = catalogue.resources().iter().cloned();
    let custom = [
        ("serving.knative.dev", "services"),
        ("metrics.k8s.io", "pods"),
        ("example.com", "deployments"),
        ("example.com", "events"),
    ];
    let custom = custom.iter().map(|(group, plural)| {
        let resource = ApiResource::new(*group, *plural, "Custom", Scope::Namespaced).unwrap();
        resource.with_subresources(["scale", "status"]).unwrap()
    });
    served.chain(custom).collect()
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

/// Random rules whose words come from a few resources, their aliases and the wildcards.
fn rules(near: &[ApiResource]) -> impl Strategy<Value = Vec<Rule>> {
    let groups: Vec<String> = near
        .iter()
        .map(|resource| resource.group().to_owned())
        .chain(words(&["*", "", "apps", "extensions", "events.k8s.io", "*.k8s.io"]))
        .collect();
    let entry = |resource: &ApiResource| {
        let subs = resource.subresources().iter().map(|sub| format!("{}/{sub}", resource.plural()));
        std::iter::once(resource.plural().to_owned()).chain(subs).collect::<Vec<_>>()
    };
    let entries: Vec<String> = near
        .iter()
        .flat_map(entry)
        .chain(words(&["*", "*/scale", "*/status", "*/log", "pods/*", "*/*"]))
        .collect();
    let names = prop_oneof![2 => Just(Vec::new()), 1 => subsequence(words(NAMES), 1..=2)];
    let verbs: Vec<String> = words(VERBS).into_iter().chain(words(&["*"])).collect();
    let (groups, entries) = (subsequence(groups, 1..=3), subsequence(entries, 1..=4));
    let rule = (subsequence(verbs, 1..=4), groups, entries, names);
    let rule = rule.prop_map(|(verbs, groups, entries, names)| {
        Rule::from(ResourceRule::new(verbs, groups, entries, names).unwrap())
    });
    prop::collection::vec(rule, 1..6)
}

fn selections(resources: Vec<ApiResource>) -> impl Strategy<Value = Selection> {
    select(resources).prop_flat_map(|resource| {
        let (namespace, name) = (Namespace::new("a").unwrap(), ObjectName::new("x").unwrap());
        let targets = match resource.scope() {
            Scope::Cluster => vec![Target::ClusterObject { name }, Target::ClusterKind],
            Scope::Namespaced => vec![
                Target::Object { namespace: namespace.clone(), name },
                Target::Kind { namespace },
                Target::KindEverywhere,
            ],
        };
        let subresources = resource.subresources().to_vec();
        let most = subresources.len().min(3);
        (select(targets), subsequence(subresources, 0..=most)).prop_map(move |(target, subresources)| {
            Selection::new(resource.clone(), target).unwrap().with_subresources(subresources).unwrap()
        })
    })
}

/// Every third time one of Kubernetes' own roles, in turn, else a random one near the selection; and what the subsetter
/// makes of it.
fn case(number: usize, runner: &mut TestRunner, catalogue: &Catalogue, all: &[ApiResource]) -> Case {
    let selection = selections(all.to_vec()).new_tree(runner).unwrap().current();
    let rules = if number.is_multiple_of(3) {
        let roles = catalogue.roles();
        roles[number / 3 % roles.len()].rules().to_vec()
    } else {
        let near = [selection.resource().clone(), select(all.to_vec()).new_tree(runner).unwrap().current()];
        rules(&near).new_tree(runner).unwrap().current()
    };
    let role = Role::new(RoleRef::cluster_role("r").unwrap(), rules.clone());
    let subset = subset(&role, &selection).map(|subset| subset.rules().to_vec()).unwrap_or_default();
    let by_name = rules.iter().filter(|rule| {
        rule.as_resource().is_some_and(|rule| !rule.api_groups().iter().any(|group| group == "*"))
    });
    Case { by_name: by_name.cloned().collect(), rules, subset, selection }
}

/// Every request on and around a selection.
fn requests(selection: &Selection) -> Vec<ResourceRequest<'_>> {
    let resource = selection.resource();
    let alias = alias_group(resource.group(), resource.plural());
    let groups = [Some(resource.group()), alias, Some("example.org")];
    let subs: Vec<&str> = std::iter::once("")
        .chain(resource.subresources().iter().map(String::as_str))
        .chain(["other"])
        .collect();
    let mut requests = Vec::new();
    for group in groups.into_iter().flatten() {
        for plural in [resource.plural(), "others"] {
            for subresource in &subs {
                for verb in VERBS {
                    for namespace in NAMESPACES {
                        for name in NAMES {
                            requests.push(ResourceRequest {
                                verb,
                                group,
                                resource: plural,
                                subresource,
                                namespace,
                                name,
                            });
                        }
                    }
                }
            }
        }
    }
    requests
}

fn is_on(selection: &Selection, request: &ResourceRequest<'_>) -> bool {
    let resource = selection.resource();
    (request.group == resource.group()
        || Some(request.group) == alias_group(resource.group(), resource.plural()))
        && request.resource == resource.plural()
        && (request.subresource.is_empty() || selection.subresources().contains(request.subresource))
        && selection.target().name().is_none_or(|name| name.as_str() == request.name)
        && selection.target().namespace().is_none_or(|namespace| namespace.as_str() == request.namespace)
}

/// Counts decisions and panics at the first request too many or too few.
fn check(case: &Case, requests: &[ResourceRequest<'_>], answers: &[Vec<bool>]) -> usize {
    let [by_role, by_subset, by_name] = answers else { panic!("three answers") };
    for (index, request) in requests.iter().enumerate() {
        let on = is_on(&case.selection, request);
        let (role, sub) = (by_role[index], by_subset[index]);
        assert!(!sub || (role && on), "unsound: {request:?}\n{:?}\n{:?}", case.rules, case.subset);
        // A request to delete a collection carries no name, so none with one is owed.
        let exists = request.verb != "deletecollection" || request.name.is_empty();
        let owed = if request.group == case.selection.resource().group() { role } else { by_name[index] };
        assert!(
            !(owed && on && exists) || sub,
            "incomplete: {request:?}\n{:?}\n{:?}",
            case.rules,
            case.subset
        );
    }
    3 * requests.len()
}

#[test]
fn subsets_allow_what_kubernetes_own_authorizer_allows() {
    let wanted: usize =
        std::env::var("P0_DECISIONS").map_or(2_000_000, |text| text.parse().expect("a number"));
    let catalogue = Catalogue::embedded().unwrap();
    let all = resources(&catalogue);
    let mut runner = TestRunner::new(Config::default());
    let mut oracle = Oracle::start();
    let (mut decided, mut granted, mut number) = (0, 0, 0);
    // Each of Kubernetes' own roles has its turn, whatever the number of decisions.
    while decided < wanted || number < 3 * catalogue.roles().len() {
        let case = case(number, &mut runner, &catalogue, &all);
        number += 1;
        let requests = requests(&case.selection);
        let asked: Vec<Request<'_>> = requests.iter().map(|request| Request::Resource(*request)).collect();
        let scope = case.selection.target().binding_scope();
        let set = |rules, scope: &BindingScope| RoleSet { rules, binding: scope.into() };
        let sets = [
            set(&case.rules, &BindingScope::Cluster),
            set(&case.subset, &scope),
            set(&case.by_name, &BindingScope::Cluster),
        ];
        let answers = oracle.decide(&sets, &asked);
        granted += usize::from(!case.subset.is_empty());
        decided += check(&case, &requests, &answers);
    }
    assert!(granted > 100, "only {granted} roles gave anything");
    println!("{decided} decisions, {granted} subsets: 0 unsound, 0 incomplete");
}

/// The same by SubjectAccessReview on the real server, for users bound to a role and to its subset.
#[test]
fn subsets_allow_what_the_real_api_server_allows() {
    const WANTED: usize = 20_000;
    let plane = ControlPlane::start();
    let catalogue = Catalogue::embedded().unwrap();
    let all = resources(&catalogue);
    for namespace in ["a", "b"] {
        plane.admin().must_create(
            &json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } }),
        );
    }
    let mut runner = TestRunner::new(Config::default());
    let mut decided = 0;
    let mut number = 0;
    while decided < WANTED {
        number += 1;
        let case = case(number, &mut runner, &catalogue, &all);
        if case.subset.is_empty() {
            continue;
        }
        let scope = case.selection.target().binding_scope();
        let users = [
            ("role", &case.rules, &BindingScope::Cluster),
            ("subset", &case.subset, &scope),
            ("named", &case.by_name, &BindingScope::Cluster),
        ];
        let users: Vec<String> = users
            .into_iter()
            .map(|(kind, rules, scope)| bind(&plane, &format!("{kind}-{number}"), rules, scope))
            .collect();
        let requests: Vec<ResourceRequest<'_>> = requests(&case.selection).into_iter().step_by(7).collect();
        let answers: Vec<Vec<bool>> = users
            .iter()
            .map(|user| plane.admin().review(requests.iter().map(|request| review(user, request)).collect()))
            .collect();
        decided += check(&case, &requests, &answers);
    }
    println!("{decided} reviews: 0 unsound, 0 incomplete");
}

/// Makes a role and its binding; the user who has them.
fn bind(plane: &ControlPlane, name: &str, rules: &[Rule], scope: &BindingScope) -> String {
    let user = format!("user-{name}");
    let api = "rbac.authorization.k8s.io/v1";
    plane.admin().must_create(
        &json!({ "apiVersion": api, "kind": "ClusterRole", "metadata": { "name": name }, "rules": rules }),
    );
    let (kind, namespace) = match scope {
        BindingScope::Cluster => ("ClusterRoleBinding", None),
        BindingScope::Namespace(namespace) => ("RoleBinding", Some(namespace.as_str())),
    };
    plane.admin().must_create(&json!({
        "apiVersion": api, "kind": kind, "metadata": { "name": name, "namespace": namespace },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user }],
    }));
    user
}

fn review(user: &str, request: &ResourceRequest<'_>) -> Value {
    let ResourceRequest { verb, group, resource, subresource, namespace, name } = request;
    json!({ "user": user, "resourceAttributes": {
        "verb": verb, "group": group, "resource": resource, "subresource": subresource, "namespace": namespace, "name": name,
    }})
}
