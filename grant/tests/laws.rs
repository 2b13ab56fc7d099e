//! The laws of subsetting, P1 to P9 of the RBAC reference, over random roles and every request of a small world.
//!
//! Roles are judged by the evaluator, which shares no code with the subsetter. P10 and P11 are the manifests' laws, P12
//! is the forge's.
#![expect(clippy::unwrap_used, reason = "what the strategies build is valid by construction")]

use p0_grant::alias::alias_group;
use p0_grant::covers::covers;
use p0_grant::danger::{Class, Site, worst};
use p0_grant::evaluate::{BindingScope, allows};
use p0_grant::name::{Namespace, ObjectName};
use p0_grant::offer::{NamespacePattern, SystemNamespaces};
use p0_grant::plan::{Settings, preview};
use p0_grant::request::{Request, ResourceRequest};
use p0_grant::resource::{ApiResource, Scope};
use p0_grant::restrict::{Restriction, STANDARD_VERBS, is_privileged, restrict};
use p0_grant::role::{Role, RoleRef};
use p0_grant::rule::{ResourceRule, Rule, UrlRule};
use p0_grant::selection::{Selection, Target};
use p0_grant::subset::{DropReason, Subset, subset};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const GROUPS: &[&str] = &["", "apps", "extensions", "events.k8s.io", "example.com"];
const RESOURCES: &[&str] = &["pods", "deployments", "events", "serviceaccounts"];
const SUBRESOURCES: &[&str] = &["proxy", "scale", "status"];
const VERBS: &[&str] = &["get", "list", "create", "deletecollection", "patch", "impersonate"];
const NAMES: &[&str] = &["", "x", "y", "*"];
const NAMESPACES: &[&str] = &["", "a", "b"];

/// Where each resource of the world is served.
const SERVED: &[(&str, &str)] = &[
    ("", "pods"),
    ("apps", "deployments"),
    ("example.com", "deployments"),
    ("", "events"),
    ("events.k8s.io", "events"),
    ("", "serviceaccounts"),
    ("example.com", "pods"),
];

fn some_of(words: Vec<String>) -> impl Strategy<Value = Vec<String>> {
    let most = words.len().min(3);
    subsequence(words, 1..=most).prop_shuffle()
}

fn words(list: &[&str], more: &[&str]) -> Vec<String> {
    list.iter().chain(more).map(ToString::to_string).collect()
}

fn entries() -> Vec<String> {
    let of = |resource: &&str| SUBRESOURCES.iter().map(|sub| format!("{resource}/{sub}")).collect::<Vec<_>>();
    let literal = RESOURCES.iter().chain(&["*"]).flat_map(of);
    words(RESOURCES, &["*", "*", "pods/*", "*/*"]).into_iter().chain(literal).collect()
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let names = prop_oneof![3 => Just(Vec::new()), 2 => some_of(words(NAMES, &[]))];
    let groups = some_of(words(GROUPS, &["*", "*.k8s.io"]));
    let rule = (some_of(words(VERBS, &["*"])), groups, some_of(entries()), names);
    let resource = rule.prop_map(|(verbs, groups, resources, names)| {
        Rule::from(ResourceRule::new(verbs, groups, resources, names).unwrap())
    });
    let url = some_of(words(&["get"], &["*"]))
        .prop_map(|verbs| UrlRule::new(verbs, ["/healthz/*"]).unwrap().into());
    prop::collection::vec(prop_oneof![9 => resource, 1 => url], 1..6)
}

fn target(scope: Scope) -> impl Strategy<Value = Target> {
    let namespace = Namespace::new("a").unwrap();
    let name = ObjectName::new("x").unwrap();
    match scope {
        Scope::Namespaced => select(vec![
            Target::Object { namespace: namespace.clone(), name },
            Target::Kind { namespace },
            Target::KindEverywhere,
        ]),
        Scope::Cluster => select(vec![Target::ClusterObject { name }, Target::ClusterKind]),
    }
}

