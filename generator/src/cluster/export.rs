//! The export of a catalogue: everything read in turn, and nothing lost without a word.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Namespace as LiveNamespace;
use k8s_openapi::api::rbac::v1::{ClusterRole, Role as LiveRole};
use p0_grant::catalogue::{Catalogue, ListedRole, resolve};
use p0_grant::discovery::{FailedGroup, LeftOut};
use p0_grant::name::Namespace;
use p0_grant::resource::ApiResource;
use p0_grant::role::Role;
use serde::Serialize;

use super::Cluster;
use super::error::ClusterError;

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Asking what the server serves.
    Discovering,
    /// Reading a list.
    Listing {
        /// Of what, as in `clusterroles.rbac.authorization.k8s.io`.
        what: &'static str,
        /// How many have come.
        read: usize,
        /// How many the server says are still to come.
        remaining: usize,
    },
}

/// What a cluster answered. It becomes a catalogue in one of two ways, so that nobody overlooks a failed group.
#[derive(Clone, Debug)]
pub struct Export {
    version: String,
    namespaces: Vec<Namespace>,
    resources: Vec<ApiResource>,
    roles: Vec<Role>,
    failed: Vec<FailedGroup>,
    left_out: Vec<LeftOut>,
}

impl Export {
    /// Group versions that did not answer.
    pub fn failed(&self) -> &[FailedGroup] {
        &self.failed
    }

    /// What no catalogue can hold.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// The catalogue, if everything answered.
    ///
    /// # Errors
    /// [`ClusterError::Incomplete`] names every group that did not.
    pub fn complete(self) -> Result<Catalogue, ClusterError> {
        if self.failed.is_empty() {
            self.partial(None)
        } else {
            Err(ClusterError::Incomplete { failed: self.failed })
        }
    }

    /// The catalogue of what answered, with what `former` knows of the groups that did not: an outage of a metrics server
    /// must not end what may be asked for.
    ///
    /// # Errors
    /// [`ClusterError::Catalogue`] where the answers contradict each other.
    pub fn partial(self, former: Option<&Catalogue>) -> Result<Catalogue, ClusterError> {
        let failed: BTreeSet<&str> = self.failed.iter().map(|group| group.group.as_str()).collect();
        let answered: BTreeSet<(&str, &str)> =
            self.resources.iter().map(|resource| (resource.group(), resource.plural())).collect();
        let kept: Vec<ApiResource> = former
            .map_or(&[][..], Catalogue::resources)
            .iter()
            .filter(|resource| failed.contains(resource.group()))
            .filter(|resource| !answered.contains(&(resource.group(), resource.plural())))
            .cloned()
            .collect();
        let resources = [self.resources, kept].concat();
        Ok(Catalogue::new(self.version, self.namespaces, resources, self.roles)?)
    }
}

impl Cluster {
    /// Reads version, discovery, roles and namespaces.
    ///
    /// # Errors
    /// [`ClusterError`] where one of them cannot be read at all; a failed API group is no error here.
    pub async fn export(&self, progress: &(dyn Fn(Progress) + Sync)) -> Result<Export, ClusterError> {
        progress(Progress::Discovering);
        let version = self
            .client
            .apiserver_version()
            .await
            .map_err(|error| ClusterError::answer(&self.server, "ask for the version", error))?;
        let discovered = self.discover().await?;
        let mut left_out = discovered.left_out;
        let cluster_roles: Vec<ClusterRole> =
            self.list("clusterroles.rbac.authorization.k8s.io", progress).await?;
        let roles: Vec<LiveRole> = self.list("roles.rbac.authorization.k8s.io", progress).await?;
        let namespaces: Vec<LiveNamespace> = self.list("namespaces", progress).await?;
        let mut listed = readable(&cluster_roles, "ClusterRole", &mut left_out);
        listed.extend(readable(&roles, "Role", &mut left_out));
        Ok(Export {
            version: version.git_version,
            namespaces: names(&namespaces, &mut left_out),
            resources: discovered.resources,
            roles: resolve(listed),
            failed: discovered.failed,
            left_out,
        })
    }
}

/// The roles as the engine reads them; what it cannot hold is left out and said.
fn readable<K: Serialize + kube::ResourceExt>(
    objects: &[K],
    kind: &str,
    left_out: &mut Vec<LeftOut>,
) -> Vec<ListedRole> {
    let mut roles = Vec::new();
    for object in objects {
        match serde_json::to_value(object).and_then(serde_json::from_value) {
            Ok(role) => roles.push(role),
            Err(error) => left_out.push(LeftOut {
                what: match object.namespace() {
                    Some(namespace) => format!("{kind}/{namespace}/{}", object.name_any()),
                    None => format!("{kind}/{}", object.name_any()),
                },
                reason: error.to_string(),
            }),
        }
    }
    roles
}

fn names(namespaces: &[LiveNamespace], left_out: &mut Vec<LeftOut>) -> Vec<Namespace> {
    let mut names = Vec::new();
    for namespace in namespaces {
        let name = namespace.metadata.name.clone().unwrap_or_default();
        match Namespace::new(name.as_str()) {
            Ok(name) => names.push(name),
            Err(error) => {
                left_out.push(LeftOut { what: format!("Namespace/{name}"), reason: error.to_string() });
            }
        }
    }
    names
}
