//! Confirmation: whether a cluster really has what base says, or really has it no more.
//!
//! "Active" and "gone" are said only on a witness's word: the grant's own objects, or Flux's or Argo CD's status for a
//! revision. Everything here only reads. Not here: what is told to whom, and when a delay is an alarm.

use std::collections::BTreeSet;

use async_trait::async_trait;
use kube::api::{Api, DynamicObject};
use kube::core::{ApiResource, GroupVersionKind};
use p0_access::cluster::{Applier, Witness};
use p0_grant::manifest::Manifest;
use p0_grant::name::GrantId;
use serde_json::Value;

use crate::cluster::{Cluster, ClusterError};

mod argo_cd;
mod flux;
mod mentions;
mod objects;
mod review;

pub use review::{Through, still_has};

/// What base says of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It is on base.
    Present,
    /// It is gone from base.
    Absent,
}

/// What the witness says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation {
    /// The cluster is as base says.
    Confirmed,
    /// It is not yet, or cannot be seen; why.
    NotYet(String),
}

/// An applier that fails: everything waits for that, revocations included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What it says.
    pub message: String,
    /// The grants that it names. A message may quote anything: only those that are on base count.
    pub grants: BTreeSet<GrantId>,
    /// The revision that it tried.
    pub tried: Option<String>,
}

impl Failure {
    /// Whether it is a failure of what base has since `commit`: one of an older revision says nothing of it.
    ///
    /// # Errors
    /// Why the repository does not say.
    pub fn is_of(&self, commit: &str, lineage: &dyn Lineage) -> Result<bool, String> {
        self.tried.as_ref().map_or(Ok(false), |tried| lineage.contains(tried, commit))
    }
}

/// Which commits a commit of base contains. Git answers it; a witness only knows names.
pub trait Lineage: Send + Sync {
    /// Whether `revision`, as an applier names it, is `commit` or a later one of base.
    ///
    /// # Errors
    /// Why the repository does not say. That is no "no".
    fn contains(&self, revision: &str, commit: &str) -> Result<bool, String>;
}

/// A witness.
#[async_trait]
pub trait ClusterWitness: Send + Sync {
    /// Whether the cluster has `grant` as base has it since `commit`.
    async fn look(
        &self,
        grant: &Manifest,
        expected: Expected,
        commit: &str,
        lineage: &dyn Lineage,
    ) -> Result<Observation, ClusterError>;

    /// Why nothing is applied now, where the witness applies things itself and fails.
    async fn failing(&self) -> Result<Option<Failure>, ClusterError> {
        Ok(None)
    }
}

/// The witness that a cluster file names, asked with the credentials of `cluster`.
pub fn witness(named: &Witness, cluster: Cluster) -> Box<dyn ClusterWitness> {
    match named {
        Witness::Objects => Box::new(objects::Objects::new(cluster)),
        Witness::Flux(applier) => Box::new(flux::Flux::new(cluster, applier.clone())),
        Witness::ArgoCd(applier) => Box::new(argo_cd::ArgoCd::new(cluster, applier.clone())),
    }
}

/// The applier's own object, read from `cluster`.
async fn applier_object(
    cluster: &Cluster,
    applier: &Applier,
    kind: &GroupVersionKind,
) -> Result<Value, ClusterError> {
    let api: Api<DynamicObject> =
        Api::namespaced_with(cluster.client(), applier.namespace.as_str(), &ApiResource::from_gvk(kind));
    let object = api.get(applier.name.as_str()).await;
    let failed = |error| cluster.failed(format!("read the {} `{}`", kind.kind, applier.name), error);
    Ok(object.map_err(failed)?.data)
}

/// The text at `pointer` of a status.
fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// The list at `pointer` of a status; empty where there is none.
fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
