//! What commands and the reconciler share: requests as the store has them, moved one step at a time, and the repositories
//! that they live in.
//!
//! Not here: what people do ([`crate::service`]), what then has to be done ([`crate::reconcile`]), what may happen when
//! (`p0_access::request`) and who may (`p0_access::policy`).

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use p0_access::cluster::ReasonKept;
use p0_access::digest::sha256;
use p0_access::layout::ClusterName;
use p0_access::request::{Effect, Event, Request, RequestId, State, StateName, Step, step, time_step};

use crate::forge::{HostedRepository, Mirror};
use crate::on_call::{NobodyOnCall, OnCallLookup};
use crate::repository::BaseSnapshot;
use crate::store::{Advanced, Columns, Filter, NewEffect, NewStep, Store, Stored, Urgency};

pub mod actor;
mod error;
pub mod evidence;
pub(crate) mod judged;
mod nudge;
mod on_call;
pub(crate) mod policy_context;

pub use error::{Result, WorkflowError};
pub use nudge::Nudge;

use actor::People;
use policy_context::PolicyContext;

/// Logs that access came, went, or that a request moved on.
fn log_move(before: &Request, request: &Request) {
    let (from, to) = (before.state().name(), request.state().name());
    if from == to {
        return;
    }
    let spec = request.spec();
    let (id, requester, subject, grants) = (request.id(), &spec.requester, &spec.subject, spec.summary());
    let (from, to) = (from.as_str(), to.as_str());
    match request.state() {
        State::Merged(_) => {
            tracing::info!(%id, %requester, %subject, grants, from, to, "access is granted on base");
        }
        State::Revoked(_) => {
            tracing::info!(%id, %requester, %subject, grants, from, to, "access is removed from base");
        }
        _ => tracing::debug!(%id, %requester, %subject, grants, from, to, "a request moved on"),
    }
}

/// How often a lost race for one request is run again.
const TRIES: usize = 32;

/// Requests and their repositories.
pub struct Workflow {
    pub(crate) store: Store,
    pub(crate) repositories: Vec<HostedRepository>,
    /// Knows who is on call.
    on_call: Arc<dyn OnCallLookup>,
    /// Wakes the reconciler of this process when a step was stored.
    nudge: Nudge,
}

/// Requests of the store.
#[derive(Debug, Default)]
pub struct Listed {
    /// Those that can be read, newest first.
    pub requests: Vec<Request>,
    /// Ids of the others, and why not.
    pub unreadable: Vec<(String, String)>,
}

impl Workflow {
    /// The requests of `store`, which live in `repositories`. Without [`Workflow::with_on_call`] no person is on call.
    pub fn new(store: Store, repositories: Vec<HostedRepository>) -> Self {
        Self { store, repositories, on_call: Arc::new(NobodyOnCall), nudge: Nudge::default() }
    }

    /// The same with what knows who is on call.
    #[must_use]
    pub fn with_on_call(mut self, on_call: Arc<dyn OnCallLookup>) -> Self {
        self.on_call = on_call;
        self
    }

    /// What wakes the reconciler of this process.
    pub fn nudge(&self) -> &Nudge {
        &self.nudge
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// A request by its id, as it is at `now`: time counts, whether anybody has noted it or not.
    ///
    /// # Errors
    /// [`WorkflowError::NoRequest`], or the store's.
    pub async fn find(&self, id: &RequestId, now: Timestamp) -> Result<Request> {
        let request: Request = self.stored(id).await?.read()?;
        Ok(request.at(now))
    }

    /// A request as it is stored, found by its id or by that of any of its grants.
    async fn stored(&self, id: &RequestId) -> Result<Stored> {
        if let Some(stored) = self.store.load(id.as_str()).await? {
            return Ok(stored);
        }
        let has = |stored: &Stored| {
            let request = stored.read::<Request>().ok();
            request.is_some_and(|request| request.spec().grants.iter().any(|want| want.grant == *id.grant()))
        };
        let all = self.store.list(&Filter::default()).await?;
        all.into_iter().find(has).ok_or_else(|| WorkflowError::NoRequest(id.clone()))
    }

    /// The requests that `filter` finds, newest first, as they are at `now`. One that cannot be read is logged, and hides none.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, filter: &Filter, now: Timestamp) -> Result<Vec<Request>> {
        let Listed { requests, unreadable } = self.list_all(filter, now).await?;
        for (id, why) in unreadable {
            tracing::error!(%id, why, "a request in the store cannot be read");
        }
        Ok(requests)
    }

