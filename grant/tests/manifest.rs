//! Golden texts of grant files, and hand edits that the reader must refuse.
#![expect(clippy::unwrap_used, reason = "a grant that cannot be built is a failed test")]

use p0_grant::grant::{Grant, GrantSpec, ManagedBy, NamePrefix, RoleObject, Workflow};
use p0_grant::manifest::{Manifest, ManifestError};
use p0_grant::name::GrantId;
use p0_grant::plan::{Allowance, Settings, plan};
use p0_grant::resource::ApiResource;
use p0_grant::role::Role;
use p0_grant::rule::ResourceRule;
use p0_grant::selection::{Selection, SelectionText};
use p0_grant::signature::{Purpose, Signature};

const NGINX: &str = "apps/deployments default/nginx-deployment";

fn workflow() -> Workflow {
    Workflow {
        cluster: "prod".to_owned(),
        requester: "alice@example.com".to_owned(),
        approvers: vec!["bob@example.com".to_owned(), "carol@example.com".to_owned()],
        policy_rule: Some("on-call".to_owned()),
        policy_sha256: None,
        merge_before: Some("2026-11-24T11:00:00Z".parse().unwrap()),
        request_url: None,
        reason: Some("the rollout hangs:\nno pod is ready".to_owned()),
        ..Workflow::default()
    }
}

fn grant(selection: &str, subject: &str, role_object: RoleObject, workflow: Option<Workflow>) -> Grant {
    let SelectionText { group, plural, target } = selection.parse().unwrap();
    let kind = if plural == "nodes" { "Node" } else { "Deployment" };
    let resource = ApiResource::new(group, plural, kind, target.scope()).unwrap();
    let selection = Selection::new(resource, target).unwrap();
    let none = [] as [&str; 0];
    let rules = ["apps", "extensions", ""].map(|group| {
        ResourceRule::new(["get", "list", "watch"], [group], ["deployments", "nodes"], none).unwrap().into()
    });
    let role = Role::new("view".parse().unwrap(), rules.to_vec());
    // All namespaces contain the system's: such a grant needs a setting that names the role and the resource.
    let resource = selection.resource().to_string();
    let allowance = Allowance { role: role.reference().clone(), resource };
    let settings = Settings { allow_privileged: vec![allowance], ..Settings::default() };
    let plan = plan(&role, &selection, &settings).unwrap();
    Grant::new(GrantSpec {
        id: GrantId::new("vpl5aqzpwnnqmnkrzze2").unwrap(),
        role: role.reference().clone(),
        selection,
        plan: &plan,
        subject: subject.parse().unwrap(),
        iam: None,
        created_at: "2026-11-24T10:00:00Z".parse().unwrap(),
        expires_at: "2026-11-24T14:00:00Z".parse().unwrap(),
        managed_by: ManagedBy::P0Gitops,
        role_object,
        prefix: NamePrefix::default(),
        workflow,
    })
    .unwrap()
}

fn nginx() -> Manifest {
    Manifest::of(&grant(NGINX, "alice@example.com", RoleObject::ClusterRole, Some(workflow()))).unwrap()
}

/// Signed with a key that everybody knows, so that the text is the same every time.
fn signed() -> Manifest {
    let key = ssh_key::PrivateKey::from(ssh_key::private::Ed25519Keypair::from_seed(&[0; 32]));
    let signature = Signature::make(Purpose::Grant, &key, nginx().signed_text().unwrap().as_bytes()).unwrap();
    nginx().with_signature(signature).unwrap()
}

#[test]
fn one_object_with_its_workflow_and_signature() {
    insta::assert_snapshot!(signed().to_yaml().unwrap());
}

