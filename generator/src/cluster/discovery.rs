//! Discovery: every resource that is served, of every group.
//!
//! A resource is one thing however many versions of its group serve it: its kind, scope and names come from the version
//! that the server prefers, its subresources from all of them, because rules know no versions.
//!
//! Source: <https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api>.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use p0_grant::resource::{ApiResource, ResourceError, Scope};

use super::Cluster;
use super::error::ClusterError;
use super::error::FailedGroup;
use super::export::LeftOut;

mod fetch;

/// What a cluster serves, and what it does not say.
#[derive(Debug, Default)]
pub(super) struct Discovered {
    pub(super) resources: Vec<ApiResource>,
    pub(super) failed: Vec<FailedGroup>,
    pub(super) left_out: Vec<LeftOut>,
}

/// One version of one group. Those of a group come in the server's order of preference.
#[derive(Debug)]
struct GroupVersion {
    group: String,
    version: String,
    /// The resources, or why they could not be had.
    answer: Result<Vec<Served>, String>,
}

/// A resource as one version serves it.
#[derive(Clone, Debug, Default)]
struct Served {
    plural: String,
    /// Absent where only subresources are served, as custom metrics are.
    object: Option<Object>,
    subresources: Vec<String>,
}

/// What is said of a resource's objects.
#[derive(Clone, Debug)]
struct Object {
    kind: String,
    scope: Scope,
    singular: String,
    short_names: Vec<String>,
}

impl Cluster {
    pub(super) async fn discover(&self) -> Result<Discovered, ClusterError> {
        Ok(merge(self.group_versions().await?))
    }
}

fn merge(versions: Vec<GroupVersion>) -> Discovered {
    let mut discovered = Discovered::default();
    let mut resources: BTreeMap<(String, String), Served> = BTreeMap::new();
    for GroupVersion { group, version, answer } in versions {
        match answer {
            Ok(served) => served.into_iter().for_each(|served| add(&mut resources, &group, served)),
            Err(reason) => discovered.failed.push(FailedGroup { group, version, reason }),
        }
    }
    for ((group, plural), served) in resources {
        let what = format!("{plural}.{group}");
        let reason = match served.object.map(|object| resource(&group, plural, object, served.subresources)) {
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
    object: Object,
    subresources: Vec<String>,
) -> Result<ApiResource, ResourceError> {
    ApiResource::new(group, plural, object.kind, object.scope)?
        .with_singular(object.singular)
        .with_short_names(object.short_names)
        .with_subresources(subresources)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(plural: &str, kind: &str, subresources: &[&str]) -> Served {
        Served {
            plural: plural.to_owned(),
            object: (!kind.is_empty()).then(|| Object {
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
        let discovered = merge(vec![
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
        let discovered = merge(vec![
            version("broken", "v1", Err("it is down".to_owned())),
            version("metrics", "v1", Ok(vec![served("pods", "", &["requests"]), served("a b", "Foo", &[])])),
        ]);
        assert!(discovered.resources.is_empty());
        assert_eq!(discovered.failed[0].to_string(), "`broken/v1`: it is down");
        let left_out: Vec<_> = discovered.left_out.iter().map(|left| left.what.as_str()).collect();
        assert_eq!(left_out, ["a b.metrics", "pods.metrics"]);
    }
}