    /// The same, with what cannot be read.
    ///
    /// # Errors
    /// The store's.
    pub async fn list_all(&self, filter: &Filter, now: Timestamp) -> Result<Listed> {
        let mut listed = Listed::default();
        for one in self.store.list(filter).await? {
            match one.read::<Request>() {
                Ok(request) => listed.requests.push(request.at(now)),
                Err(error) => listed.unreadable.push((one.id.clone(), WorkflowError::from(error).sentence())),
            }
        }
        // Time may have led out of the states that are looked for.
        let is_meant = |request: &Request| {
            let state = request.state().name().as_str();
            filter.states.is_empty() || filter.states.iter().any(|meant| meant == state)
        };
        listed.requests.retain(is_meant);
        Ok(listed)
    }

    /// Makes one step of a request. `decide` says which, given the request as it is at that moment; it is called again
    /// where another writer was quicker. What time alone does by then is a step of its own, before.
    pub(crate) async fn advance(
        &self,
        id: &RequestId,
        now: Timestamp,
        decide: impl Fn(&Request) -> Result<Event>,
    ) -> Result<Request> {
        for _ in 0..TRIES {
            let stored = self.stored(id).await?;
            let request: Request = stored.read()?;
            let (next, is_last) = match time_step(&request, now) {
                Some(next) => (next, false),
                None => (step(&request, decide(&request)?, now)?, true),
            };
            match self.store.advance(&stored.id, stored.version, &stored_step(&next, now)?).await? {
                Advanced::To(_) => {
                    self.nudge.wake();
                    log_move(&request, &next.request);
                    if is_last {
                        return Ok(next.request);
                    }
                }
                Advanced::Conflict => {}
            }
        }
        Err(WorkflowError::Busy(id.clone()))
    }

