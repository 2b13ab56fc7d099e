//! Writing a grant's objects, in an order that at no moment grants more than planned.
//!
//! The role comes before the binding, because a role without a binding grants nothing; the binding goes before the role.
//! Every write names the version or the uid that it is for. Not here: when anything is written.

use std::time::{Duration, Instant};

use p0_grant::manifest::GRANT;
use serde_json::Value;
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::provider::Stop;

use super::objects::{
    DesiredObject, GrantObjects, claimed_by, crosses, drift, emptied, is_ours, patch, refers_elsewhere,
};
use crate::cluster::{Cluster, ClusterError, Created, Deleted, LiveObject, ObjectRef};
use crate::grant::aws_auth;
use crate::grant::record::Record;

/// How often a change is tried again because another client was faster.
const ATTEMPTS: usize = 4;
/// How often a deletion that is held up is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// How much longer than its own deadline a removal may run, so that it can say what holds it up.
pub(super) const GRACE: Duration = Duration::from_secs(2);
/// How long reading the actual state may take after an error.
const LOOKING: Duration = Duration::from_secs(15);

/// What is really there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::grant) struct ActualState {
    /// Whether both objects are.
    pub(in crate::grant) active: bool,
    /// Whether any of them is.
    pub(in crate::grant) anything: bool,
    /// How they differ from what was recorded.
    pub(in crate::grant) drift: Vec<String>,
}

/// Does `work` unless the user interrupts or it takes longer than `limit`.
pub(in crate::grant) async fn bounded<T>(
    stop: &Stop,
    limit: Duration,
    setting: &str,
    work: impl Future<Output = Result<T, Diagnostics>>,
) -> Result<T, Diagnostics> {
    tokio::select! {
        done = tokio::time::timeout(limit, work) => done.unwrap_or_else(|_| {
            let detail = format!("It was not done within {} s. `timeouts.{setting}` sets how long it may take.", limit.as_secs());
            Err(Diagnostic::error("It took too long", detail).into())
        }),
        () = stop.comes() => {
            let detail = "Terraform was interrupted. What had been written by then is in the state.";
            Err(Diagnostic::error("Interrupted", detail).into())
        }
    }
}

fn foreign(reference: &ObjectRef, label: Option<&str>) -> Diagnostics {
    let by = label.map_or("it differs from it", |label| match label {
        GRANT => "its label `p0.dev/grant` is another or missing",
        _ => "its label `app.kubernetes.io/managed-by` names another owner",
    });
    let detail = format!(
        "There is an object with the name of {reference} that is not of this grant: {by}. It is left as it is. If it is this \
         grant's and another client changed it, restore the label or delete the object."
    );
    Diagnostic::error("The object belongs to another owner", detail).into()
}

/// Creates both objects of a new grant, and its entry in `aws-auth`. Without the entry both are removed again.
pub(in crate::grant) async fn create(
    cluster: &Cluster,
    record: &Record,
    desired: &GrantObjects<DesiredObject>,
) -> Result<(), Diagnostics> {
    let Some(mapping) = record.mapping() else { return put_both(cluster, record, desired).await };
    // A user name that is somebody else's must not be bound, not even for a moment.
    aws_auth::check(cluster, record, &mapping).await?;
    put_both(cluster, record, desired).await?;
    let Err(mut told) = aws_auth::ensure(cluster, &mapping).await else { return Ok(()) };
    let made =
        GrantObjects { role: desired.role.reference.clone(), binding: desired.binding.reference.clone() };
    if let Err(more) = remove(cluster, record, &made, Instant::now() + GRACE).await {
        told.extend(more);
    }
    Err(told)
}

async fn put_both(
    cluster: &Cluster,
    record: &Record,
    desired: &GrantObjects<DesiredObject>,
) -> Result<(), Diagnostics> {
    put(cluster, record, &desired.role).await?;
    put(cluster, record, &desired.binding).await
}

/// Creates one object. One that is there already is good only where it is exactly this one: then the answer to an earlier
/// attempt was lost.
async fn put(cluster: &Cluster, record: &Record, desired: &DesiredObject) -> Result<(), Diagnostics> {
    match cluster
        .create(&desired.reference, &desired.object)
        .await
        .map_err(|error| not_created(error, desired))?
    {
        Created::New(_) => Ok(()),
        Created::Taken(live) if is_ours(&live, record) && is_as_wanted(desired, &live) => Ok(()),
        Created::Taken(live) => Err(foreign(&desired.reference, claimed_by(&live, record))),
    }
}

