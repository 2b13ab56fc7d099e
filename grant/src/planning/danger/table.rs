//! The danger table: rows of data, each with its source. Not here: how rows are matched.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::Class;
use super::Class::{Block, Critical, High};

/// One kind of danger: one of the verbs on one of the entries, in that place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// How dangerous.
    pub class: Class,
    /// On what.
    pub entries: Vec<Entry>,
    /// Which verbs: exact, or a prefix that ends in `*`. The rule's own `*` always counts.
    pub verbs: Vec<String>,
    /// Where; everywhere unless said.
    #[serde(default)]
    pub place: RowPlace,
    /// What it means, for reading.
    pub why: String,
    /// Where this is known from.
    pub source: String,
}

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Entry {
    /// A resource or `resource/subresource` of a group (`""` is the core group); `*` only for rules that say `*`.
    Resource {
        /// The API group.
        group: String,
        /// The resource as rules write it.
        resource: String,
    },
    /// A URL pattern as rules write it.
    Url(String),
}

impl Entry {
    /// The entry for reading: `deployments.apps`, `pods/exec`, `/metrics`.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Url(url) => url.clone(),
            Self::Resource { group, resource } if group.is_empty() => resource.clone(),
            Self::Resource { group, resource } => format!("{resource}.{group}"),
        }
    }
}

/// Where a row counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum RowPlace {
    /// Everywhere.
    #[default]
    Anywhere,
    /// Where the selection can reach this one object.
    Object {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// In the namespaces of the applier and of the bot.
    ApplierNamespaces,
}

pub(super) const GOOD_PRACTICES: &str =
    "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks";
const RBAC_POLICE: &str = "https://github.com/PaloAltoNetworks/rbac-police/tree/main/lib";
const KUBISCAN: &str = "https://github.com/cyberark/KubiScan/blob/master/risky_roles.yaml";
const ARGO_CD: &str = "https://argo-cd.readthedocs.io/en/stable/operator-manual/app-any-namespace/";
const FLUX: &str = "https://fluxcd.io/flux/security/best-practices/";

const ADMISSION: &str = "admissionregistration.k8s.io";
const APPS: &str = "apps";
const ARGO: &str = "argoproj.io";
const AUTHENTICATION: &str = "authentication.k8s.io";
const CERTIFICATES: &str = "certificates.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";
const SOURCES: &str = "source.toolkit.fluxcd.io";

const ANY: &[&str] = &["*"];
const BIND: &[&str] = &["bind", "escalate"];
const CHANGE: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];
const CREATE: &[&str] = &["create"];
const DELETE: &[&str] = &["delete", "deletecollection"];
const EDIT: &[&str] = &["update", "patch"];
const ENTER: &[&str] = &["create", "get"];
const IMPERSONATE: &[&str] = &["impersonate*"];
const READ: &[&str] = &["get", "list", "watch"];
const SIGN: &[&str] = &["approve", "sign"];
const WRITE: &[&str] = &["create", "update", "patch"];

type Pairs = &'static [(&'static str, &'static str)];
type Words = &'static [&'static str];

