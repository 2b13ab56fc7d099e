//! The names of a kind's objects, followed: one list, and then what changes.
//!
//! The server is asked for metadata alone, and of that nothing but namespace and name is kept or handed on. Not here: who needs
//! the names, and when a follower that fails is started anew.

use std::pin::pin;
use std::sync::Arc;

use futures_util::TryStreamExt;
use kube::api::{Api, DynamicObject, ListParams, PartialObjectMeta, WatchEvent, WatchParams};
use kube::core::ApiResource;

use crate::client::Cluster;
use crate::error::ClusterError;

/// How many objects a page of the list has: of each, the metadata with its annotations comes.
const PAGE: u32 = 500;
/// How long one watch lasts; shorter than the time after which a connection without a word counts as broken.
const WATCH_SECONDS: u32 = 45;

/// What an object is called. Objects of one namespace share its name in memory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectName {
    /// The namespace; empty where the kind has none.
    pub namespace: Arc<str>,
    /// The name.
    pub name: Box<str>,
}

/// What a follower hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameChange {
    /// These are all there are.
    All(Vec<ObjectName>),
    /// This one is there.
    There(ObjectName),
    /// This one is gone.
    Gone(ObjectName),
}

impl Cluster {
    /// Tells `hear` of every object of a kind, and then of each change. Nothing but a failure ends it, which is the answer.
    pub async fn follow_names(
        &self,
        resource: &ApiResource,
        mut hear: impl FnMut(NameChange) + Send,
    ) -> ClusterError {
        let api: Api<DynamicObject> = Api::all_with(self.client(), resource);
        loop {
            let mut version = match self.all_names(&api, resource).await {
                Ok((names, version)) => {
                    hear(NameChange::All(names));
                    version
                }
                Err(error) => return error,
            };
            // What the server has forgotten is listed anew.
            loop {
                match self.watch_names(&api, resource, &version, &mut hear).await {
                    Ok(next) => version = next,
                    Err(error) if error.is_expired() => break,
                    Err(error) => return error,
                }
            }
        }
    }

    async fn all_names(
        &self,
        api: &Api<DynamicObject>,
        resource: &ApiResource,
    ) -> Result<(Vec<ObjectName>, String), ClusterError> {
        let (mut names, mut params) = (Vec::new(), ListParams::default().limit(PAGE));
        loop {
            let page = api.list_metadata(&params).await;
            let page = page.map_err(|error| self.failed(format!("list {}", resource.plural), error))?;
            for object in page.items {
                let last = names.last();
                names.extend(name_of(object, last));
            }
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => params = params.continue_token(&token),
                None => return Ok((names, page.metadata.resource_version.unwrap_or_default())),
            }
        }
    }

    /// Follows one watch to its end; the version at which the next one begins.
    async fn watch_names(
        &self,
        api: &Api<DynamicObject>,
        resource: &ApiResource,
        version: &str,
        hear: &mut (impl FnMut(NameChange) + Send),
    ) -> Result<String, ClusterError> {
        let failed = |error| self.failed(format!("watch {}", resource.plural), error);
        let mut version = version.to_owned();
        let params = WatchParams::default().timeout(WATCH_SECONDS);
        let events = api.watch_metadata(&params, &version).await.map_err(failed)?;
        let mut events = pin!(events);
        while let Some(event) = events.try_next().await.map_err(failed)? {
            let (object, change): (_, fn(ObjectName) -> NameChange) = match event {
                WatchEvent::Added(object) | WatchEvent::Modified(object) => (object, NameChange::There),
                WatchEvent::Deleted(object) => (object, NameChange::Gone),
                WatchEvent::Bookmark(mark) => {
                    version = mark.metadata.resource_version;
                    continue;
                }
                WatchEvent::Error(status) => return Err(failed(kube::Error::Api(status))),
            };
            version = object.metadata.resource_version.clone().unwrap_or(version);
            if let Some(name) = name_of(object, None) {
                hear(change(name));
            }
        }
        Ok(version)
    }
}

/// The name of an object; it shares the namespace of the one before it where that is the same.
fn name_of(object: PartialObjectMeta<DynamicObject>, before: Option<&ObjectName>) -> Option<ObjectName> {
    let namespace = object.metadata.namespace.unwrap_or_default();
    let namespace = match before {
        Some(before) if *before.namespace == *namespace => before.namespace.clone(),
        _ => namespace.into(),
    };
    Some(ObjectName { namespace, name: object.metadata.name?.into_boxed_str() })
}
