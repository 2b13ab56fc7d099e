//! Writing objects: each write says what it expects to find, so that no other object is touched.

use http::Method;
use p0_cluster::ApiRequest;
use serde_json::{Value, json};

use super::{Cluster, ClusterError, LiveObject, ObjectRef};

/// The field manager that the server records for each field.
pub(super) const FIELD_MANAGER: &str = "terraform-provider-p0";

/// The outcome of a creation.
#[derive(Debug)]
pub enum Created {
    /// It is there now.
    New(LiveObject),
    /// An object of the name was there; perhaps of an earlier attempt of ours whose answer was lost.
    Taken(LiveObject),
}

/// The outcome of a deletion.
#[derive(Debug)]
pub enum Deleted {
    /// It is gone.
    Gone,
    /// A finalizer holds it, and it grants until the finalizer is gone.
    Held(LiveObject),
}

impl Cluster {
    /// Creates `object`. After a lost answer the name may be taken by this very object; the caller compares.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn create(&self, reference: &ObjectRef, object: &Value) -> Result<Created, ClusterError> {
        self.list_cache.take(reference);
        let path = format!("{}?fieldManager={FIELD_MANAGER}", reference.collection());
        let request = ApiRequest::get(path, format!("create {reference}"), reference.kind.right("create"));
        let request = request.sending(Method::POST, "application/json", object.to_string().into_bytes());
        match self.api.send_json(&request).await {
            Ok(value) => Ok(Created::New(LiveObject::new(value, reference.kind))),
            Err(error) if error.is_conflict() => match self.get(reference).await? {
                Some(live) => Ok(Created::Taken(live)),
                None => Err(error.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Changes some fields of an object that is still as it was read: `patch` holds its version.
    ///
    /// # Errors
    /// [`ClusterError`]; a conflict where another client was faster.
    pub async fn patch(&self, reference: &ObjectRef, patch: &Value) -> Result<LiveObject, ClusterError> {
        self.list_cache.take(reference);
        let path = format!("{}?fieldManager={FIELD_MANAGER}", reference.path());
        let request = ApiRequest::get(path, format!("change {reference}"), reference.kind.right("patch"));
        let request =
            request.sending(Method::PATCH, "application/merge-patch+json", patch.to_string().into_bytes());
        Ok(LiveObject::new(self.api.send_json(&request).await?, reference.kind))
    }

    /// Deletes this very object, and no other that has taken its name since.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn delete(&self, reference: &ObjectRef, live: &LiveObject) -> Result<Deleted, ClusterError> {
        self.list_cache.take(reference);
        let preconditions = json!({ "uid": live.uid() });
        let body = json!({ "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions });
        let request =
            ApiRequest::get(reference.path(), format!("delete {reference}"), reference.kind.right("delete"));
        let request = request.sending(Method::DELETE, "application/json", body.to_string().into_bytes());
        match self.api.send_json::<Value>(&request).await {
            Ok(answer) => {
                let live = LiveObject::new(answer, reference.kind);
                Ok(if live.is_ending() { Deleted::Held(live) } else { Deleted::Gone })
            }
            // Another uid: ours is gone, and another object has its name.
            Err(error) if error.is_not_found() || error.is_conflict() => Ok(Deleted::Gone),
            Err(error) => Err(error.into()),
        }
    }
}