    /// Notes what time alone has done to a request.
    pub(crate) async fn let_time_count(&self, id: &RequestId, now: Timestamp) -> Result<()> {
        match self.advance(id, now, |_| Ok(Event::Tick)).await {
            Ok(_) | Err(WorkflowError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The repository that has `clusters`.
    pub(crate) async fn repository_of(&self, clusters: &BTreeSet<ClusterName>) -> Result<HostedRepository> {
        match self.repositories.as_slice() {
            [only] => Ok(only.clone()),
            _ => Ok(self.base_of(clusters).await?.0),
        }
    }

    /// The same with what its base says now.
    async fn base_of(
        &self,
        clusters: &BTreeSet<ClusterName>,
    ) -> Result<(HostedRepository, Arc<BaseSnapshot>)> {
        if let [only] = self.repositories.as_slice() {
            return Ok((only.clone(), snapshot(&only.mirror).await?));
        }
        let mut known = BTreeSet::new();
        for repository in &self.repositories {
            let snapshot = snapshot(&repository.mirror).await?;
            known.extend(snapshot.clusters().filter(|own| snapshot.has(own)).map(ToString::to_string));
            if clusters.iter().all(|cluster| snapshot.has(cluster)) {
                return Ok((repository.clone(), snapshot));
            }
        }
        let names: Vec<String> = clusters.iter().map(ToString::to_string).collect();
        let (clusters, known) = (names.join(", "), known.into_iter().collect());
        Err(WorkflowError::NoRepository { clusters, known })
    }

    /// Who is who, on the base of `mirror`.
    pub(crate) async fn people(&self, mirror: &Mirror) -> Result<People> {
        People::of(&*snapshot(mirror).await?)
    }

    /// What base says about `clusters`.
    pub(crate) async fn known(
        &self,
        clusters: &BTreeSet<ClusterName>,
    ) -> Result<(HostedRepository, PolicyContext)> {
        let (repository, snapshot) = self.base_of(clusters).await?;
        let context = PolicyContext::of(&snapshot, clusters)?;
        Ok((repository, context))
    }
}

/// What base says now.
pub(crate) async fn snapshot(mirror: &Mirror) -> Result<Arc<BaseSnapshot>> {
    let own = mirror.clone();
    blocking(move || own.snapshot()).await
}

/// Finds the requests in those states for which `wanted` holds.
pub fn in_states(wanted: impl Fn(StateName) -> bool) -> Filter {
    let states = StateName::ALL.iter().filter(|state| wanted(**state));
    Filter { states: states.map(|state| state.as_str().to_owned()).collect(), ..Filter::default() }
}

/// The clusters of a request.
pub(crate) fn clusters_of(request: &Request) -> BTreeSet<ClusterName> {
    request.spec().grants.iter().map(|requested| requested.cluster.clone()).collect()
}

/// What of a reason is kept in Git.
pub(crate) fn recorded_reason(reason: Option<&str>, kept: ReasonKept) -> Option<String> {
    match kept {
        ReasonKept::Text => reason.map(str::to_owned),
        ReasonKept::Hash => reason.map(|reason| format!("sha256:{}", sha256(reason.as_bytes()))),
        ReasonKept::None => None,
    }
}

/// Why access is wanted now: an extension's own reason, or the request's.
pub(crate) fn reason_of(request: &Request) -> Option<&str> {
    let own = match request.state() {
        State::Extending(extending) => extending.extension.reason.as_deref(),
        _ => None,
    };
    own.or(request.spec().reason.as_deref())
}

/// A step as the store keeps it.
pub(crate) fn stored_step(step: &Step, now: Timestamp) -> Result<NewStep> {
    let request = &step.request;
    let urgency = match request.state().name().is_live() {
        true => Urgency::Normal,
        // What takes access away, or withdraws it before it is there, comes first.
        false if request.desired() == p0_access::request::Desired::Nothing => Urgency::Revocation,
        false => Urgency::Normal,
    };
    let effect = |(key, effect): &(String, Effect)| {
        let kind = match effect {
            Effect::ApplyDesired => "apply-desired",
            Effect::Tell(_) => "tell",
        };
        let urgency = if *effect == Effect::ApplyDesired { urgency } else { Urgency::Normal };
        let body = serde_json::to_value(effect).map_err(WorkflowError::Json)?;
        Ok(NewEffect { key: key.clone(), kind: kind.to_owned(), urgency, body, due: now, recipient: None })
    };
    let clusters: Vec<String> = clusters_of(request).iter().map(ToString::to_string).collect();
    Ok(NewStep {
        at: now,
        request: serde_json::to_value(request).map_err(WorkflowError::Json)?,
        columns: Columns {
            state: request.state().name().as_str().to_owned(),
            requester: request.spec().requester.to_string(),
            subject: request.spec().subject.to_string(),
            cluster: clusters.join(","),
            expires_at: request.expires_at(),
            next_due: request.next_due(),
        },
        effects: step.effects.iter().map(effect).collect::<Result<_>>()?,
        line: serde_json::to_value(&step.line).map_err(WorkflowError::Json)?,
    })
}

/// Runs work that blocks, such as Git's, on a thread of its own.
pub(crate) async fn blocking<T: Send + 'static, E: Send + 'static>(
    work: impl FnOnce() -> std::result::Result<T, E> + Send + 'static,
) -> Result<T>
where
    WorkflowError: From<E>,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(Into::into),
        Err(broken) => Err(WorkflowError::Broken(broken)),
    }
}
