//! The resource as `tfplugin` serves it: each call goes to the file that has its idea. Here besides: changing and deleting.

use std::time::Instant;

use async_trait::async_trait;
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::provider::{Call, Change, ImportBy, Outcome, Planned, PlannedChange, Resource, Stored};
use tfplugin::schema::{IdentitySchema, Schema};
use tfplugin::value::Value;

use super::acting::objects::{Pair, Places, Wanted, wanted};
use super::acting::write::{bounded, ensure, remove, truth};
use super::acting::{create, import, read};
use super::keep::Keep;
use super::planning;
use super::planning::deciding::{has_come, planned_alive, too_long};
use super::planning::wish::{Timeouts, Until, Wish};
use super::record::{Record, configured, list, with};
use crate::cluster::Cluster;
use crate::session::Session;

/// `p0_k8s_grant`.
pub struct GrantResource {
    session: Session,
}

impl GrantResource {
    /// One that asks the session's cluster.
    pub fn new(session: Session) -> Self {
        Self { session }
    }
}

#[async_trait]
impl Resource for GrantResource {
    fn schema(&self) -> Schema {
        super::schema()
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(super::identity())
    }

    async fn validate(&self, _call: &mut Call, config: Value) -> Outcome<()> {
        Wish::read(&config).map(drop)
    }

    async fn plan(&self, call: &mut Call, change: Change) -> Outcome<Planned> {
        planning::plan(call, &self.session.configured()?, change).await
    }

    async fn create(&self, call: &mut Call, change: PlannedChange) -> Option<Stored> {
        let (configured, cluster) =
            match self.session.configured().and_then(|known| Ok((known, self.session.cluster()?))) {
                Ok(known) => known,
                Err(told) => {
                    call.diagnostics.extend(told);
                    return None;
                }
            };
        let made = create::create(call, &configured, &cluster, change).await;
        call.diagnostics.extend(read::skew(&cluster));
        made
    }

    async fn update(&self, call: &mut Call, prior: Stored, change: PlannedChange) -> Stored {
        let fallback = prior.clone();
        match self.updated(call, prior, change).await {
            Ok(stored) => stored,
            Err(told) => {
                call.diagnostics.extend(told);
                fallback
            }
        }
    }

    async fn delete(&self, call: &mut Call, prior: Stored) -> Option<Stored> {
        match self.deleted(call, &prior).await {
            Ok(()) => None,
            Err(told) => {
                call.diagnostics.extend(told);
                Some(self.after_error(call, prior).await)
            }
        }
    }

    async fn read(&self, call: &mut Call, current: Stored) -> Outcome<Option<Stored>> {
        let cluster = self.session.cluster()?;
        read::read(call, &self.session.configured()?, &cluster, current).await.map(Some)
    }

    async fn import(&self, _call: &mut Call, by: ImportBy) -> Outcome<Stored> {
        import::import(&*self.session.cluster()?, by).await
    }
}

/// A change that is being made.
struct Changing<'a> {
    cluster: &'a Cluster,
    record: Record,
    keep: Keep,
    state: Value,
    identity: Option<Value>,
    timeouts: Timeouts,
}

impl Changing<'_> {
    fn stored(self, expired: bool, active: bool, drift: Vec<String>) -> Stored {
        let truth =
            [("expired", Value::Bool(expired)), ("active", Value::Bool(active)), ("drift", list(drift))];
        Stored { state: with(self.state, truth), private: self.keep.write(), identity: self.identity }
    }

    /// What there is after an error: the plan's record with the truth about the objects.
    async fn failed(self, call: &mut Call, told: Diagnostics, objects: Option<&Pair<Wanted>>) -> Stored {
        call.diagnostics.extend(told);
        let places = Places::of(&self.record, &self.keep);
        let (expired, active) = (self.record.expired, self.record.active);
        match truth(self.cluster, &self.record, &places, objects).await {
            Ok(truth) => self.stored(expired, truth.active, truth.drift),
            Err(told) => {
                call.diagnostics.extend(told);
                self.stored(expired, active, Vec::new())
            }
        }
    }
}

impl GrantResource {
    async fn updated(&self, call: &mut Call, prior: Stored, change: PlannedChange) -> Outcome<Stored> {
        let configured_now = self.session.configured()?;
        let cluster = self.session.cluster()?;
        let before = Record::read(&prior.state)?;
        let wish = Wish::read(&change.config)?;
        let planned = change.planned.state;
        let known = |name: &str, fallback: bool| match configured(&planned, name) {
            Value::Bool(value) => Value::Bool(value),
            _ => Value::Bool(fallback),
        };
        let is_ending = matches!(configured(&planned, "active"), Value::Bool(false));
        let state = with(
            planned.clone(),
            [("expired", known("expired", before.expired)), ("active", known("active", before.active))],
        );
        let identity = Some(change.planned.identity.or(prior.identity).unwrap_or_else(|| before.identity()));
        let changing = Changing {
            cluster: &cluster,
            record: Record::read(&state)?,
            keep: Keep::read(&change.planned.private)?,
            state,
            identity,
            timeouts: wish.timeouts,
        };
        read::same_cluster(&cluster, &changing.keep).await?;
        if is_ending {
            return Ok(changing.ended(call, true).await);
        }
        let now = cluster.now().await?;
        call.diagnostics.extend(read::skew(&cluster));
        if has_come(changing.record.expires_at, now) {
            let alive = planned_alive(&before, changing.record.expires_at);
            return Ok(changing.overtaken(call, alive).await);
        }
        let longest =
            configured_now.settings.max_duration.filter(|_| changing.record.expires_at > before.expires_at);
        let until = Until::Time(tfplugin::value::Attr::Unknown);
        if let Some(error) = too_long(changing.record.created_at, changing.record.expires_at, longest, &until)
        {
            return Err(error.into());
        }
        Ok(changing.made(call, &before).await)
    }

