//! Many reads in one: a few objects are read each for itself, and from then on a kind's grants are listed once.
//!
//! An object that the list lacks is asked for by itself before anybody calls it gone.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use p0_grant::grant::ManagedBy;
use p0_grant::manifest::MANAGED_BY;
use tokio::sync::OnceCell;

use super::object::{Kind, Live, Place};
use super::{Cluster, ClusterError};

/// How many objects are read each for itself before they are listed.
const SINGLE_READS: usize = 6;

/// The lists, one a kind; `None` where listing is not allowed.
#[derive(Default)]
pub(super) struct Holdings {
    read: AtomicUsize,
    lists: [OnceCell<Option<BTreeMap<Place, Live>>>; 4],
}

impl Cluster {
    /// As [`Cluster::get`], for objects of this provider, of which somebody may ask for many.
    ///
    /// # Errors
    /// As [`Cluster::get`].
    pub async fn held(&self, place: &Place) -> Result<Option<Live>, ClusterError> {
        if self.holdings.read.fetch_add(1, Ordering::Relaxed) < SINGLE_READS {
            return self.get(place).await;
        }
        let Some(cell) = self.holdings.lists.get(index(place.kind)) else { return self.get(place).await };
        let list = cell.get_or_try_init(|| self.list_held(place.kind)).await?;
        match list.as_ref().and_then(|list| list.get(place)) {
            Some(live) => Ok(Some(live.clone())),
            None => self.get(place).await,
        }
    }

    async fn list_held(&self, kind: Kind) -> Result<Option<BTreeMap<Place, Live>>, ClusterError> {
        let selector = format!("{MANAGED_BY}={}", ManagedBy::TerraformProviderP0);
        match self.list(kind, None, &selector).await {
            Ok(found) => {
                let placed = found.into_iter().filter_map(|live| Some((live.place()?, live)));
                Ok(Some(placed.collect()))
            }
            Err(error) if error.is_forbidden() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn index(kind: Kind) -> usize {
    match kind {
        Kind::ClusterRole => 0,
        Kind::Role => 1,
        Kind::ClusterRoleBinding => 2,
        Kind::RoleBinding => 3,
    }
}