fn is_as_wanted(desired: &DesiredObject, live: &LiveObject) -> bool {
    patch(desired, live, &[]).is_none() && !refers_elsewhere(desired, live)
}

fn not_created(error: ClusterError, desired: &DesiredObject) -> Diagnostics {
    let is_namespace = error.is_not_found();
    let diagnostic = Diagnostic::from(error);
    match (&desired.reference.namespace, is_namespace) {
        (Some(namespace), true) => {
            let detail = format!("The cluster has no namespace `{namespace}`. {}", diagnostic.detail);
            Diagnostic { summary: "No such namespace".to_owned(), detail, ..diagnostic }.into()
        }
        _ => diagnostic.into(),
    }
}

/// Makes the cluster hold what is recorded, from whatever is there of it. `retired` are keys that people have taken back.
pub(in crate::grant) async fn ensure(
    cluster: &Cluster,
    record: &Record,
    desired: &GrantObjects<DesiredObject>,
    retired: &[&str],
) -> Result<(), Diagnostics> {
    let mapping = record.mapping();
    if let Some(mapping) = &mapping {
        aws_auth::check(cluster, record, mapping).await?;
    }
    let mut attempt = 0;
    loop {
        attempt += 1;
        match ensure_once(cluster, record, desired, retired).await {
            Err(WriteError::Overtaken(error)) if attempt < ATTEMPTS => {
                tracing::debug!(%error, "another client has changed the object, reading it again");
            }
            Err(WriteError::Overtaken(error)) => return Err(error.into()),
            Err(WriteError::Told(told)) => return Err(told),
            Ok(()) => break,
        }
    }
    match &mapping {
        Some(mapping) => aws_auth::ensure(cluster, mapping).await,
        None => Ok(()),
    }
}

/// Why a change was not made.
enum WriteError {
    /// Another client changed the object meanwhile.
    Overtaken(ClusterError),
    /// Anything else.
    Told(Diagnostics),
}

impl From<ClusterError> for WriteError {
    fn from(error: ClusterError) -> Self {
        if error.is_conflict() { Self::Overtaken(error) } else { Self::Told(error.into()) }
    }
}

impl From<Diagnostics> for WriteError {
    fn from(told: Diagnostics) -> Self {
        Self::Told(told)
    }
}

async fn ensure_once(
    cluster: &Cluster,
    record: &Record,
    desired: &GrantObjects<DesiredObject>,
    retired: &[&str],
) -> Result<(), WriteError> {
    let (role, binding) =
        tokio::join!(cluster.get(&desired.role.reference), cluster.get(&desired.binding.reference));
    let (role, mut binding) = (role?, binding?);
    for (live, desired) in [(&role, &desired.role), (&binding, &desired.binding)] {
        check(live.as_ref(), record, &desired.reference)?;
    }
    // A binding to another role cannot be turned; it goes before anything is given.
    if let Some(live) = binding.take_if(|live| refers_elsewhere(&desired.binding, live)) {
        delete(cluster, &desired.binding.reference, &live).await?;
    }
    if let (Some(role), Some(live)) = (&role, &binding)
        && crosses(desired, role, live)
    {
        binding = Some(cluster.patch(&desired.binding.reference, &emptied(live)).await?);
    }
    write(cluster, record, &desired.role, role.as_ref(), retired).await?;
    write(cluster, record, &desired.binding, binding.as_ref(), retired).await
}

fn check(live: Option<&LiveObject>, record: &Record, reference: &ObjectRef) -> Result<(), Diagnostics> {
    let Some(live) = live else { return Ok(()) };
    match claimed_by(live, record) {
        Some(label) => Err(foreign(reference, Some(label))),
        None if live.is_ending() => Err(held(reference, live)),
        None => Ok(()),
    }
}

fn held(reference: &ObjectRef, live: &LiveObject) -> Diagnostics {
    let finalizers: Vec<String> = live.finalizers().iter().map(|name| format!("`{name}`")).collect();
    let detail = format!(
        "{reference} is being deleted and waits for {}. Expiry then it counts.",
        if finalizers.is_empty() { "the server".to_owned() } else { finalizers.join(", ") }
    );
    Diagnostic::error("A deletion is held up", detail).into()
}

