//! What was made for one token, and how it is taken away again. It holds no secret.
//!
//! Names carry the grant's id, which is used once ever, so an object whose answer was lost is still told from others'.

use p0_grant::manifest::GRANT;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tfplugin::diagnostics::{Diagnostic, Diagnostics};

use crate::cluster::{Cluster, ClusterError, Kind, LiveObject, ObjectRef};
use crate::text::chain;

/// The objects that were made, or may have been.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lease {
    /// The grant's id.
    pub(super) id: String,
    /// The binding.
    pub(super) binding: Option<CreatedObject>,
    /// The ServiceAccount.
    pub(super) account: Option<CreatedObject>,
    /// The role object.
    pub(super) role: Option<CreatedObject>,
}

/// An object that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CreatedObject {
    /// Its kind, where it is one of a grant's.
    pub(super) kind: Option<String>,
    /// Its namespace.
    pub(super) namespace: Option<String>,
    /// Its name.
    pub(super) name: String,
    /// What tells it from another of its name; absent where no answer told.
    pub(super) uid: Option<String>,
}

impl Lease {
    /// As the data that Terraform keeps until the end of the run.
    pub(super) fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads [`Lease::write`].
    pub(super) fn read(private: &[u8]) -> Result<Self, Diagnostics> {
        serde_json::from_slice(private).map_err(|error| {
            let detail =
                format!("What was made cannot be told: {error}. It ends by itself when its time has come.");
            Diagnostic::error("The token's private data is broken", detail).into()
        })
    }

    /// Takes everything away: first what gives access. What fails does not keep the rest from going.
    pub(super) async fn end(&self, cluster: &Cluster) -> Diagnostics {
        let mut told = Diagnostics::new();
        for made in [&self.binding, &self.account, &self.role].into_iter().flatten() {
            if let Err(error) = self.end_one(cluster, made).await {
                let detail =
                    format!("{} It is good for nothing once the token's time has come.", chain(&error));
                told.push(Diagnostic::error("Something of a token is left", detail));
            }
        }
        told
    }

    async fn end_one(&self, cluster: &Cluster, made: &CreatedObject) -> Result<(), ClusterError> {
        let Some(kind) = made.kind.as_deref().and_then(Kind::called) else {
            let namespace = made.namespace.as_deref().unwrap_or_default();
            return cluster.delete_account(namespace, &made.name, made.uid.as_deref()).await;
        };
        let reference = ObjectRef { kind, namespace: made.namespace.clone(), name: made.name.clone() };
        let live = match &made.uid {
            Some(uid) => Some(LiveObject::new(json!({ "metadata": { "uid": uid } }), kind)),
            None => cluster.get(&reference).await?.filter(|live| live.label(GRANT) == Some(&self.id)),
        };
        match live {
            None => Ok(()),
            Some(live) => cluster.delete(&reference, &live).await.map(drop),
        }
    }
}

impl CreatedObject {
    /// One that is about to be made.
    pub(super) fn at(reference: &ObjectRef) -> Self {
        Self {
            kind: Some(reference.kind.to_string()),
            namespace: reference.namespace.clone(),
            name: reference.name.clone(),
            uid: None,
        }
    }
}
