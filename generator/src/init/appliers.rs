//! What Argo CD and Flux need to apply a grants folder, with the pitfalls that would keep access alive closed.
//!
//! - Pruning is on: a file that goes must take its objects with it.
//! - The sentinel keeps the folder from becoming empty, which Argo CD would not sync and Flux would report as missing.
//! - Nothing rewrites namespaces, names or values: a grant binds where it says.
//! - The applier is not cluster-admin: it holds what it may hand on, and the API server refuses the rest.
//!
//! Sources: <https://argo-cd.readthedocs.io/en/stable/user-guide/auto_sync/>,
//! <https://fluxcd.io/flux/components/kustomize/kustomizations/>,
//! <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping>.

use p0_access::layout::SENTINEL_NAME;
use p0_grant::yaml::{self, YamlError};
use serde_json::{Value, json};

use super::Scaffold;

const RBAC: &str = "rbac.authorization.k8s.io";
const APPLIER: &str = "p0-applier";
pub(super) const FLUX: &str = "flux-system";
/// The cluster that Argo CD itself runs in.
pub(super) const SERVER: &str = "https://kubernetes.default.svc";

/// A Role without rules that says what it is for.
///
/// It is of a kind that grants have: an AppProject cannot allow one object by name, and one that allows ConfigMaps allows
/// every ConfigMap of the cluster, `aws-auth` among them.
pub(super) fn sentinel(scaffold: &Scaffold) -> Result<String, YamlError> {
    let why = "Keeps this folder from becoming empty: appliers refuse to remove the last object of a folder.";
    write(&[json!({
        "apiVersion": format!("{RBAC}/v1"),
        "kind": "Role",
        "metadata": {
            "name": SENTINEL_NAME,
            "namespace": scaffold.sentinel_namespace,
            "annotations": { "kubernetes.io/description": why },
        },
        "rules": [],
    })])
}

/// A project that may hold grants and nothing else, and the application that applies them.
pub(super) fn argo_cd(scaffold: &Scaffold) -> Result<String, YamlError> {
    let name = format!("p0-grants-{}", scaffold.cluster);
    let kinds = |kinds: &[(&str, &str)]| {
        kinds.iter().map(|(group, kind)| json!({ "group": group, "kind": kind })).collect::<Vec<_>>()
    };
    let project = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": { "name": name, "namespace": "argocd" },
        "spec": {
            "description": "Grants made by p0-gitops: RBAC objects, nothing else",
            "sourceRepos": [scaffold.url],
            "destinations": [{ "server": SERVER, "namespace": "*" }],
            "clusterResourceWhitelist": kinds(&[(RBAC, "ClusterRole"), (RBAC, "ClusterRoleBinding")]),
            "namespaceResourceWhitelist": kinds(&[(RBAC, "Role"), (RBAC, "RoleBinding")]),
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
                "path": scaffold.cluster.grants_folder(),
                "directory": { "recurse": false },
            },
            "destination": { "server": SERVER, "namespace": scaffold.sentinel_namespace },
            "syncPolicy": {
                "automated": { "prune": true, "selfHeal": true, "allowEmpty": false },
                "retry": { "limit": 20, "backoff": { "duration": "5s", "factor": 2, "maxDuration": "2m" } },
            },
        },
    });
    write(&[project, application])
}

/// A source and a kustomization that runs as the restricted applier.
pub(super) fn flux(scaffold: &Scaffold) -> Result<String, YamlError> {
    let name = format!("p0-grants-{}", scaffold.cluster);
    let kustomization = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": { "name": name, "namespace": FLUX },
        "spec": {
            "interval": "1m",
            "retryInterval": "30s",
            "timeout": "1m",
            "path": format!("./{}", scaffold.cluster.grants_folder()),
            "prune": true,
            "deletionPolicy": "Delete",
            "serviceAccountName": APPLIER,
            "sourceRef": { "kind": "GitRepository", "name": name },
        },
    });
    write(&[flux_source(scaffold, &name), kustomization])
}

/// Where Flux reads base.
pub(super) fn flux_source(scaffold: &Scaffold, name: &str) -> Value {
    json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": { "name": name, "namespace": FLUX },
        "spec": { "interval": "1m", "url": scaffold.url, "ref": { "branch": scaffold.base } },
    })
}

/// The applier: it may write RBAC objects, and hand on the roles it is bound to. No more.
pub(super) fn rbac(scaffold: &Scaffold) -> Result<String, YamlError> {
    let verbs = ["get", "list", "watch", "create", "update", "patch", "delete"];
    let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": APPLIER, "namespace": FLUX } });
    let subjects = json!([{ "kind": "ServiceAccount", "name": APPLIER, "namespace": FLUX }]);
    let role = json!({
        "apiVersion": format!("{RBAC}/v1"),
        "kind": "ClusterRole",
        "metadata": { "name": APPLIER },
        "rules": [{ "apiGroups": [RBAC], "resources": ["clusterroles", "clusterrolebindings", "roles", "rolebindings"], "verbs": verbs }],
    });
    let bind = |name: String, role: &str| {
        json!({
            "apiVersion": format!("{RBAC}/v1"),
            "kind": "ClusterRoleBinding",
            "metadata": { "name": name },
            "roleRef": { "apiGroup": RBAC, "kind": "ClusterRole", "name": role },
            "subjects": subjects,
        })
    };
    let mut objects = vec![account, role, bind(APPLIER.to_owned(), APPLIER)];
    objects.extend(scaffold.grantable.iter().map(|role| bind(format!("{APPLIER}-may-grant-{role}"), role)));
    write(&objects)
}

fn write(objects: &[Value]) -> Result<String, YamlError> {
    yaml::write(objects)
}
