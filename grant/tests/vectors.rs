//! What Kubernetes 1.36 itself says of exact subsets of its own roles.
//!
//! `vectors/kubernetes-1.36.json` holds, for each role and selection, the rules of the subset and 200 requests with two
//! answers of the real authorizer each: given the role, and given the subset.
#![expect(clippy::unwrap_used, reason = "a vector that cannot be read is a failed test")]

use p0_grant::catalogue::Catalogue;
use p0_grant::evaluate::first_allowing;
use p0_grant::name::{Namespace, ObjectName};
use p0_grant::request::{Request, ResourceRequest};
use p0_grant::resource::{ApiResource, Scope};
use p0_grant::role::RoleRef;
use p0_grant::rule::{ResourceRule, Rule};
use p0_grant::selection::{Selection, Target};
use p0_grant::subset::{SubsetError, subset};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    kube: String,
    columns: [String; 7],
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    role: String,
    selection: Picked,
    expected: Vec<Rule>,
    /// Group, resource, subresource, verb, name; allowed by the role, by the subset.
    decisions: Vec<(String, String, String, String, String, u8, u8)>,
}

#[derive(Debug, Deserialize)]
struct Picked {
    group: String,
    resource: String,
    name: Option<String>,
    subresources: Vec<String>,
}

impl Picked {
    /// The vectors name no namespace; where the objects live changes no rule.
    fn selection(&self) -> Selection {
        let resource =
            ApiResource::new(self.group.as_str(), self.resource.as_str(), "Kind", Scope::Namespaced).unwrap();
        let resource = resource.with_subresources(self.subresources.iter().cloned()).unwrap();
        let namespace = Namespace::new("default").unwrap();
        let target = match &self.name {
            Some(name) => Target::Object { namespace, name: ObjectName::new(name.as_str()).unwrap() },
            None => Target::Kind { namespace },
        };
        Selection::new(resource, target)
            .unwrap()
            .with_subresources(self.subresources.iter().cloned())
            .unwrap()
    }
}

/// The vectors keep the order in which subresources were asked for; ours are a set, and come out sorted.
fn sorted(rules: &[Rule]) -> Vec<Rule> {
    let by_resource = rules.iter().filter_map(Rule::as_resource).map(|rule| {
        let mut resources = rule.resources().to_vec();
        resources.sort();
        ResourceRule::new(rule.verbs(), rule.api_groups(), resources, rule.resource_names()).unwrap().into()
    });
    by_resource.collect()
}

#[test]
fn subsets_and_decisions_are_those_of_kubernetes() {
    let vectors: Vectors = serde_json::from_str(include_str!("vectors/kubernetes-1.36.json")).unwrap();
    assert!(vectors.kube.starts_with("v1.36.") && vectors.columns[6] == "allowed_by_subset");
    let catalogue = Catalogue::embedded().unwrap();
    let mut decided = 0;
    for Case { role, selection: picked, expected, decisions } in &vectors.cases {
        let role = catalogue.role(&RoleRef::cluster_role(role.as_str()).unwrap()).unwrap();
        let rules = match subset(role, &picked.selection()) {
            Ok(subset) => subset.rules().to_vec(),
            Err(SubsetError::Nothing { .. }) => Vec::new(),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(sorted(&rules), sorted(expected), "{} on {picked:?}", role.reference());
        for (group, resource, subresource, verb, name, by_role, by_subset) in decisions {
            let request = Request::from(ResourceRequest {
                verb,
                group,
                resource,
                subresource,
                namespace: "default",
                name,
            });
            for (rules, answer) in [(role.rules(), by_role), (&rules, by_subset)] {
                let allowed = first_allowing(rules, &request).is_some();
                assert_eq!(allowed, *answer == 1, "{} on {picked:?}: {request:?}", role.reference());
                decided += 1;
            }
        }
    }
    assert!(
        vectors.cases.len() > 100 && decided > 40_000,
        "{decided} decisions of {} cases",
        vectors.cases.len()
    );
}
