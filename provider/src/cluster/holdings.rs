//! Many reads in one: a few objects are read each for itself, and from then on a kind's grants are listed once.
//!
//! A list is a moment old when it is used, so each object of it is given once: whoever asks again, or after a write, asks
//! the server. An object that the list lacks is asked for by itself before anybody calls it gone.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use p0_grant::grant::ManagedBy;
use p0_grant::manifest::MANAGED_BY;
use tokio::sync::OnceCell;

use super::object::{Kind, Live, Place};
use super::{Cluster, ClusterError};

/// How many objects are read each for itself before they are listed.
const SINGLE_READS: usize = 6;

/// What was listed of one kind, each object packed: most of them wait long until somebody asks.
type Held = Mutex<BTreeMap<Place, Box<str>>>;

/// The lists, one a kind; empty where listing is not allowed.
#[derive(Default)]
pub(super) struct Holdings {
    read: AtomicUsize,
    lists: [OnceCell<Held>; 4],
}

impl Holdings {
    fn list(&self, kind: Kind) -> Option<&OnceCell<Held>> {
        Kind::ALL.iter().position(|other| *other == kind).and_then(|index| self.lists.get(index))
    }

    /// Gives what was listed of an object, once.
    pub(super) fn take(&self, place: &Place) -> Option<Live> {
        let packed =
            self.list(place.kind)?.get()?.lock().unwrap_or_else(PoisonError::into_inner).remove(place);
        Live::unpacked(&packed?)
    }
}

impl Cluster {
    /// As [`Cluster::get`], for objects of this provider, of which somebody may ask for many.
    ///
    /// # Errors
    /// As [`Cluster::get`].
    pub async fn held(&self, place: &Place) -> Result<Option<Live>, ClusterError> {
        if self.holdings.read.fetch_add(1, Ordering::Relaxed) >= SINGLE_READS
            && let Some(list) = self.holdings.list(place.kind)
        {
            list.get_or_try_init(|| self.list_held(place.kind)).await?;
            if let Some(live) = self.holdings.take(place) {
                return Ok(Some(live));
            }
        }
        self.get(place).await
    }

    async fn list_held(&self, kind: Kind) -> Result<Held, ClusterError> {
        let selector = format!("{MANAGED_BY}={}", ManagedBy::TerraformProviderP0);
        let mut held = BTreeMap::new();
        let listing = self.list_each(kind, None, &selector, |live| {
            held.extend(live.place().map(|place| (place, live.packed())));
        });
        match listing.await {
            Ok(()) => Ok(Mutex::new(held)),
            Err(error) if error.is_forbidden() => Ok(Mutex::default()),
            Err(error) => Err(error),
        }
    }
}
