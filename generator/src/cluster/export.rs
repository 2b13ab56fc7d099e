//! The export of a catalogue: everything read in turn, and nothing lost without a word.

use std::collections::BTreeSet;

use p0_grant::catalogue::{Catalogue, CatalogueError, ListedRole, resolve};
use p0_grant::discovery::{FailedGroup, LeftOut};
use p0_grant::name::Namespace;
use p0_grant::resource::ApiResource;
use p0_grant::role::Role;
use serde_json::Value;

use p0_cluster::{Cluster, ClusterError};

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

/// What a cluster answered. It becomes a catalogue in one of two ways, so that a failed group is not overlooked.
#[derive(Clone, Debug)]
pub struct Export {
    version: String,
    namespaces: Vec<Namespace>,
    resources: Vec<ApiResource>,
    roles: Vec<Role>,
    failed: Vec<FailedGroup>,
    left_out: Vec<LeftOut>,
}

/// Why what a cluster answered makes no catalogue.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Discovery lacks groups.
    #[error(
        "discovery is incomplete, and a catalogue without these would lose them: {}; `kubectl get apiservices` says why; \
         `--allow-partial` writes the rest and keeps what the former file has of them",
        failed.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    )]
    Incomplete {
        /// The group versions that did not answer.
        failed: Vec<FailedGroup>,
    },
    /// The answers contradict each other.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
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
    /// [`ExportError::Incomplete`] names every group that did not.
    pub fn complete(self) -> Result<Catalogue, ExportError> {
        if self.failed.is_empty() {
            Ok(self.partial(None)?)
        } else {
            Err(ExportError::Incomplete { failed: self.failed })
        }
    }

    /// The catalogue of what answered, with what `former` knows of the groups that did not: an outage of a metrics server
    /// must not end what may be asked for.
    ///
    /// # Errors
    /// [`CatalogueError`] where the answers contradict each other.
    pub fn partial(self, former: Option<&Catalogue>) -> Result<Catalogue, CatalogueError> {
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
        Catalogue::new(self.version, self.namespaces, resources, self.roles)
    }
}

/// Reads version, discovery, roles and namespaces.
///
/// # Errors
/// [`ClusterError`] where one of them cannot be read at all; a failed API group is data in the answer.
pub async fn export(cluster: &Cluster, progress: &(dyn Fn(Progress) + Sync)) -> Result<Export, ClusterError> {
    progress(Progress::Discovering);
    let version = cluster.client().apiserver_version().await;
    let version = version.map_err(|error| cluster.failed("ask for the version", error))?;
    let discovered = cluster.discover().await?;
    let mut left_out = discovered.left_out;
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    let (roles, cluster_roles) = (format!("{rbac}/roles"), format!("{rbac}/clusterroles"));
    let cluster_roles =
        list(cluster, &cluster_roles, "clusterroles.rbac.authorization.k8s.io", progress).await?;
    let roles = list(cluster, &roles, "roles.rbac.authorization.k8s.io", progress).await?;
    let namespaces = list(cluster, "/api/v1/namespaces", "namespaces", progress).await?;
    let mut listed = readable(cluster_roles, "ClusterRole", &mut left_out);
    listed.extend(readable(roles, "Role", &mut left_out));
    Ok(Export {
        version: version.git_version,
        namespaces: names(&namespaces, &mut left_out),
        resources: discovered.resources,
        roles: resolve(listed),
        failed: discovered.failed,
        left_out,
    })
}

async fn list(
    cluster: &Cluster,
    path: &str,
    what: &'static str,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<Value>, ClusterError> {
    let tell = |read, remaining| progress(Progress::Listing { what, read, remaining });
    cluster.list_all(path, what, &tell).await
}

fn text(object: &Value, pointer: &str) -> String {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The roles as the engine reads them; what it cannot hold is left out and said.
fn readable(objects: Vec<Value>, kind: &str, left_out: &mut Vec<LeftOut>) -> Vec<ListedRole> {
    let mut roles = Vec::new();
    for mut object in objects {
        let (namespace, name) = (text(&object, "/metadata/namespace"), text(&object, "/metadata/name"));
        // Items of lists come without their kind.
        if let Some(fields) = object.as_object_mut() {
            fields.insert("kind".to_owned(), kind.into());
            fields.insert("apiVersion".to_owned(), "rbac.authorization.k8s.io/v1".into());
        }
        match serde_json::from_value(object) {
            Ok(role) => roles.push(role),
            Err(error) => left_out.push(LeftOut {
                what: match namespace.as_str() {
                    "" => format!("{kind}/{name}"),
                    namespace => format!("{kind}/{namespace}/{name}"),
                },
                reason: error.to_string(),
            }),
        }
    }
    roles
}

fn names(namespaces: &[Value], left_out: &mut Vec<LeftOut>) -> Vec<Namespace> {
    let mut names = Vec::new();
    for namespace in namespaces {
        let name = text(namespace, "/metadata/name");
        match Namespace::new(name.as_str()) {
            Ok(name) => names.push(name),
            Err(error) => {
                left_out.push(LeftOut { what: format!("Namespace/{name}"), reason: error.to_string() });
            }
        }
    }
    names
}
