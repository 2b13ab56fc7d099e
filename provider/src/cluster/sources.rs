//! What grants are made from: roles, discovery and the cluster's own identity, each asked for once however many ask.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use p0_grant::catalogue::{Catalogue, ListedRole};
use p0_grant::discovery::{AGGREGATED, Discovered, Document};
use p0_grant::role::{Role, RoleRef};
use serde_json::Value;
use tokio::sync::OnceCell;

use super::object::{Kind, ObjectRef};
use super::{Ask, Cluster, ClusterError};

/// What has been read. A failure is not kept: whoever asks next asks the server.
#[derive(Default)]
pub(super) struct Sources {
    roles: Mutex<BTreeMap<RoleRef, Arc<OnceCell<Option<Role>>>>>,
    catalogue: OnceCell<Catalogue>,
    uid: OnceCell<Option<String>>,
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
        cell.get_or_try_init(|| self.read_role(reference)).await.cloned()
    }

    async fn read_role(&self, reference: &RoleRef) -> Result<Option<Role>, ClusterError> {
        let kind = match reference {
            RoleRef::ClusterRole(_) => Kind::ClusterRole,
            RoleRef::Role { .. } => Kind::Role,
        };
        let namespace = reference.namespace().map(ToString::to_string);
        let object = ObjectRef { kind, namespace, name: reference.name().to_string() };
        let Some(live) = self.get(&object).await? else { return Ok(None) };
        let listed: Result<ListedRole, _> = serde_json::from_value(live.value().clone());
        listed.map(|listed| Some(listed.into_role())).map_err(|error| ClusterError::Answer {
            action: format!("read {object}"),
            detail: error.to_string(),
        })
    }

    /// What the cluster serves, as a catalogue without roles.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn served(&self) -> Result<&Catalogue, ClusterError> {
        self.sources.catalogue.get_or_try_init(|| self.discover()).await
    }

    async fn discover(&self) -> Result<Catalogue, ClusterError> {
        let mut versions = Vec::new();
        for path in ["/api", "/apis"] {
            let action = format!("discover `{path}`");
            let ask = Ask { accept: AGGREGATED, ..Ask::get(path, action.as_str(), format!("get {path}")) };
            let document: Document = self.ask_json(&ask).await?;
            let detail = "the server has no aggregated discovery, which Kubernetes has since 1.27".to_owned();
            let found = document.group_versions().ok_or(ClusterError::Answer { action, detail })?;
            versions.extend(found);
        }
        let discovered = Discovered::merge(versions);
        for failed in &discovered.failed {
            tracing::debug!(%failed, "an API group does not answer; its kinds cannot be picked");
        }
        Catalogue::new("", Vec::new(), discovered.resources, Vec::new()).map_err(|error| {
            ClusterError::Answer {
                action: "use what the cluster serves".to_owned(),
                detail: error.to_string(),
            }
        })
    }

    /// What tells this cluster from all others: the uid of its `kube-system`; `None` where that may not be read.
    ///
    /// # Errors
    /// [`ClusterError`] where the server does not answer.
    pub async fn uid(&self) -> Result<Option<&str>, ClusterError> {
        let uid = self.sources.uid.get_or_try_init(|| async {
            let action = "tell which cluster this is";
            let ask = Ask::get("/api/v1/namespaces/kube-system", action, "get namespaces");
            match self.ask_json::<Value>(&ask).await {
                Ok(namespace) => {
                    Ok(namespace.pointer("/metadata/uid").and_then(Value::as_str).map(str::to_owned))
                }
                Err(error) if error.is_forbidden() || error.is_not_found() => Ok(None),
                Err(error) => Err(error),
            }
        });
        Ok(uid.await?.as_deref())
    }
}
