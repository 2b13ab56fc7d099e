//! Golden texts of grant files, and hand edits that the reader must refuse.
#![expect(clippy::unwrap_used, reason = "a grant that cannot be built is a failed test")]

use p0_grant::grant::{Grant, GrantSpec, ManagedBy, NamePrefix, RoleObject, Workflow};
use p0_grant::manifest::{Manifest, ManifestError};
use p0_grant::name::GrantId;
use p0_grant::plan::{Settings, plan};
use p0_grant::resource::ApiResource;
use p0_grant::role::Role;
use p0_grant::rule::ResourceRule;
use p0_grant::selection::{Selection, SelectionText};

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
    let plan = plan(&role, &selection, &Settings::default()).unwrap();
    Grant::new(GrantSpec {
        id: GrantId::new("vpl5aqzpwnnqmnkrzze2").unwrap(),
        role: role.reference().clone(),
        selection,
        plan: &plan,
        subject: subject.parse().unwrap(),
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

#[test]
fn one_object_with_its_workflow_and_signature() {
    let signed = nginx()
        .with_signature("-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n")
        .unwrap();
    insta::assert_snapshot!(signed.to_yaml().unwrap());
    assert_eq!(signed.signed_text().unwrap(), nginx().to_yaml().unwrap());
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
fn what_is_written_reads_back_equal() {
    for workflow in [None, Some(workflow())] {
        for (selection, role_object) in [
            (NGINX, RoleObject::ClusterRole),
            (NGINX, RoleObject::Role),
            ("apps/deployments */*", RoleObject::Role),
            ("nodes n1", RoleObject::ClusterRole),
        ] {
            let manifest = Manifest::of(&grant(selection, "User/x", role_object, workflow.clone())).unwrap();
            assert_eq!(Manifest::read(&manifest.to_yaml().unwrap()).unwrap(), manifest);
        }
    }
}

#[test]
fn hand_edits_are_refused_with_their_reason() {
    let text = nginx().to_yaml().unwrap();
    let name = "p0-view-Deployments-vpl5aqzpwnnqmnkrzze2";
    let edits: &[(&str, &str, &str)] = &[
        ("verbs: [get, list, watch]", "verbs: [get, list, watch, patch]", "not the digest"),
        ("resourceNames: [nginx-deployment]", "resourceNames: [other]", "not the digest"),
        ("resources: [deployments]", "resources: [\"*\"]", "not the digest"),
        ("name: alice@example.com", "name: mallory@example.com", ""),
        ("name: alice@example.com", "name: system:admin", "subject is wrong"),
        ("kind: User", "kind: Group", ""),
        ("namespace: default", "namespace: kube-system", "does not count where"),
        ("kind: RoleBinding", "kind: ClusterRoleBinding", "with a namespace"),
        ("kind: ClusterRole\n", "kind: Role\n", "do not belong together"),
        (
            "  labels:\n",
            "  labels:\n    rbac.authorization.k8s.io/aggregate-to-view: \"true\"\n",
            "do not belong together",
        ),
        ("rules:\n", "aggregationRule: {}\nrules:\n", "unknown field"),
        (
            "p0.dev/expires-at: \"2026-11-24T14",
            "p0.dev/expires-at: \"2027-11-24T14",
            "do not belong together",
        ),
        ("p0.dev/requester: alice", "p0.dev/requester: ${alice}", "refused"),
        ("verbs: [get, list, watch]", "verbs: [get, list, watch] # a comment", "line "),
        ("verbs: [get, list, watch]", "verbs: [ get, list, watch ]", "line "),
        ("kind: User", "kind: \"User\"", "line "),
        ("---\n", "---\n---\n", ""),
        ("apiVersion", "\u{feff}apiVersion", "line 1"),
    ];
    for (from, to, reason) in edits {
        assert!(text.contains(from), "{from}\n{text}");
        let edited = text.replacen(from, to, 1);
        match Manifest::read(&edited) {
            Ok(read) => assert!(reason.is_empty() && read != nginx(), "accepted: {to}"),
            Err(error) => assert!(error.to_string().contains(reason), "{to}: {error}"),
        }
    }
    for (edited, reason) in [
        (format!("{text}---\nkind: Secret\n"), "unknown variant"),
        (format!("{text}---\n{text}"), "two documents"),
        (text.replace('\n', "\r\n"), "line 1"),
        (text.replace(name, "p0-view-Deployments-aaaaaaaaaaaaaaaaaaaa"), ""),
        (text.trim_end().to_owned(), "line "),
        (String::new(), "two documents"),
    ] {
        match Manifest::read(&edited) {
            Ok(_) => assert!(reason.is_empty(), "accepted, not {reason}"),
            Err(error) => assert!(error.to_string().contains(reason), "{reason}: {error}"),
        }
    }
}

#[test]
fn a_signature_is_no_part_of_what_is_signed() {
    let unsigned = nginx().to_yaml().unwrap();
    for signature in ["a", "a\nb\n", "x: y\n"] {
        let signed = nginx().with_signature(signature).unwrap();
        assert_eq!(signed.signed_text().unwrap(), unsigned);
        assert_eq!(
            Manifest::read(&signed.to_yaml().unwrap()).unwrap().claims().signature.as_deref(),
            Some(signature)
        );
    }
    assert!(matches!(nginx().with_signature("x".repeat(300_000)), Err(ManifestError::TooLong(_))));
}
