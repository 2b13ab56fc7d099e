//! Discovery: what a cluster says it serves, as resources that can be picked.
//!
//! A resource is one thing however many versions of its group serve it: its kind, scope and names come from the version
//! that the server prefers, its subresources from all of them, because rules know no versions. Not here: asking a server.
//!
//! Source: <https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery>.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::resource::{ApiResource, ResourceError, Scope};

/// What to ask a server for, so that it answers with one document for all groups.
pub const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
     application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// What a cluster serves, and what it does not say.
#[derive(Debug, Default)]
pub struct Discovered {
    /// Every resource, sorted by group and plural.
    pub resources: Vec<ApiResource>,
    /// Group versions whose server does not answer.
    pub failed: Vec<FailedGroup>,
    /// What cannot be picked.
    pub left_out: Vec<LeftOut>,
}

/// A group version that discovery lists and whose server does not answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FailedGroup {
    /// The API group.
    pub group: String,
    /// Its version.
    pub version: String,
    /// Why, as far as the server says.
    pub reason: String,
}

/// Something the cluster has that a catalogue cannot hold, and so a request cannot select.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LeftOut {
    /// What.
    pub what: String,
    /// Why.
    pub reason: String,
}

/// One version of one group. Those of a group come in the server's order of preference.
#[derive(Debug)]
pub struct GroupVersion {
    /// The API group.
    pub group: String,
    /// Its version.
    pub version: String,
    /// The resources, or why they could not be had.
    pub answer: Result<Vec<Served>, String>,
}

/// A resource as one version serves it.
#[derive(Clone, Debug, Default)]
pub struct Served {
    /// Its plural.
    pub plural: String,
    /// Absent where only subresources are served, as custom metrics are.
    pub object: Option<ServedObject>,
    /// Its subresources.
    pub subresources: Vec<String>,
}

/// What is said of a resource's objects.
#[derive(Clone, Debug)]
pub struct ServedObject {
    /// Their kind.
    pub kind: String,
    /// Whether they live in namespaces.
    pub scope: Scope,
    /// The singular; empty where nothing is said.
    pub singular: String,
    /// Short names.
    pub short_names: Vec<String>,
}