#[test]
fn each_target_and_each_kind_of_role_object() {
    let mut all = String::new();
    for (selection, subject, role_object) in [
        (NGINX, "Group/sre", RoleObject::Role),
        ("apps/deployments default/*", "ServiceAccount/ci/deployer", RoleObject::ClusterRole),
        ("apps/deployments */*", "User/no", RoleObject::Role),
        ("nodes n1", "User/012", RoleObject::ClusterRole),
        ("nodes *", "User/a: b", RoleObject::ClusterRole),
    ] {
        let text = Manifest::of(&grant(selection, subject, role_object, None)).unwrap().to_yaml().unwrap();
        all.push_str(&format!("### {selection} {subject} {role_object:?}\n{text}"));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_file_says_what_the_grant_is() {
    let read = Manifest::read(&signed().to_yaml().unwrap()).unwrap();
    let claims = read.claims();
    assert_eq!(claims.id.as_str(), "vpl5aqzpwnnqmnkrzze2");
    assert_eq!(claims.role.to_string(), "ClusterRole/view");
    assert_eq!(claims.selection.to_string(), NGINX);
    assert_eq!(claims.subject.to_string(), "User/alice@example.com");
    assert_eq!(claims.expires_at.to_string(), "2026-11-24T14:00:00Z");
    assert_eq!(claims.prefix, NamePrefix::default());
    assert_eq!(claims.managed_by, ManagedBy::P0Gitops);
    assert_eq!(claims.workflow, Some(workflow()));
    assert_eq!(read.binding_name(), "p0-view-Deployments-vpl5aqzpwnnqmnkrzze2-binding");
}

/// What is edited of a signed file, to what, and what the reader answers.
const EDITS: &[(&str, &str, &str)] = &[
    // Rules and their digest.
    ("verbs: [get, list, watch]", "verbs: [get, list, watch, patch]", "not the digest"),
    ("resourceNames: [nginx-deployment]", "resourceNames: [other]", "not the digest"),
    ("  resourceNames: [nginx-deployment]\n", "", "not the digest"),
    ("resources: [deployments]", "resources: [\"*\"]", "not the digest"),
    ("apiGroups: [apps]", "apiGroups: [\"*\"]", "not the digest"),
    ("verbs: [get, list, watch]", "verbs: []", "at least one of `verbs`"),
    ("- apiGroups: [apps]", "- nonResourceURLs: [/metrics]\n  apiGroups: [apps]", "cannot stand beside"),
    ("subset-sha256: ", "subset-sha256: 0", "is not a SHA-256 digest"),
    // Who.
    ("name: alice@example.com", "name: system:admin", "Kubernetes' own subjects"),
    ("name: alice@example.com", "name: \"\"", "needs a name"),
    ("name: alice@example.com", "name: ${USER}", "Flux would replace"),
    ("name: alice@example.com", "name: <path:secret/data#user>", "vault plugin would replace"),
    ("name: alice@example.com", "name: \"a\\eb\"", "control character"),
    ("name: alice@example.com", "name: \"\\u202Eecila\"", "direction character"),
    ("name: alice@example.com\n", "name: alice@example.com\n  namespace: default\n", "is not a subject"),
    (
        "  kind: User\n",
        "  kind: User\n  name: bob\n- apiGroup: rbac.authorization.k8s.io\n  kind: User\n",
        "exactly one subject",
    ),
    // Where.
    ("namespace: default", "namespace: kube-system", "does not count where"),
    ("kind: RoleBinding", "kind: ClusterRoleBinding", "with a namespace"),
    ("  namespace: default\n", "", "without a namespace"),
    ("kind: ClusterRole\n", "kind: Role\n", "should read"),
    ("kind: ClusterRole\n", "kind: ClusterRoleBinding\n", "comes first"),
    ("kind: ClusterRole\n", "kind: Deployment\n", "unknown variant"),
    ("v1\nkind: ClusterRole\n", "v1beta1\nkind: ClusterRole\n", "line 1 "),
    (
        "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n",
        "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n",
        "should read",
    ),
    (
        "  kind: ClusterRole\n  name: p0-view-Deployments-vpl5aqzpwnnqmnkrzze2\n",
        "  kind: ClusterRole\n  name: cluster-admin\n",
        "it reads `  name: cluster-admin`",
    ),
    // What is said about it.
    (
        "p0.dev/expires-at: \"2026-11-24T14",
        "p0.dev/expires-at: \"2027-11-24T14",
        "should read `    p0.dev/expires-at",
    ),
    ("p0.dev/expires-at: \"2026-11-24T14:00:00Z\"", "p0.dev/expires-at: tomorrow", "not a time"),
    (
        "p0.dev/expires-at: \"2026-11-24T14:00:00Z\"",
        "p0.dev/expires-at: \"2026-11-24T15:00:00+01:00\"",
        "not a time",
    ),
    (
        "p0.dev/expires-at: \"2026-11-24T14:00:00Z\"",
        "p0.dev/expires-at: \"2026-11-24T14:00:00.5Z\"",
        "not a time",
    ),
    ("p0.dev/role: ClusterRole/view", "p0.dev/role: ClusterRole/admin", "does not follow"),
    ("p0.dev/role: ClusterRole/view", "p0.dev/role: view", "here it reads"),
    ("p0.dev/selection: apps/deployments", "p0.dev/selection: apps/replicasets", "does not follow"),
    ("p0.dev/selection: apps/deployments", "p0.dev/selection: deployments", "beyond the selection"),
    ("default/nginx-deployment", "default/web", "beyond the selection"),
    ("p0.dev/selection: apps/deployments", "p0.dev/selection: apps/*", "is not a selection"),
    (
        "    p0.dev/subset-sha256",
        "    p0.dev/subresources: scale,log\n    p0.dev/subset-sha256",
        "sorted list",
    ),
    ("    p0.dev/subset-sha256", "    p0.dev/subresources: \"*\"\n    p0.dev/subset-sha256", "sorted list"),
    ("    p0.dev/subset-sha256", "    p0.dev/subresources: scale\n    p0.dev/subset-sha256", "should read"),
    (
        "    p0.dev/subset-sha256",
        "    p0.dev/live: \"true\"\n    p0.dev/subset-sha256",
        "which no grant carries",
    ),
    ("    p0.dev/created-at: \"2026-11-24T10:00:00Z\"\n", "", "lacks `p0.dev/created-at`"),
    ("    kustomize.toolkit.fluxcd.io/substitute: disabled\n", "", "lacks `kustomize"),
    ("fluxcd.io/substitute: disabled", "fluxcd.io/substitute: enabled", "should read"),
    ("p0.dev/requester: alice", "p0.dev/requester: ${alice}", "the requester cannot be part"),
    ("    p0.dev/requester: alice@example.com\n", "", "lacks `p0.dev/requester`"),
    ("p0.dev/requester: alice@example.com", "p0.dev/requester: \"\"", "the requester is empty"),
    ("p0.dev/approvers: bob@example.com,", "p0.dev/approvers: \",\" #", "cannot be an approver"),
    ("    p0.dev/cluster: prod\n", "", "which no grant carries"),
    ("no pod is ready", "<path:a>", "the reason cannot be part"),
    ("-----BEGIN SSH SIGNATURE-----", "-----BEGIN PGP SIGNATURE-----", "not an armored SSH signature"),
    ("p0.dev/signature: |\n", "p0.dev/signature: |-\n", "`p0.dev/signature` is invalid"),
    // Labels, names, and fields that a grant has not.
    (
        "  labels:\n",
        "  labels:\n    rbac.authorization.k8s.io/aggregate-to-view: \"true\"\n",
        "aggregate-to-view",
    ),
    ("managed-by: p0-gitops", "managed-by: helm", "neither of the two"),
    ("    p0.dev/grant: vpl5aqzpwnnqmnkrzze2\n", "", "lacks `p0.dev/grant`"),
    ("p0.dev/grant: vpl5aqzpwnnqmnkrzze2", "p0.dev/grant: VPL5", "not a grant id"),
    ("p0.dev/grant: vpl5aqzpwnnqmnkrzze2", "p0.dev/grant: aaaaaaaaaaaaaaaaaaaa", "does not follow"),
    ("  name: p0-view-Deployments", "  name: p0-edit-Deployments", "does not follow"),
    ("zze2-binding", "zze2-bindings", "should read"),
    ("rules:\n", "aggregationRule: {}\nrules:\n", "unknown field"),
    ("  labels:\n", "  finalizers: [p0.dev/x]\n  labels:\n", "unknown field"),
    ("  labels:\n", "  ownerReferences: []\n  labels:\n", "unknown field"),
    ("  labels:\n", "  generateName: x\n  labels:\n", "unknown field"),
    // The same values in another spelling.
    ("verbs: [get, list, watch]", "verbs: [get, list, watch] # a comment", "line "),
    ("verbs: [get, list, watch]", "verbs: [ get, list, watch ]", "line "),
    ("verbs: [get, list, watch]", "verbs:\n  - get\n  - list\n  - watch", "line "),
    ("verbs: [get, list, watch]", "verbs: [get, list, watch] ", "line "),
    ("verbs: [get, list, watch]", "verbs: &v [get, list, watch]", "line "),
    ("verbs: [get, list, watch]", "verbs: !!seq [get, list, watch]", "line "),
    ("kind: User", "kind: \"User\"", "line "),
    ("kind: User", "kind: 'User'", "line "),
    ("kind: User", "kind:  User", "line "),
    ("kind: User", "\"kind\": User", "line "),
    ("kind: User", "kind: User\n  kind: User", "duplicate"),
    ("kind: User", "<<: {kind: User}", "line "),
    ("rules:\n", "\nrules:\n", "line "),
    ("---\n", "---\n---\n", "line "),
    ("---\n", "...\n---\n", "line "),
    ("apiVersion", "# a grant\napiVersion", "line 1 "),
    ("apiVersion", "%YAML 1.2\n---\napiVersion", "line 1 "),
    ("apiVersion", "---\napiVersion", "line 1 "),
    ("apiVersion", "\u{feff}apiVersion", "line 1 "),
];

#[test]
fn hand_edits_are_refused_with_their_reason() {
    let text = signed().to_yaml().unwrap();
    for (from, to, reason) in EDITS {
        assert!(text.contains(from), "{from}\n{text}");
        assert_refused(&text.replacen(from, to, 1), reason);
    }
}

#[test]
fn edits_of_the_whole_file_are_refused_with_their_reason() {
    let text = signed().to_yaml().unwrap();
    let (role, binding) = text.split_once("---\n").unwrap();
    for (edited, reason) in [
        (format!("{text}---\nkind: Secret\n"), "unknown variant"),
        (format!("{text}---\n{text}"), "this one has 4"),
        (format!("{binding}---\n{role}"), "comes first"),
        (role.to_owned(), "this one has 1"),
        (text.replace('\n', "\r\n"), "v1\\r\\n`"),
        (text.trim_end().to_owned(), "should read `  name: alice@example.com\\n`"),
        (format!("{text}\n"), "line "),
        (text.replace("  ", "    "), "line "),
        (text.replace("vpl5aqzpwnnqmnkrzze2", "${ID}aqzpwnnqmnkrzze"), "not a grant id"),
        (text.replace("p0-view", "${P}-view"), "does not follow"),
        (text.replace("p0-view-", "view-"), "does not follow"),
        (text.replace("extensions", "example.com"), "not the digest"),
        (format!("{}{text}", "#".repeat(2 << 20)), "bytes of YAML"),
        (String::new(), "this one has 0"),
    ] {
        assert_refused(&edited, reason);
    }
}

fn assert_refused(text: &str, reason: &str) {
    let error: Box<dyn std::error::Error> = Manifest::read(text).unwrap_err().into();
    let causes = std::iter::successors(Some(&*error), |error| error.source());
    let sentence: Vec<String> = causes.map(ToString::to_string).collect();
    assert!(sentence.join(": ").contains(reason), "{reason}: {sentence:?}");
}

/// Who changes a claim and all that follows from it has made another grant. What it should have been only base knows, and
/// what the judge recomputes from it; and the signature is no longer over this text.
#[test]
fn a_consistent_other_grant_is_read_and_is_another_grant() {
    let text = signed().to_yaml().unwrap();
    for (from, to) in [
        ("name: alice@example.com", "name: mallory@example.com"),
        ("kind: User", "kind: Group"),
        ("2026-11-24T14:00:00Z", "2036-11-24T14:00:00Z"),
        ("p0-view-", "p1-view-"),
        ("vpl5aqzpwnnqmnkrzze2", "aaaaaaaaaaaaaaaaaaaa"),
        ("view-Deployments", "view-DeploymentS"),
        ("p0.dev/requester: alice", "p0.dev/requester: mallory"),
        ("    p0.dev/policy-rule: on-call\n", ""),
    ] {
        assert_ne!(Manifest::read(&text.replace(from, to)).unwrap(), signed(), "{to}");
    }
}

#[test]
fn annotations_that_kubernetes_would_not_store_are_refused() {
    let reason = Some("x".repeat(300_000));
    let grant = grant(NGINX, "User/x", RoleObject::ClusterRole, Some(Workflow { reason, ..workflow() }));
    assert!(matches!(Manifest::of(&grant), Err(ManifestError::TooLong(bytes)) if bytes > 300_000));
}

/// The file of a grant whose subject is this IAM identity.
fn with_identity(arn: &str) -> String {
    let text = signed().to_yaml().unwrap();
    let end = "p0.dev/expires-at: \"2026-11-24T14:00:00Z\"\n";
    text.replace(end, &format!("{end}    p0.dev/iam-arn: {arn}\n"))
}

#[test]
fn an_iam_identity_is_one_person_and_the_subject() {
    const SSO: &str =
        "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/alice@example.com";
    let user = with_identity("arn:aws:iam::123456789012:user/alice");
    let mapping = Manifest::read(&user).unwrap().claims().mapping().unwrap();
    assert_eq!(mapping.identity().arn(), "arn:aws:iam::123456789012:user/alice");
    assert_eq!(mapping.username(), "alice@example.com");
    assert_eq!(signed().claims().mapping(), None);
    let session = with_identity(SSO).replace("name: alice@example.com", &format!("name: {SSO}"));
    assert!(Manifest::read(&session).unwrap().claims().mapping().is_some());

    let one_object = user.replacen("    p0.dev/iam-arn: arn:aws:iam::123456789012:user/alice\n", "", 1);
    assert_refused(&one_object, "line ");
    assert_refused(&with_identity("arn:aws:iam::123456789012:role/Admin"), "not one person");
    assert_refused(&with_identity("alice"), "is not an ARN");
    assert_refused(&with_identity(SSO), "must be a fixed prefix");
    let path = SSO.replace("role/", "role/aws-reserved/sso.amazonaws.com/");
    assert_refused(&session.replace(&format!("iam-arn: {SSO}"), &format!("iam-arn: {path}")), "should read");
    assert_refused(&user.replace("kind: User", "kind: Group"), "is not a user");
}