/// Class, (group, resource) pairs, verbs, why, source.
const EVERYWHERE: &[(Class, Pairs, Words, &str, &str)] = &[
    (Block, &[("*", "*")], ANY, "it is every right on everything", GOOD_PRACTICES),
    (
        Block,
        &[(RBAC, "clusterroles"), (RBAC, "roles")],
        BIND,
        "the holder can take every right that exists",
        GOOD_PRACTICES,
    ),
    (
        Block,
        &[(RBAC, "clusterroles"), (RBAC, "roles")],
        WRITE,
        "a role that is bound already can be widened",
        GOOD_PRACTICES,
    ),
    (
        Block,
        &[(RBAC, "clusterrolebindings"), (RBAC, "rolebindings")],
        WRITE,
        "the holder can grant any role to any subject",
        GOOD_PRACTICES,
    ),
    (
        Block,
        &[("", "users"), ("", "groups"), ("", "serviceaccounts")],
        IMPERSONATE,
        "the holder can act as another identity",
        GOOD_PRACTICES,
    ),
    (
        Block,
        &[
            (AUTHENTICATION, "uids"),
            (AUTHENTICATION, "userextras"),
            (AUTHENTICATION, "users"),
            (AUTHENTICATION, "serviceaccounts"),
            (AUTHENTICATION, "nodes"),
        ],
        IMPERSONATE,
        "the holder can act as another identity",
        GOOD_PRACTICES,
    ),
    (
        Block,
        &[("", "nodes/proxy")],
        ANY,
        "the kubelet's own API runs commands in every pod of the node, unaudited",
        GOOD_PRACTICES,
    ),
    (
        Block,
        &[
            (ADMISSION, "mutatingadmissionpolicies"),
            (ADMISSION, "mutatingadmissionpolicybindings"),
            (ADMISSION, "mutatingwebhookconfigurations"),
            (ADMISSION, "validatingadmissionpolicies"),
            (ADMISSION, "validatingadmissionpolicybindings"),
            (ADMISSION, "validatingwebhookconfigurations"),
        ],
        CHANGE,
        "admission sees and changes every object that is written",
        GOOD_PRACTICES,
    ),
    (
        Block,
        &[(CERTIFICATES, "certificatesigningrequests")],
        CREATE,
        "a client certificate can be asked for in any name",
        GOOD_PRACTICES,
    ),
    (
        Block,
        &[(CERTIFICATES, "certificatesigningrequests/approval")],
        EDIT,
        "a client certificate can be issued in any name",
        GOOD_PRACTICES,
    ),
    (
        Block,
        &[(CERTIFICATES, "signers")],
        SIGN,
        "a client certificate can be issued in any name",
        GOOD_PRACTICES,
    ),
    (
        Block,
        &[("apiregistration.k8s.io", "apiservices")],
        CHANGE,
        "requests to a whole API group can be redirected",
        RBAC_POLICE,
    ),
    (
        Block,
        &[("apiextensions.k8s.io", "customresourcedefinitions")],
        CHANGE,
        "a kind can be redefined or removed with all its objects",
        RBAC_POLICE,
    ),
    (
        Block,
        &[(ARGO, "applications"), (ARGO, "appprojects"), (ARGO, "applicationsets")],
        CHANGE,
        "what Argo CD applies, it applies with its own rights",
        ARGO_CD,
    ),
    (
        Block,
        &[
            ("kustomize.toolkit.fluxcd.io", "kustomizations"),
            ("helm.toolkit.fluxcd.io", "helmreleases"),
            (SOURCES, "buckets"),
            (SOURCES, "externalartifacts"),
            (SOURCES, "gitrepositories"),
            (SOURCES, "helmcharts"),
            (SOURCES, "helmrepositories"),
            (SOURCES, "ocirepositories"),
        ],
        CHANGE,
        "what Flux applies, it applies with its own rights",
        FLUX,
    ),
    (
        Critical,
        &[("", "secrets")],
        READ,
        "secrets are readable, list and watch included, and tokens are secrets",
        GOOD_PRACTICES,
    ),
    (
        Critical,
        &[("", "serviceaccounts/token")],
        CREATE,
        "a token of the service account can be made, and outlives the grant",
        GOOD_PRACTICES,
    ),
    (
        Critical,
        &[("", "pods/exec"), ("", "pods/attach"), ("", "pods/portforward")],
        ENTER,
        "it is a way into the running pod, with its identity and secrets",
        KUBISCAN,
    ),
    (
        Critical,
        &[("", "pods/ephemeralcontainers")],
        EDIT,
        "a container of any image can be put into the running pod",
        RBAC_POLICE,
    ),
    (
        Critical,
        &[("", "pods/proxy"), ("", "services/proxy")],
        ANY,
        "requests reach the pod past network policies",
        RBAC_POLICE,
    ),
    (
        Critical,
        &[("", "persistentvolumes")],
        CREATE,
        "a hostPath volume is the node's file system",
        GOOD_PRACTICES,
    ),
    (
        Critical,
        &[("", "nodes"), ("", "nodes/status")],
        EDIT,
        "pods can be drawn to a node of choice",
        RBAC_POLICE,
    ),
    (
        Critical,
        &[("", "pods/status"), ("", "services/status")],
        EDIT,
        "a service's traffic can be redirected",
        RBAC_POLICE,
    ),
    (
        High,
        &[
            ("", "pods"),
            ("", "replicationcontrollers"),
            (APPS, "daemonsets"),
            (APPS, "deployments"),
            (APPS, "replicasets"),
            (APPS, "statefulsets"),
            ("batch", "cronjobs"),
            ("batch", "jobs"),
        ],
        WRITE,
        "any image can run as any service account of the namespace and mount any of its secrets",
        GOOD_PRACTICES,
    ),
    (
        High,
        &[("", "namespaces")],
        EDIT,
        "labels of a namespace turn pod security and network policies off",
        GOOD_PRACTICES,
    ),
    (High, &[("", "pods/eviction")], CREATE, "pods can be stopped", KUBISCAN),
];