async fn write(
    cluster: &Cluster,
    record: &Record,
    desired: &DesiredObject,
    live: Option<&LiveObject>,
    retired: &[&str],
) -> Result<(), WriteError> {
    let Some(live) = live else { return Ok(put(cluster, record, desired).await?) };
    let change: Option<Value> = patch(desired, live, retired);
    if let Some(change) = change {
        cluster.patch(&desired.reference, &change).await?;
    }
    Ok(())
}

async fn delete(cluster: &Cluster, reference: &ObjectRef, live: &LiveObject) -> Result<(), WriteError> {
    match cluster.delete(reference, live).await? {
        Deleted::Gone => Ok(()),
        Deleted::Held(live) => Err(held(reference, &live).into()),
    }
}

/// Removes a grant's objects and then its entry in `aws-auth`, waiting until `deadline` where a finalizer holds one. An object of another owner stays: a role
/// with a warning; a binding with an error, because it could still grant something. The role is removed in any case, so that
/// such a binding grants nothing.
pub(in crate::grant) async fn remove(
    cluster: &Cluster,
    record: &Record,
    references: &GrantObjects<ObjectRef>,
    deadline: Instant,
) -> Result<Vec<Diagnostic>, Diagnostics> {
    let (role, binding) = tokio::join!(cluster.get(&references.role), cluster.get(&references.binding));
    let (role, binding) = (role?, binding?);
    let (binding, claimed) = mine(binding, record);
    let (role, shared) = mine(role, record);
    remove_one(cluster, &references.binding, binding, deadline).await?;
    remove_one(cluster, &references.role, role, deadline).await?;
    let withdrawn = aws_auth::withdraw(cluster, record).await;
    if let Some(label) = claimed {
        return Err(foreign(&references.binding, Some(label)));
    }
    withdrawn?;
    let left = shared.map(|label| {
        let detail = format!(
            "{} carries the name of this grant and not its label `{label}`, so it stays.",
            references.role
        );
        Diagnostic::warning("An object of another owner was left", detail)
    });
    Ok(left.into_iter().collect())
}

/// What is the grant's, or the label by which it is not.
fn mine(live: Option<LiveObject>, record: &Record) -> (Option<LiveObject>, Option<&'static str>) {
    let label = live.as_ref().and_then(|live| claimed_by(live, record));
    (live.filter(|_| label.is_none()), label)
}

async fn remove_one(
    cluster: &Cluster,
    reference: &ObjectRef,
    live: Option<LiveObject>,
    deadline: Instant,
) -> Result<(), Diagnostics> {
    let Some(live) = live else { return Ok(()) };
    let uid = live.uid().map(str::to_owned);
    let mut held_by = match cluster.delete(reference, &live).await? {
        Deleted::Gone => return Ok(()),
        Deleted::Held(live) => live,
    };
    loop {
        if Instant::now() >= deadline {
            return Err(held(reference, &held_by));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
        match cluster.get(reference).await? {
            Some(live) if live.uid() == uid.as_deref() => held_by = live,
            _ => return Ok(()),
        }
    }
}

/// What the cluster holds now: after an error the state says this instead of what was planned.
pub(in crate::grant) async fn actual_state(
    cluster: &Cluster,
    record: &Record,
    references: &GrantObjects<ObjectRef>,
    desired: Option<&GrantObjects<DesiredObject>>,
) -> Result<ActualState, Diagnostics> {
    let looking = async { tokio::join!(cluster.get(&references.role), cluster.get(&references.binding)) };
    let Ok((role, binding)) = tokio::time::timeout(LOOKING, looking).await else {
        let detail =
            "After the error it could not be seen in time what is in the cluster. The next plan shows it.";
        return Err(Diagnostic::warning("What is there is not known", detail).into());
    };
    let live = GrantObjects { role: role?, binding: binding? };
    let mut drift = desired.map(|desired| drift(record, desired, &live)).unwrap_or_default();
    if desired.is_some() {
        drift.extend(aws_auth::drift(cluster, record).await.ok().flatten());
    }
    let is_there = |live: &Option<LiveObject>| live.as_ref().is_some_and(|live| is_ours(live, record));
    Ok(ActualState {
        active: is_there(&live.role) && is_there(&live.binding),
        anything: is_there(&live.role) || is_there(&live.binding),
        drift,
    })
}