fn selections() -> impl Strategy<Value = Selection> {
    let scope = select(vec![Scope::Namespaced, Scope::Namespaced, Scope::Cluster]);
    (select(SERVED), scope).prop_flat_map(|((group, plural), scope)| {
        let resource = ApiResource::new(group, plural, "Kind", scope).unwrap();
        let resource = resource.with_subresources(SUBRESOURCES.iter().copied()).unwrap();
        let asked = subsequence(words(SUBRESOURCES, &[]), 0..=SUBRESOURCES.len());
        (target(scope), asked).prop_map(move |(target, asked)| {
            Selection::new(resource.clone(), target).unwrap().with_subresources(asked).unwrap()
        })
    })
}

fn role(rules: Vec<Rule>) -> Role {
    Role::new(RoleRef::cluster_role("r").unwrap(), rules)
}

/// The subset, or none where the role gives nothing.
fn cut(rules: &[Rule], selection: &Selection) -> Option<Subset> {
    subset(&role(rules.to_vec()), selection).ok()
}

fn rules_of(subset: Option<&Subset>) -> Vec<Rule> {
    subset.map(|subset| subset.rules().to_vec()).unwrap_or_default()
}

/// Every request of the world.
fn requests() -> impl Iterator<Item = ResourceRequest<'static>> {
    let places = NAMESPACES.iter().flat_map(|namespace| NAMES.iter().map(move |name| (*namespace, *name)));
    places.flat_map(|(namespace, name)| {
        let things = RESOURCES
            .iter()
            .flat_map(|resource| SUBRESOURCES.iter().chain(&[""]).map(move |sub| (*resource, *sub)));
        things.flat_map(move |(resource, subresource)| {
            let acts = GROUPS.iter().flat_map(|group| VERBS.iter().map(move |verb| (*group, *verb)));
            acts.map(move |(group, verb)| ResourceRequest {
                verb,
                group,
                resource,
                subresource,
                namespace,
                name,
            })
        })
    })
}

/// Whether a request of this form exists: deleting a collection carries no name.
fn can_be_formed(request: &ResourceRequest<'_>) -> bool {
    request.verb != "deletecollection" || request.name.is_empty()
}

/// `t(q)`: whether the request is on the selection.
fn is_on(selection: &Selection, request: &ResourceRequest<'_>) -> bool {
    let resource = selection.resource();
    let own_group = request.group == resource.group();
    let aliased = alias_group(resource.group(), resource.plural()) == Some(request.group);
    let own_sub = request.subresource.is_empty() || selection.subresources().contains(request.subresource);
    (own_group || aliased)
        && request.resource == resource.plural()
        && own_sub
        && selection.target().name().is_none_or(|name| name.as_str() == request.name)
        && selection.target().namespace().is_none_or(|namespace| namespace.as_str() == request.namespace)
}

fn bound(selection: &Selection) -> BindingScope {
    match selection.target().namespace() {
        Some(namespace) => BindingScope::Namespace(namespace.to_string()),
        None => BindingScope::Cluster,
    }
}

