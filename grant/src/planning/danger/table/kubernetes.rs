//! Rows on what Kubernetes itself ships, and on EKS' ConfigMap. Not here: other projects' kinds.

use super::{ANY, CHANGE, CREATE, DELETE, EDIT, Entry, Line, READ, Row, RowPlace, WRITE, Words};
use crate::danger::Class::{Block, Critical, High};

pub(in crate::planning::danger) const GOOD_PRACTICES: &str =
    "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks";
const RBAC_POLICE: &str = "https://github.com/PaloAltoNetworks/rbac-police/tree/main/lib";
const KUBISCAN: &str = "https://github.com/cyberark/KubiScan/blob/master/risky_roles.yaml";
const FLUX: &str = "https://fluxcd.io/flux/security/best-practices/";

const ADMISSION: &str = "admissionregistration.k8s.io";
const APPS: &str = "apps";
const AUTHENTICATION: &str = "authentication.k8s.io";
const CERTIFICATES: &str = "certificates.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";

const BIND: Words = &["bind", "escalate"];
const ENTER: Words = &["create", "get"];
const IMPERSONATE: Words = &["impersonate*"];
const SIGN: Words = &["approve", "sign"];

/// Rows that hold everywhere.
pub(super) const LINES: &[Line] = &[
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
        Critical,
        &[("", "secrets")],
        READ,
        "secrets are readable, tokens among them: the API server answers each of these verbs with the object",
        GOOD_PRACTICES,
    ),
    (
        Critical,
        &[("", "secrets")],
        CREATE,
        "a token Secret can be made for any service account of the namespace",
        "https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets",
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
        &[("", "nodes/checkpoint")],
        ANY,
        "a checkpoint of a container holds its memory, and so its secrets",
        "https://kubernetes.io/docs/reference/node/kubelet-checkpoint-api/",
    ),
    (
        High,
        &[("", "nodes/log")],
        ANY,
        "the kubelet answers with log files of the node, of every pod and of the system",
        "https://kubernetes.io/docs/concepts/cluster-administration/system-logs/#log-query",
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
    (
        High,
        &[("", "namespaces")],
        DELETE,
        "every object in the namespace is deleted with it",
        "https://kubernetes.io/docs/tasks/administer-cluster/namespaces/#deleting-a-namespace",
    ),
    (
        High,
        &[("", "nodes")],
        DELETE,
        "the pods of the node are removed, and another machine can register under its name",
        "https://kubernetes.io/docs/concepts/architecture/nodes/#management",
    ),
    (
        High,
        &[("networking.k8s.io", "networkpolicies"), ("extensions", "networkpolicies")],
        CHANGE,
        "traffic that the policy forbids can be allowed, to every pod that it selects",
        "https://kubernetes.io/docs/concepts/services-networking/network-policies/",
    ),
    (
        High,
        &[("", "endpoints"), ("discovery.k8s.io", "endpointslices")],
        WRITE,
        "a service's traffic can be sent to any address, past network policies (CVE-2021-25740)",
        "https://github.com/kubernetes/kubernetes/issues/103675",
    ),
    (
        High,
        &[("", "services")],
        WRITE,
        "traffic can be sent to other pods, and an external IP can take over other traffic (CVE-2020-8554)",
        "https://github.com/kubernetes/kubernetes/issues/97076",
    ),
    (
        High,
        &[("", "serviceaccounts")],
        WRITE,
        "an annotation of the service account can give its pods another cloud identity",
        "https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html",
    ),
    (
        High,
        &[(APPS, "controllerrevisions")],
        WRITE,
        "a rollback runs the pod template that the revision holds: any image",
        "https://kubernetes.io/docs/tasks/manage-daemon/rollback-daemon-set/",
    ),
];

/// A write to these in the applier's namespaces changes what the applier runs, and so uses the applier's rights.
pub(super) const IN_APPLIER_NAMESPACES: &[Line] = &[
    (
        Block,
        &[
            ("", "configmaps"),
            ("", "pods"),
            ("", "replicationcontrollers"),
            ("", "secrets"),
            ("", "serviceaccounts"),
            (APPS, "controllerrevisions"),
            (APPS, "daemonsets"),
            (APPS, "deployments"),
            (APPS, "replicasets"),
            (APPS, "statefulsets"),
            ("batch", "cronjobs"),
            ("batch", "jobs"),
        ],
        CHANGE,
        "what runs here has the applier's rights",
        FLUX,
    ),
    (
        Block,
        &[("", "pods/attach"), ("", "pods/exec"), ("", "serviceaccounts/token")],
        ENTER,
        "what runs here has the applier's rights",
        FLUX,
    ),
    (Block, &[("", "pods/ephemeralcontainers")], EDIT, "what runs here has the applier's rights", FLUX),
];

/// The ConfigMap of [`aws_auth`].
pub(super) const AWS_AUTH: Line = (
    Block,
    &[("", "configmaps")],
    CHANGE,
    "this ConfigMap says which IAM identity is who, cluster administrators included",
    RBAC_POLICE,
);

/// Where EKS keeps who is who.
pub(super) fn aws_auth() -> RowPlace {
    RowPlace::Object { namespace: "kube-system".to_owned(), name: "aws-auth".to_owned() }
}

/// Every path that is no resource.
pub(super) fn every_url() -> Row {
    Row {
        class: Block,
        entries: vec![Entry::Url("*".to_owned()), Entry::Url("/*".to_owned())],
        verbs: vec!["*".to_owned()],
        place: RowPlace::Anywhere,
        why: "it is every path of the API server".to_owned(),
        source: GOOD_PRACTICES.to_owned(),
    }
}
