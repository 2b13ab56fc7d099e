//! The desk: where requests are made, answered, carried out and ended.
//!
//! Two halves. Verbs are what people do: each loads the request, asks policy on base, makes one step and keeps it whole or
//! not at all. The machine does what then has to be done and looks at what is there; everything it does may be done twice.
//! Not here: what may happen when (`p0_access::request`), who may (`p0_access::policy`), and anything that is printed.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use p0_access::layout::ClusterName;
use p0_access::request::{Effect, Event, Request, RequestId, StateName, Step, step};

use crate::signing::SigningKey;
use crate::store::{Advanced, Columns, Filter, NewEffect, NewStep, Store, Urgency};

pub mod actor;
mod error;
mod known;
mod machine;
pub mod ports;
mod verbs;

pub use error::{DeskError, Result};
pub use machine::{Ticked, Watch};
pub use verbs::{Allowance, Ask, Asking, Length, Opened, Revocation, Scope, Shown, Yes};

use actor::People;
use known::Known;
use ports::{Forge, Messenger, OnCallLookup};

/// How often a lost race for one request is run again.
const TRIES: usize = 32;

/// Everything that requests need.
pub struct Desk {
    store: Store,
    forges: Vec<Arc<dyn Forge>>,
    messenger: Arc<dyn Messenger>,
    on_call: Arc<dyn OnCallLookup>,
    /// Without it nothing is proposed or merged here; somebody else who has it does.
    key: Option<Arc<SigningKey>>,
    memo: known::Memo,
    seen: machine::Seen,
    watches: machine::Watches,
}

impl Desk {
    /// A desk over `store` and the repositories of `forges`.
    pub fn new(
        store: Store,
        forges: Vec<Arc<dyn Forge>>,
        messenger: Arc<dyn Messenger>,
        on_call: Arc<dyn OnCallLookup>,
    ) -> Self {
        let (memo, seen) = (known::Memo::default(), machine::Seen::default());
        let watches = machine::Watches::new();
        Self { store, forges, messenger, on_call, key: None, memo, seen, watches }
    }

    /// The same with the key that signs grants.
    #[must_use]
    pub fn with_key(mut self, key: SigningKey) -> Self {
        self.key = Some(Arc::new(key));
        self
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// A request by its id.
    ///
    /// # Errors
    /// [`DeskError::NoRequest`], or the store's.
    pub async fn find(&self, id: &RequestId) -> Result<Request> {
        let stored = self.store.load(id.as_str()).await?;
        stored.ok_or_else(|| DeskError::NoRequest(id.clone()))?.read().map_err(Into::into)
    }

    /// Requests that `filter` finds, the newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, filter: &Filter) -> Result<Vec<Request>> {
        let stored = self.store.list(filter).await?;
        stored.iter().map(|one| one.read().map_err(DeskError::from)).collect()
    }

    /// Makes one step of a request, on whatever it is by then; `decide` says which.
    async fn advance(
        &self,
        id: &RequestId,
        now: Timestamp,
        decide: impl Fn(&Request) -> Result<Event>,
    ) -> Result<Request> {
        for _ in 0..TRIES {
            let stored =
                self.store.load(id.as_str()).await?.ok_or_else(|| DeskError::NoRequest(id.clone()))?;
            let request: Request = stored.read()?;
            let step = step(&request, decide(&request)?, now)?;
            match self.store.advance(id.as_str(), stored.version, &kept(&step, now)?).await? {
                Advanced::To(_) => return Ok(step.request),
                Advanced::Conflict => {}
            }
        }
        Err(DeskError::Busy(id.clone()))
    }

    /// The repository that has `clusters`.
    async fn forge_of(&self, clusters: &BTreeSet<ClusterName>) -> Result<Arc<dyn Forge>> {
        if let [only] = self.forges.as_slice() {
            return Ok(only.clone());
        }
        for forge in &self.forges {
            let (asked, wanted) = (forge.clone(), clusters.clone());
            let paths: Vec<String> = wanted.iter().map(ClusterName::settings_path).collect();
            let count = paths.len();
            let found = blocking(move || asked.files(&paths, "p0/none")).await?;
            if found.len() == count {
                return Ok(forge.clone());
            }
        }
        let names: Vec<String> = clusters.iter().map(ToString::to_string).collect();
        Err(DeskError::NoRepository(names.join(", ")))
    }

    /// Who is who, on the base of `forge`.
    async fn people(&self, forge: &Arc<dyn Forge>) -> Result<People> {
        let (asked, paths) = (forge.clone(), known::paths(&BTreeSet::new()));
        let files = blocking(move || asked.files(&paths, "p0/none")).await?;
        self.memo.people(&files)
    }

    /// What base says about `clusters`.
    async fn known(&self, clusters: &BTreeSet<ClusterName>) -> Result<(Arc<dyn Forge>, Known)> {
        let forge = self.forge_of(clusters).await?;
        let paths = known::paths(clusters);
        let asked = forge.clone();
        let files = blocking(move || asked.files(&paths, known::WINDOWS)).await?;
        Ok((forge, self.memo.read(clusters, &files)?))
    }
}

/// Finds the requests in the states that are `wanted`.
pub fn in_states(wanted: impl Fn(StateName) -> bool) -> Filter {
    let states = StateName::ALL.iter().filter(|state| wanted(**state));
    Filter { states: states.map(|state| state.as_str().to_owned()).collect(), ..Filter::default() }
}

/// The clusters of a request.
fn clusters_of(request: &Request) -> BTreeSet<ClusterName> {
    request.asked().wants.iter().map(|want| want.cluster.clone()).collect()
}

/// A step as the store keeps it.
fn kept(step: &Step, now: Timestamp) -> Result<NewStep> {
    let request = &step.request;
    let urgency = match request.state().name().is_live() {
        true => Urgency::Normal,
        // What takes access away, or withdraws it before it is there, comes first.
        false if request.desired() == p0_access::request::Desired::Nothing => Urgency::Revocation,
        false => Urgency::Normal,
    };
    let effect = |(key, effect): &(String, Effect)| {
        let kind = match effect {
            Effect::Settle => "settle",
            Effect::Tell(_) => "tell",
        };
        let urgency = if *effect == Effect::Settle { urgency } else { Urgency::Normal };
        let body = serde_json::to_value(effect).map_err(DeskError::Json)?;
        Ok(NewEffect { key: key.clone(), kind: kind.to_owned(), urgency, body, due: now })
    };
    let clusters: Vec<String> = clusters_of(request).iter().map(ToString::to_string).collect();
    Ok(NewStep {
        at: now,
        request: serde_json::to_value(request).map_err(DeskError::Json)?,
        columns: Columns {
            state: request.state().name().as_str().to_owned(),
            requester: request.asked().requester.to_string(),
            subject: request.asked().subject.to_string(),
            cluster: clusters.join(","),
            expires_at: request.expires_at(),
            next_due: request.next_due(),
        },
        effects: step.effects.iter().map(effect).collect::<Result<_>>()?,
        line: serde_json::to_value(&step.line).map_err(DeskError::Json)?,
    })
}

/// Git works on this thread's time; nobody else should wait for it.
async fn blocking<T: Send + 'static, E: Send + 'static>(
    work: impl FnOnce() -> std::result::Result<T, E> + Send + 'static,
) -> Result<T>
where
    DeskError: From<E>,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(Into::into),
        Err(broken) => Err(DeskError::Broken(broken)),
    }
}
