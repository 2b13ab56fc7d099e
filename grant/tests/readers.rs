//! What people hand in, roles and locators, may be anything: the readers answer, and never panic.

use p0_grant::catalogue::{Catalogue, read_roles};
use p0_grant::locator::Locator;
use p0_grant::resource::Scope;
use p0_grant::selection::SelectionText;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const LISTED: &str = r#"apiVersion: v1
kind: List
items:
- apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRole
  aggregationRule:
    clusterRoleSelectors:
    - matchLabels: {to: all}
      matchExpressions:
      - {key: team, operator: NotIn, values: [red]}
  metadata:
    name: all
    managedFields: [{"f:rules": {}}]
  rules: null
- apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRole
  metadata: {name: part, labels: {to: all}}
  rules:
  - apiGroups: [""]
    resourceNames: ["no", "012"]
    resources: [pods, pods/log]
    verbs: [get]
  - nonResourceURLs: [/healthz]
    verbs: [get]
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata: {name: r, namespace: n}
  rules: []
"#;

/// A text with some letters replaced by others.
fn spoilt(text: &'static str, by: &'static [&'static str]) -> impl Strategy<Value = String> {
    let change = (any::<Index>(), 0..4usize, select(by));
    prop::collection::vec(change, 1..4).prop_map(move |changes| {
        let mut letters: Vec<char> = text.chars().collect();
        for (at, cut, put) in changes {
            let at = at.index(letters.len() + 1);
            letters.splice(at..(at + cut).min(letters.len()), put.chars());
        }
        letters.into_iter().collect()
    })
}

fn role_texts() -> impl Strategy<Value = String> {
    let by =
        &["", " ", "\n", "- ", "\"", "{", "]", "&a ", "*a", "!t ", "---\n", ": ", "null", "\u{85}", "é"][..];
    prop_oneof![4 => spoilt(LISTED, by), 1 => any::<String>()]
}

fn locator_texts() -> impl Strategy<Value = String> {
    let kinds = select(vec![
        "pods",
        "Deployment",
        "deploy.apps",
        "events",
        "nodes.core",
        "no",
        "*",
        "x",
        "Services.",
    ]);
    let parts = select(vec!["", " ", "*", "default", "kube-system", "a b", "A", "..", "é", "%"]);
    let built = (kinds, prop::collection::vec(parts, 0..4))
        .prop_map(|(kind, parts)| std::iter::once(kind).chain(parts).collect::<Vec<_>>().join(" / "));
    prop_oneof![3 => built, 1 => any::<String>()]
}

proptest! {
    #[test]
    fn whatever_roles_are_read_make_a_catalogue_that_reads_back(text in role_texts()) {
        if let Ok(list) = read_roles(&text) {
            let roles = list.roles;
            let catalogue = Catalogue::new("v1", Vec::new(), Vec::new(), roles).unwrap();
            prop_assert_eq!(Catalogue::read(&catalogue.write().unwrap()).unwrap(), catalogue);
        }
    }

    #[test]
    fn whatever_a_locator_picks_is_served_and_has_the_scope(text in locator_texts()) {
        let catalogue = Catalogue::embedded().unwrap();
        let Ok(locator) = text.parse::<Locator>() else { return Ok(()) };
        if let Ok(selection) = locator.resolve(&catalogue) {
            let picked: SelectionText = selection.to_string().parse().unwrap();
            let served = catalogue.resource(&picked.group, &picked.plural).unwrap();
            prop_assert_eq!(served.scope(), picked.target.scope());
        }
    }

    #[test]
    fn a_catalogue_reader_answers_to_any_text(text in any::<String>()) {
        let _ = Catalogue::read(&text);
    }
}

#[test]
fn every_resource_can_be_picked_by_its_plural_and_group() {
    let catalogue = Catalogue::embedded().unwrap();
    for resource in catalogue.resources() {
        let group = if resource.group().is_empty() { "core" } else { resource.group() };
        let place = match resource.scope() {
            Scope::Namespaced => "default / x",
            Scope::Cluster => "x",
        };
        let locator: Locator = format!("{}.{group} / {place}", resource.plural()).parse().unwrap();
        assert_eq!(locator.resolve(&catalogue).unwrap().resource(), resource);
    }
}

#[test]
fn no_word_for_kubernetes_own_resources_is_ambiguous() {
    let catalogue = Catalogue::embedded().unwrap();
    for resource in catalogue.resources() {
        for word in resource.words() {
            let selection = word.parse::<Locator>().unwrap().resolve(&catalogue).unwrap();
            assert_eq!(selection.resource().plural(), resource.plural(), "{word}");
        }
    }
}
