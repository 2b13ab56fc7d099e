//! Deleting a grant: its binding, then its role object.
//!
//! Not here: removing an expired grant's objects while its record stays in the state ([`super::update`]).

use std::time::Instant;

use tfplugin::diagnostics::Diagnostics;
use tfplugin::provider::{Call, Stored};
use tfplugin::value::Value;

use super::objects::{desired, object_refs};
use super::read::same_cluster;
use super::write::{GRACE, actual_state, bounded, remove};
use crate::cluster::Cluster;
use crate::grant::config::Timeouts;
use crate::grant::private_state::PrivateState;
use crate::grant::record::Record;
use crate::grant::values::{list, with};

/// Deletes the grant that `prior` records.
///
/// # Errors
/// Where an object could not be deleted; [`after_error`] then says what is left.
pub(in crate::grant) async fn delete(
    call: &mut Call,
    cluster: &Cluster,
    prior: &Stored,
) -> Result<(), Diagnostics> {
    let (record, private) = (Record::read(&prior.state)?, PrivateState::read(&prior.private)?);
    let limit = Timeouts::of_state(&prior.state).delete;
    let deadline = Instant::now() + limit;
    let work = async {
        same_cluster(cluster, &private).await?;
        remove(cluster, &record, &object_refs(&record, &private), deadline).await
    };
    let warnings = bounded(&call.stop, limit + GRACE, "delete", work).await?;
    call.diagnostics.extend(warnings);
    Ok(())
}

/// The state of a grant whose deletion failed, with what the cluster still holds.
///
/// # Errors
/// Where that cannot be read.
pub(in crate::grant) async fn after_error(cluster: &Cluster, prior: &Stored) -> Result<Stored, Diagnostics> {
    let (record, private) = (Record::read(&prior.state)?, PrivateState::read(&prior.private)?);
    let objects = if record.expired { None } else { desired(&record, &private).ok() };
    let references = object_refs(&record, &private);
    let actual = actual_state(cluster, &record, &references, objects.as_ref()).await?;
    let results = [("active", Value::Bool(actual.active)), ("drift", list(actual.drift))];
    Ok(Stored { state: with(prior.state.clone(), results), ..prior.clone() })
}
