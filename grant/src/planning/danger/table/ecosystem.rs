//! Rows on what other projects install: a person who steers such a controller uses the controller's rights. Not here: what
//! Kubernetes ships. A write to a group without a row is HIGH by itself ([`crate::danger::classify`]).

use super::{CHANGE, Line, Pairs, WRITE};
use crate::danger::Class::{Block, Critical, High};

const ARGO: &str = "argoproj.io";
const EXTERNAL_SECRETS: &str = "external-secrets.io";
const IMAGES: &str = "image.toolkit.fluxcd.io";
const KYVERNO: &str = "kyverno.io";
const KYVERNO_POLICIES: &str = "policies.kyverno.io";
const MUTATIONS: &str = "mutations.gatekeeper.sh";
const OLM: &str = "operators.coreos.com";
const OPENSHIFT_RBAC: &str = "authorization.openshift.io";
const OPENSHIFT_USERS: &str = "user.openshift.io";
const RANCHER: &str = "management.cattle.io";
const SOURCES: &str = "source.toolkit.fluxcd.io";
const TEKTON: &str = "tekton.dev";
const VELERO: &str = "velero.io";

/// Rows that hold everywhere.
pub(super) const LINES: &[Line] = &[
    // GitOps and infrastructure controllers: they apply what these objects name.
    (
        Block,
        &[(ARGO, "applications"), (ARGO, "appprojects"), (ARGO, "applicationsets")],
        CHANGE,
        "what Argo CD applies, it applies with its own rights",
        "https://argo-cd.readthedocs.io/en/stable/operator-manual/app-any-namespace/",
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
        Block,
        &[(IMAGES, "imageupdateautomations"), (IMAGES, "imagepolicies"), (IMAGES, "imagerepositories")],
        CHANGE,
        "Flux commits to the repository that it applies",
        "https://fluxcd.io/flux/components/image/imageupdateautomations/",
    ),
    (
        Block,
        &[
            ("fluxcd.controlplane.io", "fluxinstances"),
            ("fluxcd.controlplane.io", "resourcesetinputproviders"),
            ("fluxcd.controlplane.io", "resourcesets"),
        ],
        CHANGE,
        "what the Flux operator applies, it applies with its own rights",
        "https://fluxcd.control-plane.io/operator/resourceset/",
    ),
    (
        Block,
        &[
            ("infra.contrib.fluxcd.io", "terraforms"),
            ("app.terraform.io", "workspaces"),
            ("app.terraform.io", "modules"),
        ],
        CHANGE,
        "Terraform runs with the controller's credentials, for the cluster and for the cloud",
        "https://flux-iac.github.io/tofu-controller/",
    ),
    (
        Block,
        &[("configsync.gke.io", "reposyncs"), ("configsync.gke.io", "rootsyncs")],
        CHANGE,
        "what Config Sync applies, it applies with its own rights",
        "https://cloud.google.com/kubernetes-engine/enterprise/config-sync/docs/overview",
    ),
    (
        Block,
        &[
            ("helm.cattle.io", "helmchartconfigs"),
            ("helm.cattle.io", "helmcharts"),
            ("k3s.cattle.io", "addons"),
            ("upgrade.cattle.io", "plans"),
        ],
        CHANGE,
        "K3s and RKE2 install it as cluster administrator",
        "https://docs.k3s.io/add-ons/helm",
    ),
    (
        Block,
        &[
            ("fleet.cattle.io", "bundledeployments"),
            ("fleet.cattle.io", "bundles"),
            ("fleet.cattle.io", "gitrepos"),
            ("fleet.cattle.io", "helmops"),
        ],
        CHANGE,
        "what Fleet applies, it applies with its own rights, in many clusters",
        "https://fleet.rancher.io/",
    ),
    (
        Block,
        &[
            ("apiextensions.crossplane.io", "compositeresourcedefinitions"),
            ("apiextensions.crossplane.io", "compositions"),
            ("helm.crossplane.io", "releases"),
            ("kubernetes.crossplane.io", "objects"),
            ("pkg.crossplane.io", "configurations"),
            ("pkg.crossplane.io", "deploymentruntimeconfigs"),
            ("pkg.crossplane.io", "functions"),
            ("pkg.crossplane.io", "providers"),
        ],
        CHANGE,
        "Crossplane makes any object with its providers' rights",
        "https://docs.crossplane.io/latest/packages/providers/",
    ),
    (
        Block,
        &[
            (OLM, "catalogsources"),
            (OLM, "clusterserviceversions"),
            (OLM, "installplans"),
            (OLM, "subscriptions"),
            ("olm.operatorframework.io", "clustercatalogs"),
            ("olm.operatorframework.io", "clusterextensions"),
        ],
        CHANGE,
        "an operator is installed with every right that it asks for",
        "https://olm.operatorframework.io/docs/concepts/",
    ),
    (
        Block,
        &[
            (VELERO, "backups"),
            (VELERO, "backupstoragelocations"),
            (VELERO, "downloadrequests"),
            (VELERO, "restores"),
            (VELERO, "schedules"),
        ],
        CHANGE,
        "Velero copies out and restores any object, secrets and roles included, as cluster administrator",
        "https://velero.io/docs/main/rbac/",
    ),
    // Other systems of roles, and admission.
    (
        Block,
        &[
            (OPENSHIFT_RBAC, "clusterrolebindings"),
            (OPENSHIFT_RBAC, "clusterroles"),
            (OPENSHIFT_RBAC, "rolebindings"),
            (OPENSHIFT_RBAC, "roles"),
        ],
        WRITE,
        "OpenShift stores it as a role or binding of Kubernetes",
        "https://docs.okd.io/latest/authentication/using-rbac.html",
    ),
    (
        Block,
        &[
            ("config.openshift.io", "oauths"),
            ("oauth.openshift.io", "oauthaccesstokens"),
            ("oauth.openshift.io", "oauthauthorizetokens"),
            ("oauth.openshift.io", "oauthclients"),
            (OPENSHIFT_USERS, "groups"),
            (OPENSHIFT_USERS, "identities"),
            (OPENSHIFT_USERS, "useridentitymappings"),
            (OPENSHIFT_USERS, "users"),
        ],
        CHANGE,
        "it decides who is who, and who is in which group",
        "https://docs.okd.io/latest/authentication/understanding-authentication.html",
    ),
    (
        Block,
        &[("security.openshift.io", "securitycontextconstraints")],
        CHANGE,
        "it decides which pods may be privileged",
        "https://docs.okd.io/latest/authentication/managing-security-context-constraints.html",
    ),
    (
        Block,
        &[
            (RANCHER, "authconfigs"),
            (RANCHER, "clusterroletemplatebindings"),
            (RANCHER, "globalrolebindings"),
            (RANCHER, "globalroles"),
            (RANCHER, "projectroletemplatebindings"),
            (RANCHER, "roletemplates"),
            (RANCHER, "settings"),
            (RANCHER, "tokens"),
            (RANCHER, "users"),
        ],
        CHANGE,
        "Rancher makes roles, bindings and users of it",
        "https://ranchermanager.docs.rancher.com/how-to-guides/new-user-guides/authentication-permissions-and-global-configuration/manage-role-based-access-control-rbac",
    ),
    (
        Block,
        &[
            (KYVERNO, "cleanuppolicies"),
            (KYVERNO, "clustercleanuppolicies"),
            (KYVERNO, "clusterpolicies"),
            (KYVERNO, "globalcontextentries"),
            (KYVERNO, "policies"),
            (KYVERNO, "policyexceptions"),
            (KYVERNO, "updaterequests"),
            (KYVERNO_POLICIES, "deletingpolicies"),
            (KYVERNO_POLICIES, "generatingpolicies"),
            (KYVERNO_POLICIES, "imagevalidatingpolicies"),
            (KYVERNO_POLICIES, "mutatingpolicies"),
            (KYVERNO_POLICIES, "policyexceptions"),
            (KYVERNO_POLICIES, "validatingpolicies"),
        ],
        CHANGE,
        "admission is changed, and Kyverno generates and deletes objects with its own rights",
        "https://kyverno.io/docs/policy-types/",
    ),
    (
        Block,
        &[
            ("config.gatekeeper.sh", "configs"),
            ("expansion.gatekeeper.sh", "expansiontemplate"),
            (MUTATIONS, "assign"),
            (MUTATIONS, "assignimage"),
            (MUTATIONS, "assignmetadata"),
            (MUTATIONS, "modifyset"),
            ("templates.gatekeeper.sh", "constrainttemplates"),
        ],
        CHANGE,
        "admission sees and changes every object that is written",
        "https://open-policy-agent.github.io/gatekeeper/website/docs/mutation/",
    ),
    // Secrets on their way in and out.
    (
        Critical,
        &[
            (EXTERNAL_SECRETS, "clusterexternalsecrets"),
            (EXTERNAL_SECRETS, "clusterpushsecrets"),
            (EXTERNAL_SECRETS, "clustersecretstores"),
            (EXTERNAL_SECRETS, "externalsecrets"),
            (EXTERNAL_SECRETS, "pushsecrets"),
            (EXTERNAL_SECRETS, "secretstores"),
        ],
        CHANGE,
        "secrets are copied between the cluster and outside stores with the operator's credentials",
        "https://external-secrets.io/latest/guides/security-best-practices/",
    ),
    // Workloads: their controllers make pods of what they hold.
    (High, WORKFLOWS, WRITE, ANY_IMAGE, "https://argo-workflows.readthedocs.io/en/latest/security/"),
    (
        High,
        &[(ARGO, "rollouts")],
        WRITE,
        ANY_IMAGE,
        "https://argo-rollouts.readthedocs.io/en/stable/features/specification/",
    ),
    (High, TEKTON_RUNS, WRITE, ANY_IMAGE, "https://tekton.dev/docs/pipelines/podtemplates/"),
    (
        High,
        OPENSHIFT_WORKLOADS,
        WRITE,
        ANY_IMAGE,
        "https://docs.okd.io/latest/applications/deployments/what-deployments-are.html",
    ),
    (High, KNATIVE, WRITE, ANY_IMAGE, "https://knative.dev/docs/serving/"),
];

