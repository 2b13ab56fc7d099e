//! Reaping: expired grants of both products taken out of a cluster, by a job inside it.
//!
//! The one part of this program that writes to a cluster, and only by deleting: it needs `list` and `delete` on the four
//! RBAC kinds and nothing else. Bindings go first, because they are what grants. Not here: Git, from which a grant must go
//! as well, or the applier brings it back; that is the sweep's.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Api, DeleteParams, DynamicObject, Preconditions};
use kube::core::ApiResource;
use p0_grant::grant::ManagedBy;
use p0_grant::manifest::{EXPIRES_AT, GRANT, MANAGED_BY};
use p0_grant::name::GrantId;
use serde::Serialize;

use crate::cluster::{Cluster, ClusterError};

/// The four kinds with their plurals; bindings first.
const KINDS: [(&str, &str); 4] = [
    ("RoleBinding", "rolebindings"),
    ("ClusterRoleBinding", "clusterrolebindings"),
    ("Role", "roles"),
    ("ClusterRole", "clusterroles"),
];

/// What a run may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Delete what has expired.
    Delete,
    /// Only tell what would be deleted.
    DryRun,
}

/// One object, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reaped {
    /// `RoleBinding/shop/p0-view-Pods-…-binding`.
    pub object: String,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What became of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// It had expired, and is gone (or would be, in a dry run).
    Deleted {
        /// When it expired.
        expired_at: Timestamp,
    },
    /// It changed after it was listed, so it was left for the next run.
    Moved,
    /// The server did not delete it, or did not list the kind: what it gives stays until a run can.
    Failed {
        /// The server's word.
        why: String,
    },
    /// It carries the label of a grant and is none that this program can read: a person should look.
    Unreadable {
        /// What is wrong.
        why: &'static str,
    },
}

/// Deletes every object of both products that expired before `now`, and tells what was not as it should be. What cannot be
/// listed or deleted does not keep the rest.
pub async fn reap(cluster: &Cluster, mode: Mode, now: Timestamp) -> Vec<Reaped> {
    let mut reaped = Vec::new();
    for (kind, plural) in KINDS {
        let resource = resource(kind, plural);
        let objects = match cluster.list_labelled(&resource, GRANT).await {
            Ok(objects) => objects,
            Err(error) => {
                reaped.push(Reaped { object: format!("{kind}/*"), outcome: Outcome::failed(&error) });
                continue;
            }
        };
        for object in objects {
            let outcome = match look(kind, &object.metadata, now) {
                Look::Live => continue,
                Look::Unreadable(why) => Outcome::Unreadable { why },
                Look::Expired(expired_at) => match mode {
                    Mode::DryRun => Outcome::Deleted { expired_at },
                    Mode::Delete => match delete(cluster, &resource, &object, expired_at).await {
                        Ok(outcome) => outcome,
                        Err(error) => Outcome::failed(&error),
                    },
                },
            };
            reaped.push(Reaped { object: name(kind, &object.metadata), outcome });
        }
    }
    reaped
}

impl Outcome {
    fn failed(error: &ClusterError) -> Self {
        Self::Failed { why: p0_grant::cause::chain(error) }
    }
}

/// Deletes exactly the object that was listed: another one of that name, or a newer state, stays.
async fn delete(
    cluster: &Cluster,
    resource: &ApiResource,
    object: &DynamicObject,
    expired_at: Timestamp,
) -> Result<Outcome, ClusterError> {
    let metadata = &object.metadata;
    let preconditions =
        Preconditions { uid: metadata.uid.clone(), resource_version: metadata.resource_version.clone() };
    let params = DeleteParams::default().preconditions(preconditions);
    let api: Api<DynamicObject> = match &metadata.namespace {
        Some(namespace) => Api::namespaced_with(cluster.client(), namespace, resource),
        None => Api::all_with(cluster.client(), resource),
    };
    match api.delete(metadata.name.as_deref().unwrap_or_default(), &params).await {
        Ok(_) => Ok(Outcome::Deleted { expired_at }),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(Outcome::Deleted { expired_at }),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(Outcome::Moved),
        Err(error) => Err(cluster.failed(format!("delete {}", name(&resource.kind, metadata)), error)),
    }
}

