//! Reading and writing objects: each write says what it expects to find, so that nobody else's object is touched.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::object::{Kind, LiveObject, ObjectRef};
use super::{Ask, Cluster, ClusterError};

/// Who writes, as the server keeps it for each field.
const FIELD_MANAGER: &str = "terraform-provider-p0";
/// How many objects one page of a list has. A page is held three times over while it is read, by each list at the same time.
const PAGE: usize = 40;

/// What came of a creation.
#[derive(Debug)]
pub enum Created {
    /// It is there now.
    New(LiveObject),
    /// An object of the name was there; perhaps of an earlier attempt of ours whose answer was lost.
    Taken(LiveObject),
}

/// What came of a deletion.
#[derive(Debug)]
pub enum Deleted {
    /// It is gone.
    Gone,
    /// It waits for somebody's finalizer, and counts until then.
    Held(LiveObject),
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    metadata: ListMetadata,
    #[serde(default)]
    items: Vec<Value>,
}

#[derive(Default, Deserialize)]
struct ListMetadata {
    #[serde(default, rename = "continue")]
    next: String,
}

impl Cluster {
    /// The object; `None` where there is none.
    ///
    /// # Errors
    /// [`ClusterError`] for every answer but these two.
    pub async fn get(&self, reference: &ObjectRef) -> Result<Option<LiveObject>, ClusterError> {
        let ask = Ask::get(reference.path(), format!("read {reference}"), reference.kind.right("get"));
        match self.ask_json(&ask).await {
            Ok(value) => Ok(Some(LiveObject::new(value, reference.kind))),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates `object`. Asked again after a lost answer, the name is taken by ourselves; the caller tells that apart.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn create(&self, reference: &ObjectRef, object: &Value) -> Result<Created, ClusterError> {
        self.list_cache.take(reference);
        let path = format!("{}?fieldManager={FIELD_MANAGER}", reference.collection());
        let ask = Ask::get(path, format!("create {reference}"), reference.kind.right("create"));
        let ask = ask.sending(Method::POST, "application/json", object.to_string().into_bytes());
        match self.ask_json(&ask).await {
            Ok(value) => Ok(Created::New(LiveObject::new(value, reference.kind))),
            Err(error) if error.is_conflict() => match self.get(reference).await? {
                Some(live) => Ok(Created::Taken(live)),
                None => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// Changes some fields of an object that is still as it was read: `patch` holds its version.
    ///
    /// # Errors
    /// [`ClusterError`]; a conflict where somebody was faster.
    pub async fn patch(&self, reference: &ObjectRef, patch: &Value) -> Result<LiveObject, ClusterError> {
        self.list_cache.take(reference);
        let path = format!("{}?fieldManager={FIELD_MANAGER}", reference.path());
        let ask = Ask::get(path, format!("change {reference}"), reference.kind.right("patch"));
        let ask = ask.sending(Method::PATCH, "application/merge-patch+json", patch.to_string().into_bytes());
        Ok(LiveObject::new(self.ask_json(&ask).await?, reference.kind))
    }

    /// Deletes this very object, and none that has taken its name since.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn delete(&self, reference: &ObjectRef, live: &LiveObject) -> Result<Deleted, ClusterError> {
        self.list_cache.take(reference);
        let preconditions = json!({ "uid": live.uid() });
        let body = json!({ "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions });
        let ask = Ask::get(reference.path(), format!("delete {reference}"), reference.kind.right("delete"));
        let ask = ask.sending(Method::DELETE, "application/json", body.to_string().into_bytes());
        match self.ask_json::<Value>(&ask).await {
            Ok(answer) => {
                let live = LiveObject::new(answer, reference.kind);
                Ok(if live.is_ending() { Deleted::Held(live) } else { Deleted::Gone })
            }
            // Another uid: ours is gone, and another object has its name.
            Err(error) if error.is_not_found() || error.is_conflict() => Ok(Deleted::Gone),
            Err(error) => Err(error),
        }
    }

    /// All objects of a kind with the labels of `selector`, in all namespaces or in one.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn list(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        selector: &str,
    ) -> Result<Vec<LiveObject>, ClusterError> {
        let mut found = Vec::new();
        self.list_each(kind, namespace, selector, |live| found.push(live)).await?;
        Ok(found)
    }

    /// As [`Cluster::list`], one object after the other, for whoever needs no more than a part of each.
    pub(super) async fn list_each(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        selector: &str,
        mut take: impl FnMut(LiveObject),
    ) -> Result<(), ClusterError> {
        let selector = super::object::segment(selector);
        let mut next = String::new();
        loop {
            let path = kind.path(namespace);
            let path = format!(
                "{path}?labelSelector={selector}&limit={PAGE}&continue={}",
                super::object::segment(&next)
            );
            let ask = Ask::get(path, format!("list {}", kind.plural()), kind.right("list"));
            let page: List = self.ask_json(&ask).await?;
            page.items.into_iter().map(|item| LiveObject::new(item, kind)).for_each(&mut take);
            next = page.metadata.next;
            if next.is_empty() {
                return Ok(());
            }
        }
    }
}