/// The same in the applier's namespaces, where pods may run as the applier.
pub(super) const IN_APPLIER_NAMESPACES: &[Line] = &[
    (Block, WORKFLOWS, CHANGE, AS_THE_APPLIER, FLUX),
    (Block, &[(ARGO, "rollouts")], CHANGE, AS_THE_APPLIER, FLUX),
    (Block, TEKTON_RUNS, CHANGE, AS_THE_APPLIER, FLUX),
    (Block, OPENSHIFT_WORKLOADS, CHANGE, AS_THE_APPLIER, FLUX),
    (Block, KNATIVE, CHANGE, AS_THE_APPLIER, FLUX),
];

const ANY_IMAGE: &str =
    "any image can run as any service account of the namespace and mount any of its secrets";
const AS_THE_APPLIER: &str = "what runs here has the applier's rights";
const FLUX: &str = "https://fluxcd.io/flux/security/best-practices/";

const WORKFLOWS: Pairs = &[
    (ARGO, "clusterworkflowtemplates"),
    (ARGO, "cronworkflows"),
    (ARGO, "workflows"),
    (ARGO, "workflowtemplates"),
];
const TEKTON_RUNS: Pairs = &[
    (TEKTON, "clustertasks"),
    (TEKTON, "pipelineruns"),
    (TEKTON, "pipelines"),
    (TEKTON, "taskruns"),
    (TEKTON, "tasks"),
];
const OPENSHIFT_WORKLOADS: Pairs = &[
    ("apps.openshift.io", "deploymentconfigs"),
    ("build.openshift.io", "buildconfigs"),
    ("build.openshift.io", "buildconfigs/instantiate"),
    ("build.openshift.io", "builds"),
];
const KNATIVE: Pairs = &[("serving.knative.dev", "configurations"), ("serving.knative.dev", "services")];
