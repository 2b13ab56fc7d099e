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
use p0_access::request::{Effect, Event, Request, RequestId, State, StateName, Step, step};

use crate::forge::Forge;
use crate::repository::BaseSnapshot;
use crate::store::{Advanced, Columns, Filter, NewEffect, NewStep, Store, Urgency};

pub mod actor;
mod error;
pub(crate) mod policy_context;

pub use error::{Result, WorkflowError};

use actor::People;
use policy_context::PolicyContext;

/// How often a lost race for one request is run again.
const TRIES: usize = 32;

/// Requests and their repositories.
pub struct Workflow {
    pub(crate) store: Store,
    pub(crate) forges: Vec<Arc<dyn Forge>>,
}

impl Workflow {
    /// The requests of `store`, which live in the repositories of `forges`.
    pub fn new(store: Store, forges: Vec<Arc<dyn Forge>>) -> Self {
        Self { store, forges }
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// A request by its id.
    ///
    /// # Errors
    /// [`WorkflowError::NoRequest`], or the store's.
    pub async fn find(&self, id: &RequestId) -> Result<Request> {
        let stored = self.store.load(id.as_str()).await?;
        stored.ok_or_else(|| WorkflowError::NoRequest(id.clone()))?.read().map_err(Into::into)
    }

    /// The requests that `filter` finds, newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, filter: &Filter) -> Result<Vec<Request>> {
        let stored = self.store.list(filter).await?;
        stored.iter().map(|one| one.read().map_err(WorkflowError::from)).collect()
    }

    /// Makes one step of a request. `decide` says which, given the request as it is at that moment; it is called again
    /// where another writer was quicker.
    pub(crate) async fn advance(
        &self,
        id: &RequestId,
        now: Timestamp,
        decide: impl Fn(&Request) -> Result<Event>,
    ) -> Result<Request> {
        for _ in 0..TRIES {
            let stored =
                self.store.load(id.as_str()).await?.ok_or_else(|| WorkflowError::NoRequest(id.clone()))?;
            let request: Request = stored.read()?;
            let step = step(&request, decide(&request)?, now)?;
            match self.store.advance(id.as_str(), stored.version, &stored_step(&step, now)?).await? {
                Advanced::To(_) => return Ok(step.request),
                Advanced::Conflict => {}
            }
        }
        Err(WorkflowError::Busy(id.clone()))
    }

    /// The repository that has `clusters`.
    pub(crate) async fn forge_of(&self, clusters: &BTreeSet<ClusterName>) -> Result<Arc<dyn Forge>> {
        if let [only] = self.forges.as_slice() {
            return Ok(only.clone());
        }
        for forge in &self.forges {
            let snapshot = snapshot(forge).await?;
            if clusters.iter().all(|cluster| snapshot.has(cluster)) {
                return Ok(forge.clone());
            }
        }
        let names: Vec<String> = clusters.iter().map(ToString::to_string).collect();
        Err(WorkflowError::NoRepository(names.join(", ")))
    }

    /// Who is who, on the base of `forge`.
    pub(crate) async fn people(&self, forge: &Arc<dyn Forge>) -> Result<People> {
        People::of(&*snapshot(forge).await?)
    }

    /// What base says about `clusters`.
    pub(crate) async fn known(
        &self,
        clusters: &BTreeSet<ClusterName>,
    ) -> Result<(Arc<dyn Forge>, PolicyContext)> {
        let forge = self.forge_of(clusters).await?;
        let context = PolicyContext::of(&*snapshot(&forge).await?, clusters)?;
        Ok((forge, context))
    }
}

/// What the base of `forge` says now.
async fn snapshot(forge: &Arc<dyn Forge>) -> Result<Arc<BaseSnapshot>> {
    let own = forge.clone();
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
        Ok(NewEffect { key: key.clone(), kind: kind.to_owned(), urgency, body, due: now })
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
