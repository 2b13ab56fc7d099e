//! The ConfigMap `aws-auth` of an EKS cluster: read, and changed one key at a time. It is never created or deleted, and the
//! other keys are not even sent.
//!
//! Not here: which entry is added or removed, and what is refused ([`p0_grant::aws_auth`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use http::Method;
use p0_cluster::ApiRequest;
use p0_grant::aws_auth::Edit;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::MutexGuard;

use super::objects::FIELD_MANAGER;
use super::{Cluster, ClusterError};

const PATH: &str = "/api/v1/namespaces/kube-system/configmaps/aws-auth";

/// The ConfigMap as the server has it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ConfigMap {
    metadata: Metadata,
    /// Its data.
    #[serde(default)]
    pub data: BTreeMap<String, String>,
    /// Whether Kubernetes refuses every change of it.
    #[serde(default)]
    pub immutable: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    resource_version: String,
}

/// What the provider keeps of the ConfigMap: the last reading, who has used it, and whose turn it is to write.
#[derive(Default)]
pub(super) struct AwsAuthCache {
    reading: Mutex<Option<Reading>>,
    asking: tokio::sync::Mutex<()>,
    writing: tokio::sync::Mutex<()>,
}

struct Reading {
    found: Option<Arc<ConfigMap>>,
    used_by: BTreeSet<String>,
}

impl Cluster {
    /// The ConfigMap as it is now; `None` where there is none.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn aws_auth(&self) -> Result<Option<Arc<ConfigMap>>, ClusterError> {
        let request = ApiRequest::get(PATH, "read the ConfigMap `aws-auth` in `kube-system`", right("get"));
        match self.api.send_json::<ConfigMap>(&request).await {
            Ok(found) => Ok(Some(Arc::new(found))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The ConfigMap, read once for many: each user of a reading uses it once, and a newer one after that.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn aws_auth_for(&self, user: &str) -> Result<Option<Arc<ConfigMap>>, ClusterError> {
        let _one_asks = self.aws_auth.asking.lock().await;
        match self.aws_auth.unused(user) {
            Some(found) => Ok(found),
            None => {
                let found = self.aws_auth().await?;
                self.aws_auth.keep(found.clone(), user);
                Ok(found)
            }
        }
    }

    /// Waits until no other grant of this process changes the ConfigMap, and keeps the others waiting.
    pub async fn aws_auth_writer(&self) -> MutexGuard<'_, ()> {
        self.aws_auth.writing.lock().await
    }

    /// Changes one key of the ConfigMap, which must still be as it was read.
    ///
    /// # Errors
    /// [`ClusterError`]; a conflict where another client was faster.
    pub async fn edit_aws_auth(&self, read: &ConfigMap, edit: &Edit) -> Result<(), ClusterError> {
        let value = edit.after().map_or(Value::Null, Value::from);
        let data: Map<String, Value> = [(edit.key().name().to_owned(), value)].into_iter().collect();
        let patch =
            json!({ "metadata": { "resourceVersion": read.metadata.resource_version }, "data": data });
        let path = format!("{PATH}?fieldManager={FIELD_MANAGER}");
        let request =
            ApiRequest::get(path, "change the ConfigMap `aws-auth` in `kube-system`", right("patch"));
        let request =
            request.sending(Method::PATCH, "application/merge-patch+json", patch.to_string().into_bytes());
        // Whatever came of it, what was read before is old.
        self.aws_auth.forget();
        self.api.send(&request).await?;
        Ok(())
    }
}

fn right(verb: &str) -> String {
    format!("{verb} configmaps/aws-auth in kube-system")
}

impl AwsAuthCache {
    fn keep(&self, found: Option<Arc<ConfigMap>>, user: &str) {
        let reading = Reading { found, used_by: BTreeSet::from([user.to_owned()]) };
        *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
    }

    fn forget(&self) {
        *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The last reading, if this user has not used it yet.
    fn unused(&self, user: &str) -> Option<Option<Arc<ConfigMap>>> {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let reading = reading.as_mut()?;
        reading.used_by.insert(user.to_owned()).then(|| reading.found.clone())
    }
}
