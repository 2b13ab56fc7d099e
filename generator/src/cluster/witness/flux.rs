//! Flux as the witness: its Kustomization says which revision it has applied and pruned for.
//!
//! Source: <https://fluxcd.io/flux/components/kustomize/kustomizations/#kustomization-status>.

use async_trait::async_trait;
use kube::core::GroupVersionKind;
use p0_access::cluster::Applier;
use p0_grant::manifest::Manifest;
use serde_json::Value;

use super::mentions::mentioned;
use super::{ClusterWitness, Expected, Failure, Lineage, Observation, applier_object, list, text};
use crate::cluster::{Cluster, ClusterError};

/// Reads one Kustomization.
pub(super) struct Flux {
    cluster: Cluster,
    applier: Applier,
}

impl Flux {
    pub(super) fn new(cluster: Cluster, applier: Applier) -> Self {
        Self { cluster, applier }
    }

    async fn kustomization(&self) -> Result<Value, ClusterError> {
        let kind = GroupVersionKind::gvk("kustomize.toolkit.fluxcd.io", "v1", "Kustomization");
        applier_object(&self.cluster, &self.applier, &kind).await
    }
}

#[async_trait]
impl ClusterWitness for Flux {
    async fn look(
        &self,
        _grant: &Manifest,
        _wanted: Expected,
        commit: &str,
        lineage: &dyn Lineage,
    ) -> Result<Observation, ClusterError> {
        Ok(observe(&self.kustomization().await?, commit, lineage))
    }

    async fn failing(&self) -> Result<Option<Failure>, ClusterError> {
        Ok(failure(&self.kustomization().await?))
    }
}

/// What the object's status says of `commit`. Applying a revision includes pruning what it no longer has.
fn observe(object: &Value, commit: &str, lineage: &dyn Lineage) -> Observation {
    let applied = text(object, "/status/lastAppliedRevision").and_then(revision);
    match applied.map_or(Ok(false), |applied| lineage.contains(applied, commit)) {
        Ok(true) => return Observation::Confirmed,
        Ok(false) => {}
        Err(why) => return Observation::NotYet(why),
    }
    if object.pointer("/spec/suspend") == Some(&Value::Bool(true)) {
        return Observation::NotYet("the Kustomization is suspended".to_owned());
    }
    if let Some(Failure { message, .. }) = failure(object) {
        return Observation::NotYet(format!("Flux fails: {message}"));
    }
    Observation::NotYet(match applied {
        Some(applied) => format!("Flux has applied {applied}, which is older"),
        None => "Flux has applied nothing yet".to_owned(),
    })
}

/// Why it is not ready. A Kustomization is applied as a whole, so one object that cannot be applied stops them all.
fn failure(object: &Value) -> Option<Failure> {
    let conditions = list(object, "/status/conditions").iter();
    let mut ready = conditions.filter(|own| text(own, "/type") == Some("Ready"));
    let failed = ready.find(|ready| is_failure(ready))?;
    let message = text(failed, "/message").unwrap_or_default().to_owned();
    let tried = text(object, "/status/lastAttemptedRevision").and_then(revision).map(str::to_owned);
    Some(Failure { grants: mentioned(&message), message, tried })
}

/// Not ready while it reconciles says nothing; `ReconciliationFailed` and its like do.
fn is_failure(ready: &Value) -> bool {
    let reason = text(ready, "/reason").unwrap_or_default();
    text(ready, "/status") == Some("False") && reason.ends_with("Failed")
}

/// The commit in `main@sha1:<commit>`.
fn revision(text: &str) -> Option<&str> {
    text.rsplit(':').next().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use p0_grant::name::GrantId;
    use serde_json::json;

    use super::*;

    struct Line;

    impl Lineage for Line {
        fn contains(&self, revision: &str, commit: &str) -> Result<bool, String> {
            Ok(revision >= commit)
        }
    }

    #[test]
    fn the_applied_revision_decides() {
        let object =
            |applied: &str| json!({ "status": { "lastAppliedRevision": format!("main@sha1:{applied}") } });
        assert_eq!(observe(&object("c3"), "c2", &Line), Observation::Confirmed);
        assert_eq!(observe(&object("c2"), "c2", &Line), Observation::Confirmed);
        assert!(
            matches!(observe(&object("c1"), "c2", &Line), Observation::NotYet(why) if why.contains("c1"))
        );
        assert!(matches!(observe(&json!({}), "c2", &Line), Observation::NotYet(_)));
    }

    struct Unreadable;

    impl Lineage for Unreadable {
        fn contains(&self, _revision: &str, _commit: &str) -> Result<bool, String> {
            Err("the repository cannot be read".to_owned())
        }
    }

    #[test]
    fn what_the_repository_does_not_say_confirms_nothing_and_is_no_failure_of_a_grant() {
        let object = json!({ "status": { "lastAppliedRevision": "main@sha1:c3" } });
        let seen = observe(&object, "c2", &Unreadable);
        assert_eq!(seen, Observation::NotYet("the repository cannot be read".to_owned()));
        let failure =
            Failure { message: String::new(), grants: BTreeSet::new(), tried: Some("c3".to_owned()) };
        assert!(failure.is_of("c2", &Unreadable).is_err());
    }

    #[test]
    fn a_failure_names_its_grants_and_a_pause_is_none() {
        let object = |reason: &str, suspend: bool| {
            json!({
                "spec": { "suspend": suspend },
                "status": {
                    "lastAppliedRevision": "main@sha1:c1",
                    "lastAttemptedRevision": "main@sha1:c2",
                    "conditions": [{ "type": "Ready", "status": "False", "reason": reason,
                        "message": "RoleBinding/x/p0-view-Pods-vpl5aqzpwnnqmnkrzze2-binding dry-run failed" }],
                },
            })
        };
        let failed = failure(&object("ReconciliationFailed", false)).unwrap();
        assert_eq!(failed.grants, BTreeSet::from([GrantId::new("vpl5aqzpwnnqmnkrzze2").unwrap()]));
        for (commit, is_of) in [("c1", true), ("c2", true), ("c3", false)] {
            assert_eq!(failed.is_of(commit, &Line), Ok(is_of), "{commit}");
        }
        assert_eq!(failure(&object("Progressing", false)), None);
        let waits = observe(&object("BuildFailed", false), "c2", &Line);
        assert!(matches!(waits, Observation::NotYet(why) if why.contains("Flux fails: RoleBinding/x")));
        let paused = observe(&object("BuildFailed", true), "c2", &Line);
        assert!(matches!(paused, Observation::NotYet(why) if why.contains("suspended")));
    }
}
