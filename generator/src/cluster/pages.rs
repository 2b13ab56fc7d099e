//! Lists in pages: one consistent state, however long the list.
//!
//! Source: <https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks>.

use std::fmt::Debug;

use kube::Api;
use kube::api::{DynamicObject, ListParams};
use kube::core::ApiResource;
use serde::de::DeserializeOwned;

use super::Cluster;
use super::error::ClusterError;
use super::export::Progress;

const PAGE: u32 = 500;
const ATTEMPTS: u32 = 3;

/// What is listed: the plural and group, as in `clusterroles.rbac.authorization.k8s.io`.
pub(super) type What = &'static str;

impl Cluster {
    /// Every object of a kind, in all namespaces.
    pub(super) async fn list<K>(
        &self,
        what: What,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Vec<K>, ClusterError>
    where
        K: kube::Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug,
    {
        let api: Api<K> = Api::all(self.client.clone());
        let action = format!("list {what}");
        for _ in 0..ATTEMPTS {
            match read_pages(&api, what, &ListParams::default(), progress).await {
                // The server keeps a list's state for some minutes only; what was read is of no use without the rest.
                Err(kube::Error::Api(status)) if status.code == 410 => {
                    tracing::debug!(what, "the list expired between two pages, beginning again");
                }
                Err(error) => return Err(ClusterError::answer(&self.server, action, error)),
                Ok(items) => return Ok(items),
            }
        }
        Err(ClusterError::Expired { action, attempts: ATTEMPTS })
    }

    /// Every object of a kind that carries `label`, in all namespaces.
    pub(crate) async fn list_labelled(
        &self,
        resource: &ApiResource,
        label: &str,
    ) -> Result<Vec<DynamicObject>, ClusterError> {
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), resource);
        let params = ListParams::default().labels(label);
        let read = read_pages(&api, "objects", &params, &|_| ()).await;
        read.map_err(|error| self.failed(format!("list {}", resource.plural), error))
    }
}

async fn read_pages<K: Clone + DeserializeOwned + Debug>(
    api: &Api<K>,
    what: What,
    params: &ListParams,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Vec<K>, kube::Error> {
    let mut items = Vec::new();
    let mut params = params.clone().limit(PAGE);
    loop {
        let page = api.list(&params).await?;
        items.extend(page.items);
        let remaining = page.metadata.remaining_item_count;
        progress(Progress::Listing {
            what,
            read: items.len(),
            remaining: remaining.and_then(|count| usize::try_from(count).ok()).unwrap_or(0),
        });
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(items),
        }
    }
}
