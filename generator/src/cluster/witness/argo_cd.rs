//! Argo CD as the witness: its Application says which revision it has synced, and which objects it could not.
//!
//! Source: <https://argo-cd.readthedocs.io/en/stable/operator-manual/application.yaml>.

use std::collections::BTreeSet;

use async_trait::async_trait;
use kube::core::GroupVersionKind;
use p0_access::cluster::Applier;
use p0_grant::manifest::Manifest;
use p0_grant::name::GrantId;
use serde_json::Value;

use super::mentions::mentioned;
use super::{ClusterWitness, Expected, Failure, Lineage, Observation, applier_object, list, text};
use crate::cluster::{Cluster, ClusterError};

/// Reads one Application.
pub(super) struct ArgoCd {
    cluster: Cluster,
    applier: Applier,
}

impl ArgoCd {
    pub(super) fn new(cluster: Cluster, applier: Applier) -> Self {
        Self { cluster, applier }
    }

    async fn application(&self) -> Result<Value, ClusterError> {
        let kind = GroupVersionKind::gvk("argoproj.io", "v1alpha1", "Application");
        applier_object(&self.cluster, &self.applier, &kind).await
    }
}

#[async_trait]
impl ClusterWitness for ArgoCd {
    async fn look(
        &self,
        _grant: &Manifest,
        _wanted: Expected,
        commit: &str,
        lineage: &dyn Lineage,
    ) -> Result<Observation, ClusterError> {
        Ok(observe(&self.application().await?, commit, lineage))
    }

    async fn failing(&self) -> Result<Option<Failure>, ClusterError> {
        Ok(failure(&self.application().await?))
    }
}

/// What the status says of `commit`. `Synced` compares the live objects too, so what was pruned is gone.
fn observe(object: &Value, commit: &str, lineage: &dyn Lineage) -> Observation {
    let state = text(object, "/status/sync/status").unwrap_or("nowhere");
    let revision = text(object, "/status/sync/revision").unwrap_or("no revision");
    match (state == "Synced").then(|| lineage.contains(revision, commit)) {
        Some(Ok(true)) => Observation::Confirmed,
        Some(Err(why)) => Observation::NotYet(why),
        Some(Ok(false)) | None => Observation::NotYet(format!("Argo CD is {state} at {revision}")),
    }
}

/// Why the last sync failed, with the objects that could not be applied.
fn failure(object: &Value) -> Option<Failure> {
    let phase = text(object, "/status/operationState/phase");
    if !matches!(phase, Some("Failed" | "Error")) {
        return None;
    }
    let message = text(object, "/status/operationState/message").unwrap_or_default().to_owned();
    let grants = failed_objects(object).into_iter().chain(mentioned(&message)).collect();
    let tried = text(object, "/status/operationState/syncResult/revision").map(str::to_owned);
    Some(Failure { message, grants, tried })
}

/// Grants of objects whose own sync failed.
fn failed_objects(object: &Value) -> BTreeSet<GrantId> {
    let resources = list(object, "/status/operationState/syncResult/resources").iter();
    let failed = resources.filter(|own| text(own, "/status") == Some("SyncFailed"));
    failed.flat_map(|own| mentioned(text(own, "/name").unwrap_or_default())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Line;

    impl Lineage for Line {
        fn contains(&self, revision: &str, commit: &str) -> Result<bool, String> {
            Ok(!revision.is_empty() && revision >= commit)
        }
    }

    #[test]
    fn synced_at_the_revision_or_a_later_one_is_confirmed() {
        let status = |state: &str, revision: &str| json!({ "status": { "sync": { "status": state, "revision": revision } } });
        assert_eq!(observe(&status("Synced", "c3"), "c2", &Line), Observation::Confirmed);
        for status in [status("OutOfSync", "c3"), status("Synced", "c1"), json!({})] {
            assert!(matches!(observe(&status, "c2", &Line), Observation::NotYet(_)), "{status}");
        }
    }

    #[test]
    fn a_failed_object_names_its_grant() {
        let status = |phase: &str| {
            json!({ "status": { "sync": { "status": "OutOfSync", "revision": "c2" }, "operationState": {
                "phase": phase, "message": "one or more objects failed to apply", "syncResult": {
                    "revision": "c2", "resources": [
                        { "status": "Synced", "name": "p0-view-Pods-aaaaaaaaaaaaaaaaaaaa-binding" },
                        { "status": "SyncFailed", "name": "p0-view-Pods-vpl5aqzpwnnqmnkrzze2-binding" },
                    ] } } } })
        };
        let failed = failure(&status("Failed")).unwrap();
        assert_eq!(failed.grants, BTreeSet::from([GrantId::new("vpl5aqzpwnnqmnkrzze2").unwrap()]));
        for (commit, is_of) in [("c1", true), ("c2", true), ("c3", false)] {
            assert_eq!(failed.is_of(commit, &Line), Ok(is_of), "{commit}");
        }
        assert_eq!(failure(&status("Succeeded")), None);
    }
}
