//! Lists in pages: one consistent state, however long the list.
//!
//! Source: <https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks>.

use kube::api::{Api, DynamicObject, ListParams};
use kube::core::ApiResource;
use serde::Deserialize;
use serde_json::Value;

use crate::client::Cluster;
use crate::error::ClusterError;
use crate::object::{Kind, LiveObject, segment};
use crate::request::ApiRequest;

/// How many objects one page has. A page is held three times over while it is read, by each list at the same time.
pub const PAGE: usize = 40;
/// How many objects a page has where only one list is read.
const LARGE_PAGE: usize = 500;
/// How often a list is begun that expires before its last page.
const ATTEMPTS: u32 = 3;

/// What a list is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// The collection's path.
    pub path: &'a str,
    /// The resource, as in `clusterroles.rbac.authorization.k8s.io`.
    pub resource: &'a str,
    /// A label selector; empty for all objects.
    pub selector: &'a str,
    /// How many objects a page has.
    pub size: usize,
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    metadata: ListMetadata,
    #[serde(default)]
    items: Vec<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ListMetadata {
    #[serde(rename = "continue")]
    next: String,
    remaining_item_count: Option<usize>,
}

impl Cluster {
    /// Every object of a collection. `progress` hears how many have come and how many are still to come.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn list_all(
        &self,
        path: &str,
        resource: &str,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Vec<Value>, ClusterError> {
        self.list_pages(Page { path, resource, selector: "", size: LARGE_PAGE }, progress).await
    }

    /// Every object of a kind with the labels of `selector`, in all namespaces or in one.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn list(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        selector: &str,
    ) -> Result<Vec<LiveObject>, ClusterError> {
        let (path, resource) = (kind.path(namespace), format!("{}.rbac.authorization.k8s.io", kind.plural()));
        let page = Page { path: &path, resource: &resource, selector, size: PAGE };
        let items = self.list_pages(page, &|_, _| ()).await?;
        Ok(items.into_iter().map(|item| LiveObject::new(item, kind)).collect())
    }

    /// As [`Cluster::list`], one object after the other, for a caller that needs only a part of each. Where the list
    /// expires and begins again, `take` gets objects once more.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn list_each(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        selector: &str,
        mut take: impl FnMut(LiveObject),
    ) -> Result<(), ClusterError> {
        let (path, resource) = (kind.path(namespace), format!("{}.rbac.authorization.k8s.io", kind.plural()));
        let page = Page { path: &path, resource: &resource, selector, size: PAGE };
        self.each_page(page, |items, _| {
            items.into_iter().map(|item| LiveObject::new(item, kind)).for_each(&mut take);
        })
        .await
    }

    async fn list_pages(
        &self,
        page: Page<'_>,
        progress: &(dyn Fn(usize, usize) + Sync),
    ) -> Result<Vec<Value>, ClusterError> {
        for _ in 0..ATTEMPTS {
            let mut found = Vec::new();
            let read = self.each_page(page, |items, remaining| {
                found.extend(items);
                progress(found.len(), remaining);
            });
            match read.await {
                // The server keeps a list's state for some minutes only; half a list is of no use.
                Err(error) if error.is_expired() => {
                    tracing::debug!(page.resource, "the list expired between two pages, beginning again");
                }
                Err(error) => return Err(error),
                Ok(()) => return Ok(found),
            }
        }
        Err(ClusterError::Expired { action: format!("list {}", page.resource), attempts: ATTEMPTS })
    }

    async fn each_page(
        &self,
        page: Page<'_>,
        mut take: impl FnMut(Vec<Value>, usize),
    ) -> Result<(), ClusterError> {
        let Page { path, resource, selector, size } = page;
        let mut next = String::new();
        loop {
            let mut path = format!("{path}?limit={size}");
            for (name, value) in [("labelSelector", selector), ("continue", next.as_str())] {
                if !value.is_empty() {
                    path.push_str(&format!("&{name}={}", segment(value)));
                }
            }
            let request = ApiRequest::get(path, format!("list {resource}"), format!("list {resource}"));
            let list: List = self.send_json(&request).await?;
            take(list.items, list.metadata.remaining_item_count.unwrap_or(0));
            next = list.metadata.next;
            if next.is_empty() {
                return Ok(());
            }
        }
    }

    /// Every object of a resource that carries `label`, in all namespaces, for kube's own calls.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn list_labelled(
        &self,
        resource: &ApiResource,
        label: &str,
    ) -> Result<Vec<DynamicObject>, ClusterError> {
        let api: Api<DynamicObject> = Api::all_with(self.client(), resource);
        let size = u32::try_from(LARGE_PAGE).unwrap_or(u32::MAX);
        let mut params = ListParams::default().labels(label).limit(size);
        let mut found = Vec::new();
        loop {
            let page = api.list(&params).await;
            let page = page.map_err(|error| self.failed(format!("list {}", resource.plural), error))?;
            found.extend(page.items);
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params = params.continue_token(&token),
                None => return Ok(found),
            }
        }
    }
}
