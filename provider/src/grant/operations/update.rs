//! Changing a grant in place, and removing the objects of one that has expired.
//!
//! Not here: which change is planned ([`crate::grant::planning`]), and the order of writes ([`super::write`]).

use std::time::Instant;

use p0_grant::manifest::REASON;
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::provider::{Call, Outcome, PlannedChange, Stored};
use tfplugin::value::{Attr, Value};

use super::objects::{DesiredObject, GrantObjects, desired, object_refs};
use super::read::{same_cluster, skew};
use super::write::{GRACE, actual_state, bounded, ensure, remove};
use crate::cluster::Cluster;
use crate::grant::config::{GrantConfig, Timeouts};
use crate::grant::expiry::{Expiry, has_come, planned_alive, too_long};
use crate::grant::private_state::PrivateState;
use crate::grant::record::Record;
use crate::grant::values::{configured, list, with};
use crate::session::Configured;

/// Applies the planned change to the grant that `prior` records, and returns the new state.
///
/// # Errors
/// Where nothing was written; after a write the returned state says what the cluster holds.
pub(in crate::grant) async fn update(
    call: &mut Call,
    configured: &Configured,
    cluster: &Cluster,
    prior: Stored,
    change: PlannedChange,
) -> Outcome<Stored> {
    let before = Record::read(&prior.state)?;
    let is_ending = self::configured(&change.planned.state, "active") == Value::Bool(false);
    let update = Update::new(cluster, &before, prior.identity, change)?;
    same_cluster(cluster, &update.private).await?;
    if is_ending {
        return Ok(update.end(call).await);
    }
    let now = cluster.now().await?;
    call.diagnostics.extend(skew(cluster));
    if has_come(update.record.expires_at, now) {
        let alive = planned_alive(&before, update.record.expires_at);
        return Ok(update.end_expired(call, alive).await);
    }
    let longest = configured.settings.max_duration.filter(|_| update.record.expires_at > before.expires_at);
    let expiry = Expiry::At(Attr::Unknown);
    if let Some(error) = too_long(update.record.created_at, update.record.expires_at, longest, &expiry) {
        return Err(error.into());
    }
    Ok(update.write(call, &before).await)
}

/// A change in place that is being applied.
struct Update<'a> {
    cluster: &'a Cluster,
    record: Record,
    private: PrivateState,
    state: Value,
    identity: Option<Value>,
    timeouts: Timeouts,
}

impl<'a> Update<'a> {
    fn new(
        cluster: &'a Cluster,
        before: &Record,
        identity: Option<Value>,
        change: PlannedChange,
    ) -> Outcome<Self> {
        let planned = change.planned.state;
        let known = |name: &str, fallback: bool| match configured(&planned, name) {
            Value::Bool(value) => Value::Bool(value),
            _ => Value::Bool(fallback),
        };
        let state = with(
            planned.clone(),
            [("expired", known("expired", before.expired)), ("active", known("active", before.active))],
        );
        Ok(Self {
            cluster,
            record: Record::read(&state)?,
            private: PrivateState::read(&change.planned.private)?,
            state,
            identity: Some(change.planned.identity.or(identity).unwrap_or_else(|| before.identity())),
            timeouts: GrantConfig::read(&change.config)?.timeouts,
        })
    }

    /// Makes the cluster hold what was planned.
    async fn write(self, call: &mut Call, before: &Record) -> Stored {
        let objects = match desired(&self.record, &self.private) {
            Ok(objects) => objects,
            Err(error) => return self.failed(call, error, None).await,
        };
        let retired = retired(before, &self.record);
        let work = ensure(self.cluster, &self.record, &objects, &retired);
        match bounded(&call.stop, self.timeouts.update, "update", work).await {
            Ok(()) => self.stored(false, true, Vec::new()),
            Err(error) => self.failed(call, error, Some(&objects)).await,
        }
    }

    /// Removes the objects of a grant that has expired.
    async fn end(self, call: &mut Call) -> Stored {
        let references = object_refs(&self.record, &self.private);
        let limit = self.timeouts.update;
        let work = remove(self.cluster, &self.record, &references, Instant::now() + limit);
        match bounded(&call.stop, limit + GRACE, "update", work).await {
            Ok(warnings) => {
                call.diagnostics.extend(warnings);
                self.stored(true, false, Vec::new())
            }
            Err(error) => self.failed(call, error, None).await,
        }
    }

    /// The grant expired between the plan and now. Nothing new is written, and its objects are removed.
    async fn end_expired(self, call: &mut Call, was_planned_alive: bool) -> Stored {
        let end = self.record.expires_at;
        let removed = self.end(call).await;
        call.diagnostics.push(if was_planned_alive {
            let detail =
                format!("It expired at {end}, after the plan was made. Its objects are removed. Plan again.");
            Diagnostic::error("The grant has expired since the plan", detail)
        } else {
            let detail =
                format!("It ended at {end}, so it is no longer in the cluster. The state records it.");
            Diagnostic::warning("The grant has already ended", detail)
        });
        removed
    }

    fn stored(self, expired: bool, active: bool, drift: Vec<String>) -> Stored {
        let results =
            [("expired", Value::Bool(expired)), ("active", Value::Bool(active)), ("drift", list(drift))];
        Stored { state: with(self.state, results), private: self.private.write(), identity: self.identity }
    }

    /// The state after an error: the plan's record with what the cluster holds.
    async fn failed(
        self,
        call: &mut Call,
        error: Diagnostics,
        objects: Option<&GrantObjects<DesiredObject>>,
    ) -> Stored {
        call.diagnostics.extend(error);
        let references = object_refs(&self.record, &self.private);
        let (expired, active) = (self.record.expired, self.record.active);
        match actual_state(self.cluster, &self.record, &references, objects).await {
            Ok(actual) => self.stored(expired, actual.active, actual.drift),
            Err(error) => {
                call.diagnostics.extend(error);
                self.stored(expired, active, Vec::new())
            }
        }
    }
}

/// Keys that the user had set before and has removed from the configuration.
fn retired<'r>(before: &'r Record, now: &Record) -> Vec<&'r str> {
    let annotations = before.annotations.keys().filter(|key| !now.annotations.contains_key(*key));
    let labels = before.labels.keys().filter(|key| !now.labels.contains_key(*key));
    let reason = (before.reason.is_some() && now.reason.is_none()).then_some(REASON);
    annotations.chain(labels).map(String::as_str).chain(reason).collect()
}