fn is_allowed(scope: &BindingScope, rules: &[Rule], request: &ResourceRequest<'_>) -> bool {
    allows(scope, rules, &Request::Resource(*request))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn p1_sound_and_p2_complete(rules in rules(), selection in selections()) {
        let sub = rules_of(cut(&rules, &selection).as_ref());
        let alias_by_name: Vec<Rule> = rules.iter().filter(|rule| !names_every_group(rule)).cloned().collect();
        for request in requests() {
            let by_subset = is_allowed(&bound(&selection), &sub, &request);
            let by_role = is_allowed(&BindingScope::Cluster, &rules, &request);
            prop_assert!(!by_subset || (by_role && is_on(&selection, &request)), "unsound: {request:?} {sub:?}");
            let owed = if request.group == selection.resource().group() {
                by_role
            } else {
                is_allowed(&BindingScope::Cluster, &alias_by_name, &request)
            };
            let owed = owed && is_on(&selection, &request) && can_be_formed(&request);
            prop_assert!(!owed || by_subset, "incomplete: {request:?} {sub:?}");
        }
    }

    #[test]
    fn p3_the_role_covers_its_subset(rules in rules(), selection in selections()) {
        let sub = rules_of(cut(&rules, &selection).as_ref());
        prop_assert_eq!(covers(&rules, &sub), Ok(()));
    }

    #[test]
    fn p4_idempotent(rules in rules(), selection in selections()) {
        let once = rules_of(cut(&rules, &selection).as_ref());
        prop_assert_eq!(rules_of(cut(&once, &selection).as_ref()), once);
    }

    #[test]
    fn p5_monotone(rules in rules(), more in rules(), selection in selections()) {
        let less = rules_of(cut(&rules, &selection).as_ref());
        let all: Vec<Rule> = rules.into_iter().chain(more).collect();
        let more = rules_of(cut(&all, &selection).as_ref());
        let scope = bound(&selection);
        prop_assert!(requests().all(|request| !is_allowed(&scope, &less, &request) || is_allowed(&scope, &more, &request)));
    }

    #[test]
    fn p6_an_object_gets_no_more_than_its_kind(rules in rules(), selection in selections()) {
        let kind = match selection.target() {
            Target::Object { namespace, .. } => Target::Kind { namespace: namespace.clone() },
            Target::ClusterObject { .. } => Target::ClusterKind,
            _ => return Ok(()),
        };
        let wide = Selection::new(selection.resource().clone(), kind).unwrap();
        let wide = wide.with_subresources(selection.subresources().iter().cloned()).unwrap();
        let (narrow, wide) = (rules_of(cut(&rules, &selection).as_ref()), rules_of(cut(&rules, &wide).as_ref()));
        let scope = bound(&selection);
        prop_assert!(requests().all(|request| !is_allowed(&scope, &narrow, &request) || is_allowed(&scope, &wide, &request)));
    }

    #[test]
    fn p7_only_literals_and_p8_only_the_name(rules in rules(), selection in selections()) {
        let plural = selection.resource().plural();
        for rule in rules_of(cut(&rules, &selection).as_ref()) {
            let Rule::Resource(rule) = rule else { panic!("a URL rule in a subset") };
            prop_assert!(rule.api_groups().len() <= 2 && !rule.api_groups().iter().any(|group| group.contains('*')));
            for entry in rule.resources() {
                let sub = entry.strip_prefix(plural).unwrap();
                prop_assert!(sub.is_empty() || selection.subresources().contains(sub.strip_prefix('/').unwrap()));
            }
            if let Some(name) = selection.target().name() {
                prop_assert_eq!(rule.resource_names(), [name.to_string()]);
            }
        }
    }

    #[test]
    fn p9_order_decides_nothing((rules, shuffled) in rules().prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle())), selection in selections()) {
        let (one, other) = (cut(&rules, &selection), cut(&shuffled, &selection));
        prop_assert_eq!(&cut(&rules, &selection), &one);
        let (one, other) = (rules_of(one.as_ref()), rules_of(other.as_ref()));
        let scope = bound(&selection);
        prop_assert!(requests().all(|request| is_allowed(&scope, &one, &request) == is_allowed(&scope, &other, &request)));
    }

    #[test]
    fn restriction_only_takes_away_and_says_what(rules in rules(), selection in selections()) {
        let Some(exact) = cut(&rules, &selection) else { return Ok(()) };
        let before = exact.rules().to_vec();
        let after = restrict(exact, &selection, Restriction::default());
        let (rules, dropped) = match &after {
            Ok(subset) => (subset.rules(), subset.dropped()),
            Err(_) => (&[][..], &[][..]),
        };
        let scope = bound(&selection);
        for request in requests() {
            let (was, is) = (is_allowed(&scope, &before, &request), is_allowed(&scope, rules, &request));
            prop_assert!(was || !is, "widened: {request:?}");
            let power = request.verb == "impersonate" && selection.resource().plural() == "serviceaccounts";
            let power = (power && selection.resource().group().is_empty()) || request.subresource == "proxy";
            prop_assert!(!is || !power, "kept: {request:?}");
            let said = after.is_err() || dropped.iter().any(|drop| {
                matches!(drop.reason, DropReason::Privileged | DropReason::WildcardExpanded)
                    && drop.verbs.iter().any(|verb| verb == "*" || verb == request.verb)
            });
            prop_assert!(!was || is || said || !can_be_formed(&request), "dropped in silence: {request:?}");
        }
        prop_assert!(rules.iter().flat_map(Rule::verbs).all(|verb| !is_privileged(verb)));
    }
}

fn names_every_group(rule: &Rule) -> bool {
    matches!(rule, Rule::Resource(rule) if rule.api_groups().iter().any(|group| group == "*"))
}