/// What a listed object is.
#[derive(Debug, PartialEq)]
enum Look {
    Live,
    Expired(Timestamp),
    Unreadable(&'static str),
}

/// Whether a labelled object is a grant of ours that has expired. A label alone is not believed: a person who may label a role
/// could otherwise have it deleted.
fn look(kind: &str, metadata: &ObjectMeta, now: Timestamp) -> Look {
    let label = |key: &str| metadata.labels.as_ref().and_then(|labels| labels.get(key)).map(String::as_str);
    let products = [ManagedBy::P0Gitops, ManagedBy::TerraformProviderP0];
    if !products.iter().any(|product| label(MANAGED_BY) == Some(product.to_string().as_str())) {
        return Look::Unreadable("it is managed by neither of the two products");
    }
    let Some(id) = label(GRANT).filter(|id| GrantId::new(*id).is_ok()) else {
        return Look::Unreadable("its label is no grant's id");
    };
    let ending = if kind.ends_with("Binding") { format!("-{id}-binding") } else { format!("-{id}") };
    if !metadata.name.as_deref().is_some_and(|name| name.ends_with(&ending)) {
        return Look::Unreadable("its name is not the grant's");
    }
    let expires = metadata.annotations.as_ref().and_then(|annotations| annotations.get(EXPIRES_AT));
    match expires.and_then(|text| text.parse::<Timestamp>().ok()) {
        None => Look::Unreadable("it does not say when it expires"),
        Some(at) if at <= now => Look::Expired(at),
        Some(_) => Look::Live,
    }
}

fn resource(kind: &str, plural: &str) -> ApiResource {
    ApiResource {
        group: "rbac.authorization.k8s.io".to_owned(),
        version: "v1".to_owned(),
        api_version: "rbac.authorization.k8s.io/v1".to_owned(),
        kind: kind.to_owned(),
        plural: plural.to_owned(),
    }
}

fn name(kind: &str, metadata: &ObjectMeta) -> String {
    let name = metadata.name.as_deref().unwrap_or_default();
    match &metadata.namespace {
        Some(namespace) => format!("{kind}/{namespace}/{name}"),
        None => format!("{kind}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const ID: &str = "vpl5aqzpwnnqmnkrzze2";

    fn metadata(managed_by: &str, id: &str, name: &str, expires: Option<&str>) -> ObjectMeta {
        let labels = [(MANAGED_BY, managed_by), (GRANT, id)];
        let annotations = expires.map(|at| BTreeMap::from([(EXPIRES_AT.to_owned(), at.to_owned())]));
        ObjectMeta {
            name: Some(name.to_owned()),
            labels: Some(labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into()),
            annotations,
            ..ObjectMeta::default()
        }
    }

    #[test]
    fn only_what_is_surely_ours_and_surely_expired_goes() {
        let now: Timestamp = "2026-11-24T14:00:00Z".parse().unwrap();
        let role = format!("p0-view-Pods-{ID}");
        let past = Some("2026-11-24T14:00:00Z");
        let look = |kind, managed_by, id, name: &str, expires| {
            look(kind, &metadata(managed_by, id, name, expires), now)
        };
        assert_eq!(look("ClusterRole", "p0-gitops", ID, &role, past), Look::Expired(now));
        let binding = format!("{role}-binding");
        assert_eq!(look("RoleBinding", "terraform-provider-p0", ID, &binding, past), Look::Expired(now));
        let future = Some("2026-11-24T14:00:01Z");
        assert_eq!(look("ClusterRole", "p0-gitops", ID, &role, future), Look::Live);
        for (managed_by, id, name, expires) in [
            ("Helm", ID, role.as_str(), past),
            ("p0-gitops", "x", &role, past),
            ("p0-gitops", ID, "cluster-admin", past),
            ("p0-gitops", ID, &binding, past),
            ("p0-gitops", ID, &role, None),
            ("p0-gitops", ID, &role, Some("soon")),
        ] {
            let found = look("ClusterRole", managed_by, id, name, expires);
            assert!(matches!(found, Look::Unreadable(_)), "{managed_by} {id} {name}: {found:?}");
        }
    }
}
