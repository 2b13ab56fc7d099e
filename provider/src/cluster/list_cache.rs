//! Many reads in one: a few objects are read each for itself, and from then on a kind's grants are listed once.
//!
//! A list is a moment old when it is used, so each object of it is given once: the next read, or a read after a write, asks
//! the server. An object that the list lacks is read by itself before it counts as gone.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use p0_grant::grant::ManagedBy;
use p0_grant::manifest::MANAGED_BY;
use tokio::sync::OnceCell;

use super::{Cluster, ClusterError, Kind, LiveObject, ObjectRef};

/// How many objects are read each for itself before they are listed.
const SINGLE_READS: usize = 6;

/// What was listed of one kind, each object packed, because most are read much later.
type ListedObjects = Mutex<BTreeMap<ObjectRef, Box<str>>>;

/// The lists, one a kind; empty where listing is not allowed.
#[derive(Default)]
pub(super) struct ListCache {
    read: AtomicUsize,
    lists: [OnceCell<ListedObjects>; 4],
}

impl ListCache {
    fn list(&self, kind: Kind) -> Option<&OnceCell<ListedObjects>> {
        Kind::ALL.iter().position(|other| *other == kind).and_then(|index| self.lists.get(index))
    }

    /// Gives what was listed of an object, once.
    pub(super) fn take(&self, reference: &ObjectRef) -> Option<LiveObject> {
        let packed = self
            .list(reference.kind)?
            .get()?
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(reference);
        LiveObject::unpacked(&packed?)
    }
}

impl Cluster {
    /// As [`Cluster::get`], for objects of this provider, of which many may be read.
    ///
    /// # Errors
    /// As [`Cluster::get`].
    pub async fn get_cached(&self, reference: &ObjectRef) -> Result<Option<LiveObject>, ClusterError> {
        if self.list_cache.read.fetch_add(1, Ordering::Relaxed) >= SINGLE_READS
            && let Some(list) = self.list_cache.list(reference.kind)
        {
            list.get_or_try_init(|| self.list_grants(reference.kind)).await?;
            if let Some(live) = self.list_cache.take(reference) {
                return Ok(Some(live));
            }
        }
        self.get(reference).await
    }

    async fn list_grants(&self, kind: Kind) -> Result<ListedObjects, ClusterError> {
        let selector = format!("{MANAGED_BY}={}", ManagedBy::TerraformProviderP0);
        let mut held = BTreeMap::new();
        let listing = self.api.list_each(kind, None, &selector, |live| {
            held.extend(live.reference().map(|reference| (reference, live.packed())));
        });
        match listing.await {
            Ok(()) => Ok(Mutex::new(held)),
            Err(error) if error.is_forbidden() => Ok(Mutex::default()),
            Err(error) => Err(error.into()),
        }
    }
}
