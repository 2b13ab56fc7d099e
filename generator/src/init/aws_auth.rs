//! What Argo CD and Flux need to apply the manifest of `aws-auth` without harm: nothing that the cluster has and the manifest lacks is
//! ever removed or replaced, because a node whose entry is gone becomes `NotReady`.
//!
//! - No pruning, no `Replace`, no `force`.
//! - Argo CD does not heal by itself: EKS adds entries for node groups, and they would go within seconds.
//! - Only the one file is followed, and only a ConfigMap of `kube-system`.
//!
//! The manifest itself is never made here: it must begin as what the cluster has.

use p0_access::eks::ManifestPath;
use p0_grant::yaml::{self, YamlError};
use serde_json::json;

use super::Scaffold;
use super::appliers::{FLUX, SERVER, flux_source};

/// A project that may hold the ConfigMap and nothing else, and the application that applies it.
pub(super) fn argo_cd(scaffold: &Scaffold, file: &ManifestPath) -> Result<String, YamlError> {
    let name = name(scaffold);
    let project = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": { "name": name, "namespace": "argocd" },
        "spec": {
            "description": "The ConfigMap kube-system/aws-auth, nothing else",
            "sourceRepos": [scaffold.url],
            "destinations": [{ "server": SERVER, "namespace": "kube-system" }],
            "clusterResourceWhitelist": [],
            "namespaceResourceWhitelist": [{ "group": "", "kind": "ConfigMap" }],
        },
    });
    let application = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": { "name": name, "namespace": "argocd" },
        "spec": {
            "project": name,
            "source": {
                "repoURL": scaffold.url,
                "targetRevision": scaffold.base,
                "path": file.folder(),
                "directory": { "recurse": false, "include": file.name() },
            },
            "destination": { "server": SERVER, "namespace": "kube-system" },
            "syncPolicy": {
                "automated": { "prune": false, "selfHeal": false },
                "syncOptions": ["ServerSideApply=true"],
            },
        },
    });
    yaml::write(&[project, application])
}

/// A source and a kustomization for the folder of the manifest.
pub(super) fn flux(scaffold: &Scaffold, file: &ManifestPath) -> Result<String, YamlError> {
    let name = name(scaffold);
    let kustomization = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": { "name": name, "namespace": FLUX },
        "spec": {
            "interval": "10m",
            "path": format!("./{}", file.folder()),
            "prune": false,
            "force": false,
            "deletionPolicy": "Orphan",
            "sourceRef": { "kind": "GitRepository", "name": name },
        },
    });
    yaml::write(&[flux_source(scaffold, &name), kustomization])
}

fn name(scaffold: &Scaffold) -> String {
    format!("aws-auth-{}", scaffold.cluster)
}