/// What stands in the kind's place in the order of judgement: withheld is more than any class.
fn asks(rules: &[Rule], selection: &Selection) -> Option<(bool, Option<Class>)> {
    let system = NamespacePattern::try_from("a".to_owned()).unwrap();
    let site = Site { applier_namespaces: vec![Namespace::new("b").unwrap()], rows: Vec::new() };
    let settings = Settings { system: SystemNamespaces::with([system]), site, ..Settings::default() };
    let report = preview(&role(rules.to_vec()), selection, &settings).ok()?;
    Some((report.withheld().is_some(), worst(report.dangers())))
}

/// The selections that contain `selection` and are wider in one way.
fn wider(selection: &Selection) -> Vec<Selection> {
    let targets = match selection.target() {
        Target::Object { namespace, .. } => {
            vec![Target::Kind { namespace: namespace.clone() }, Target::KindEverywhere]
        }
        Target::Kind { .. } => vec![Target::KindEverywhere],
        Target::ClusterObject { .. } => vec![Target::ClusterKind],
        Target::KindEverywhere | Target::ClusterKind => Vec::new(),
    };
    let asked = || selection.subresources().iter();
    let of = |target: Target| Selection::new(selection.resource().clone(), target).unwrap();
    let mut wider: Vec<Selection> =
        targets.into_iter().map(|target| of(target).with_subresources(asked()).unwrap()).collect();
    wider.push(of(selection.target().clone()).with_subresources(SUBRESOURCES.iter().copied()).unwrap());
    wider
}

/// Resources whose rows go by place or by verb, on objects that rows know by name.
fn risky_selections() -> impl Strategy<Value = Selection> {
    let resources = vec![
        ("", "configmaps"),
        ("", "endpoints"),
        ("", "namespaces"),
        ("", "pods"),
        ("", "secrets"),
        ("", "serviceaccounts"),
        ("", "services"),
        ("coordination.k8s.io", "leases"),
        ("example.com", "widgets"),
        ("networking.k8s.io", "networkpolicies"),
        ("rbac.authorization.k8s.io", "roles"),
    ];
    let names = select(vec!["aws-auth", "kube-system", "x"]);
    let places = select(vec!["a", "b", "default", "kube-system"]);
    (select(resources), names, places, 0..4usize).prop_map(|((group, plural), name, place, form)| {
        let name = ObjectName::new(name).unwrap();
        let namespace = Namespace::new(place).unwrap();
        let target = match form {
            _ if plural == "namespaces" => Target::ClusterObject { name },
            0 => Target::Kind { namespace },
            _ => Target::Object { namespace, name },
        };
        let resource = ApiResource::new(group, plural, "Kind", target.scope()).unwrap();
        let resource = resource.with_subresources(SUBRESOURCES.iter().copied()).unwrap();
        Selection::new(resource, target).unwrap()
    })
}

fn risky_rules() -> impl Strategy<Value = Vec<Rule>> {
    let verbs = words(&STANDARD_VERBS, &["*", "bind", "impersonate"]);
    let names =
        prop_oneof![2 => Just(Vec::new()), 1 => some_of(words(&["aws-auth", "kube-system", "x"], &[]))];
    let entries = prop_oneof![Just(vec!["*".to_owned()]), some_of(entries())];
    let rule = (some_of(verbs), entries, names);
    let rule = rule.prop_map(|(verbs, entries, names)| {
        Rule::from(ResourceRule::new(verbs, ["*"], entries, names).unwrap())
    });
    prop::collection::vec(rule, 1..4)
}

proptest! {
    #[test]
    fn a_wider_selection_is_never_more_lenient(
        (rules, selection) in prop_oneof![
            (rules(), selections()).boxed(),
            (risky_rules(), risky_selections()).boxed(),
        ],
    ) {
        let Some((withheld, class)) = asks(&rules, &selection) else { return Ok(()) };
        for wider in wider(&selection) {
            let (wider_withheld, wider_class) = asks(&rules, &wider).unwrap();
            prop_assert!(wider_withheld || !withheld, "{} is withheld, {} is not: {:?}", selection, wider, rules);
            prop_assert!(wider_class >= class, "{}: {:?}, {}: {:?}: {:?}", selection, class, wider, wider_class, rules);
        }
    }
}