    async fn deleted(&self, call: &mut Call, prior: &Stored) -> Outcome<()> {
        let cluster = self.session.cluster()?;
        let (record, keep) = (Record::read(&prior.state)?, Keep::read(&prior.private)?);
        let limit = delete_timeout(&prior.state);
        let deadline = Instant::now() + limit;
        let work = async {
            read::same_cluster(&cluster, &keep).await?;
            remove(&cluster, &record, &Places::of(&record, &keep), deadline).await
        };
        // A little longer than the work allows itself, so that it can say what holds it up.
        let told = bounded(&call.stop, limit + std::time::Duration::from_secs(2), "delete", work).await?;
        call.diagnostics.extend(told);
        Ok(())
    }

    /// The state of a grant whose deletion failed, with the truth about its objects.
    async fn after_error(&self, call: &mut Call, prior: Stored) -> Stored {
        let looked = async {
            let cluster = self.session.cluster()?;
            let (record, keep) = (Record::read(&prior.state)?, Keep::read(&prior.private)?);
            let objects = if record.expired { None } else { wanted(&record, &keep).ok() };
            truth(&cluster, &record, &Places::of(&record, &keep), objects.as_ref()).await
        };
        match looked.await {
            Ok(truth) => {
                let found = [("active", Value::Bool(truth.active)), ("drift", list(truth.drift))];
                Stored { state: with(prior.state.clone(), found), ..prior }
            }
            Err(told) => {
                call.diagnostics.extend(told);
                prior
            }
        }
    }
}

fn delete_timeout(state: &Value) -> std::time::Duration {
    let inputs = with(state.clone(), [("expires_at", Value::UNKNOWN), ("duration", Value::Null)]);
    Wish::read(&inputs).map_or(std::time::Duration::from_secs(60), |wish| wish.timeouts.delete)
}

impl Changing<'_> {
    /// Makes the cluster hold what was planned.
    async fn made(self, call: &mut Call, before: &Record) -> Stored {
        let objects = match wanted(&self.record, &self.keep) {
            Ok(objects) => objects,
            Err(told) => return self.failed(call, told, None).await,
        };
        let retired = retired(before, &self.record);
        let work = ensure(self.cluster, &self.record, &objects, &retired);
        match bounded(&call.stop, self.timeouts.update, "update", work).await {
            Ok(()) => self.stored(false, true, Vec::new()),
            Err(told) => self.failed(call, told, Some(&objects)).await,
        }
    }

    /// Removes what is there of a grant that has ended.
    async fn ended(self, call: &mut Call, expired: bool) -> Stored {
        let places = Places::of(&self.record, &self.keep);
        let deadline = Instant::now() + self.timeouts.update;
        let work = remove(self.cluster, &self.record, &places, deadline);
        match bounded(&call.stop, self.timeouts.update + std::time::Duration::from_secs(2), "update", work)
            .await
        {
            Ok(told) => {
                call.diagnostics.extend(told);
                self.stored(expired, false, Vec::new())
            }
            Err(told) => self.failed(call, told, None).await,
        }
    }

    /// Its time came between the plan and now. Nothing is written, and what is there is removed.
    async fn overtaken(self, call: &mut Call, was_planned_alive: bool) -> Stored {
        let end = self.record.expires_at;
        let removed = self.ended(call, true).await;
        call.diagnostics.push(if was_planned_alive {
            let detail =
                format!("It expired at {end}, since the plan. What was there of it is removed. Plan again.");
            Diagnostic::error("The grant has expired since the plan", detail)
        } else {
            let detail =
                format!("It ended at {end}, so it is no longer in the cluster. The state records it.");
            Diagnostic::warning("The grant has already ended", detail)
        });
        removed
    }
}

/// Keys that people had set and have taken back.
fn retired<'r>(before: &'r Record, now: &Record) -> Vec<&'r str> {
    let annotations = before.annotations.keys().filter(|key| !now.annotations.contains_key(*key));
    let labels = before.labels.keys().filter(|key| !now.labels.contains_key(*key));
    let reason = (before.reason.is_some() && now.reason.is_none()).then_some(p0_grant::manifest::REASON);
    annotations.chain(labels).map(String::as_str).chain(reason).collect()
}