/// The document that answers [`AGGREGATED`], as far as it is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Document {
    kind: String,
    items: Vec<Group>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Group {
    metadata: Metadata,
    versions: Vec<Version>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Version {
    version: String,
    freshness: Option<String>,
    resources: Vec<Resource>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Resource {
    resource: String,
    response_kind: Option<ResponseKind>,
    scope: Option<String>,
    singular_resource: String,
    short_names: Vec<String>,
    subresources: Vec<Subresource>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ResponseKind {
    kind: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Subresource {
    subresource: String,
}

impl Document {
    /// Every version of every group in it; `None` where an old server sent its own form instead, in which every field of
    /// this one is missing.
    pub fn group_versions(self) -> Option<Vec<GroupVersion>> {
        if self.kind != "APIGroupDiscoveryList" {
            return None;
        }
        let of_group = |group: Group| {
            let name = group.metadata.name;
            group.versions.into_iter().map(move |version| version.of(name.clone()))
        };
        Some(self.items.into_iter().flat_map(of_group).collect())
    }
}

impl Version {
    fn of(self, group: String) -> GroupVersion {
        let answer = match self.freshness.as_deref() {
            Some("Stale") => Err("the server behind it does not answer".to_owned()),
            _ => Ok(self.resources.into_iter().map(Served::from).collect()),
        };
        GroupVersion { group, version: self.version, answer }
    }
}

impl From<Resource> for Served {
    fn from(resource: Resource) -> Self {
        let kind = resource.response_kind.map(|answer| answer.kind).filter(|kind| !kind.is_empty());
        let scope = match resource.scope.as_deref() {
            Some("Namespaced") => Scope::Namespaced,
            _ => Scope::Cluster,
        };
        let (singular, short_names) = (resource.singular_resource, resource.short_names);
        let object = kind.map(|kind| ServedObject { kind, scope, singular, short_names });
        let subresources = resource.subresources.into_iter().map(|sub| sub.subresource).collect();
        Self { plural: resource.resource, object, subresources }
    }
}

impl Discovered {
    /// Puts the versions of all groups together.
    pub fn merge(versions: Vec<GroupVersion>) -> Self {
        let mut discovered = Self::default();
        let mut resources: BTreeMap<(String, String), Served> = BTreeMap::new();
        for GroupVersion { group, version, answer } in versions {
            match answer {
                Ok(served) => served.into_iter().for_each(|served| add(&mut resources, &group, served)),
                Err(reason) => discovered.failed.push(FailedGroup { group, version, reason }),
            }
        }
        for ((group, plural), served) in resources {
            let what = format!("{plural}.{group}");
            let reason =
                match served.object.map(|object| resource(&group, plural, object, served.subresources)) {
                    Some(Ok(resource)) => {
                        discovered.resources.push(resource);
                        continue;
                    }
                    Some(Err(error)) => error.to_string(),
                    None => "it has subresources and no objects of its own".to_owned(),
                };
            discovered.left_out.push(LeftOut { what, reason });
        }
        discovered
    }
}

/// Joins one version's answer with those of the versions before it.
fn add(resources: &mut BTreeMap<(String, String), Served>, group: &str, served: Served) {
    match resources.entry((group.to_owned(), served.plural.clone())) {
        Entry::Vacant(entry) => {
            entry.insert(served);
        }
        Entry::Occupied(mut entry) => {
            let known = entry.get_mut();
            known.subresources.extend(served.subresources);
            known.object = known.object.take().or(served.object);
        }
    }
}

fn resource(
    group: &str,
    plural: String,
    object: ServedObject,
    subresources: Vec<String>,
) -> Result<ApiResource, ResourceError> {
    ApiResource::new(group, plural, object.kind, object.scope)?
        .with_singular(object.singular)
        .with_short_names(object.short_names)
        .with_subresources(subresources)
}

impl fmt::Display for FailedGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}/{}`: {}", self.group, self.version, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(plural: &str, kind: &str, subresources: &[&str]) -> Served {
        Served {
            plural: plural.to_owned(),
            object: (!kind.is_empty()).then(|| ServedObject {
                kind: kind.to_owned(),
                scope: Scope::Namespaced,
                singular: String::new(),
                short_names: Vec::new(),
            }),
            subresources: subresources.iter().map(ToString::to_string).collect(),
        }
    }

    fn version(group: &str, version: &str, answer: Result<Vec<Served>, String>) -> GroupVersion {
        GroupVersion { group: group.to_owned(), version: version.to_owned(), answer }
    }

    #[test]
    fn versions_are_merged_and_the_preferred_one_names_the_resource() {
        let discovered = Discovered::merge(vec![
            version("g", "v1", Ok(vec![served("foos", "Foo", &["status"])])),
            version(
                "g",
                "v1beta1",
                Ok(vec![served("foos", "OldFoo", &["scale", "status"]), served("bars", "Bar", &[])]),
            ),
            version("h", "v1", Ok(vec![served("foos", "Other", &[])])),
        ]);
        let found: Vec<_> = discovered
            .resources
            .iter()
            .map(|resource| (resource.to_string(), resource.kind(), resource.subresources().join(" ")))
            .collect();
        assert_eq!(
            found,
            [
                ("bars.g".to_owned(), "Bar", String::new()),
                ("foos.g".to_owned(), "Foo", "scale status".to_owned()),
                ("foos.h".to_owned(), "Other", String::new()),
            ]
        );
    }

    #[test]
    fn nothing_is_lost_without_a_word() {
        let discovered = Discovered::merge(vec![
            version("broken", "v1", Err("it is down".to_owned())),
            version("metrics", "v1", Ok(vec![served("pods", "", &["requests"]), served("a b", "Foo", &[])])),
        ]);
        assert!(discovered.resources.is_empty());
        assert_eq!(discovered.failed[0].to_string(), "`broken/v1`: it is down");
        let left_out: Vec<_> = discovered.left_out.iter().map(|left| left.what.as_str()).collect();
        assert_eq!(left_out, ["a b.metrics", "pods.metrics"]);
    }

    #[test]
    fn the_aggregated_document_is_read_and_an_old_servers_answer_is_told_apart() {
        let document = r#"{"kind": "APIGroupDiscoveryList", "items": [{"metadata": {"name": "apps"}, "versions": [
            {"version": "v1", "freshness": "Current", "resources": [{"resource": "deployments",
             "responseKind": {"group": "apps", "version": "v1", "kind": "Deployment"}, "scope": "Namespaced",
             "singularResource": "deployment", "shortNames": ["deploy"], "verbs": ["get"],
             "subresources": [{"subresource": "scale", "verbs": ["get"]}]}]},
            {"version": "v0", "freshness": "Stale"}]}]}"#;
        let document: Document = serde_json::from_str(document).unwrap();
        let discovered = Discovered::merge(document.group_versions().unwrap());
        let deployments = &discovered.resources[0];
        assert_eq!(
            (deployments.to_string().as_str(), deployments.scope()),
            ("deployments.apps", Scope::Namespaced)
        );
        assert_eq!(
            (deployments.short_names(), deployments.subresources()),
            (&["deploy".to_owned()][..], &["scale".to_owned()][..])
        );
        assert_eq!(discovered.failed[0].version, "v0");
        let old: Document = serde_json::from_str(r#"{"kind": "APIGroupList", "groups": []}"#).unwrap();
        assert!(old.group_versions().is_none());
    }
}
