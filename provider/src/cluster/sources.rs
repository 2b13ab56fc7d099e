//! What grants are made from: roles, discovery and the cluster's own identity, each read once for all grants.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use p0_cluster::ApiRequest;
use p0_grant::catalogue::Catalogue;
use p0_grant::discovery::FailedGroup;
use p0_grant::role::{Role, RoleRef};
use serde_json::Value;
use tokio::sync::OnceCell;

use super::{Cluster, ClusterError};

/// What has been read. A failure is not kept: the next read asks the server.
#[derive(Default)]
pub(super) struct Sources {
    roles: Mutex<BTreeMap<RoleRef, Arc<OnceCell<Option<Role>>>>>,
    served: OnceCell<Served>,
    uid: OnceCell<Option<String>>,
}

/// What the cluster serves.
struct Served {
    catalogue: Catalogue,
    failed: Vec<FailedGroup>,
}

impl Cluster {
    /// A role with its rules; `None` where there is none.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn role(&self, reference: &RoleRef) -> Result<Option<Role>, ClusterError> {
        let cell = {
            let mut roles = self.sources.roles.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(roles.entry(reference.clone()).or_default())
        };
        let read = || async { Ok::<_, ClusterError>(self.api.read_role(reference).await?) };
        cell.get_or_try_init(read).await.cloned()
    }

    /// What the cluster serves, as a catalogue without roles.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn served(&self) -> Result<&Catalogue, ClusterError> {
        Ok(&self.sources.served.get_or_try_init(|| self.discover()).await?.catalogue)
    }

    /// The API groups that do not answer, after [`Cluster::served`].
    pub fn failed_groups(&self) -> &[FailedGroup] {
        self.sources.served.get().map_or(&[], |served| &served.failed)
    }

    async fn discover(&self) -> Result<Served, ClusterError> {
        let discovered = self.api.discover().await?;
        for failed in &discovered.failed {
            tracing::debug!(%failed, "an API group does not answer; its kinds cannot be selected");
        }
        let catalogue = Catalogue::new("", Vec::new(), discovered.resources, Vec::new());
        let catalogue = catalogue
            .map_err(|error| ClusterError::answer("use what the cluster serves", error.to_string()))?;
        Ok(Served { catalogue, failed: discovered.failed })
    }

    /// What tells this cluster from all others: the uid of its `kube-system`; `None` where that may not be read.
    ///
    /// # Errors
    /// [`ClusterError`] where the server does not answer.
    pub async fn uid(&self) -> Result<Option<&str>, ClusterError> {
        let uid = self.sources.uid.get_or_try_init(|| async {
            let action = "tell which cluster this is";
            let request = ApiRequest::get("/api/v1/namespaces/kube-system", action, "get namespaces");
            match self.api.send_json::<Value>(&request).await {
                Ok(namespace) => {
                    Ok(namespace.pointer("/metadata/uid").and_then(Value::as_str).map(str::to_owned))
                }
                Err(error) if error.is_forbidden() || error.is_not_found() => Ok(None),
                Err(error) => Err(ClusterError::from(error)),
            }
        });
        Ok(uid.await?.as_deref())
    }
}