/// A write to these changes what the applier runs, and so uses the applier's rights.
const WITH_THE_APPLIER: Pairs = &[
    ("", "configmaps"),
    ("", "pods"),
    ("", "replicationcontrollers"),
    ("", "secrets"),
    (APPS, "daemonsets"),
    (APPS, "deployments"),
    (APPS, "replicasets"),
    (APPS, "statefulsets"),
    ("batch", "cronjobs"),
    ("batch", "jobs"),
];

/// The rows that hold for every cluster.
pub fn standard_rows() -> &'static [Row] {
    static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
        let everywhere = EVERYWHERE.iter();
        let mut rows: Vec<Row> = everywhere
            .map(|(class, pairs, verbs, why, source)| {
                row(*class, pairs, verbs, RowPlace::Anywhere, why, source)
            })
            .collect();
        rows.extend(in_one_place());
        rows
    });
    &ROWS
}

/// The verbs of the HIGH row for deleting, which holds for every kind where no object is named.
pub(super) fn is_delete(verb: &str) -> bool {
    verb == "*" || DELETE.contains(&verb)
}

fn in_one_place() -> [Row; 3] {
    let urls = Row {
        class: Block,
        entries: vec![Entry::Url("*".to_owned()), Entry::Url("/*".to_owned())],
        verbs: vec!["*".to_owned()],
        place: RowPlace::Anywhere,
        why: "it is every path of the API server".to_owned(),
        source: GOOD_PRACTICES.to_owned(),
    };
    let aws_auth = RowPlace::Object { namespace: "kube-system".to_owned(), name: "aws-auth".to_owned() };
    let aws_verbs: Words = &["update", "patch", "delete", "deletecollection"];
    let why = "this ConfigMap says which IAM identity is who, cluster administrators included";
    [
        urls,
        row(Block, &[("", "configmaps")], aws_verbs, aws_auth, why, RBAC_POLICE),
        row(
            Block,
            WITH_THE_APPLIER,
            CHANGE,
            RowPlace::ApplierNamespaces,
            "what runs here has the applier's rights",
            FLUX,
        ),
    ]
}

fn row(class: Class, pairs: Pairs, verbs: Words, place: RowPlace, why: &str, source: &str) -> Row {
    let entry = |(group, resource): &(&str, &str)| Entry::Resource {
        group: (*group).to_owned(),
        resource: (*resource).to_owned(),
    };
    Row {
        class,
        entries: pairs.iter().map(entry).collect(),
        verbs: verbs.iter().map(ToString::to_string).collect(),
        place,
        why: why.to_owned(),
        source: source.to_owned(),
    }
}
