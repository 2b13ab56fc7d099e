//! Grants on a cluster of EKS: who the subject is for AWS is what base says, and nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use p0_access::change::FileChange;
use p0_access::cluster::{Cluster, PolicyNeed};
use p0_access::companion::CompanionFile;
use p0_access::eks::Eks;
use p0_access::identity::Identities;
use p0_access::layout::Companion;
use p0_access::verifier::Base;
use p0_grant::arn::IamIdentity;
use p0_grant::mapping::Mapping;
use p0_grant::name::GrantId;

use super::rig::{ID, Made, PATH, added, base, cluster, codes, regular, removed};

/// A cluster of EKS, and one person.
pub(crate) fn eks_base(eks: &str, person: &str) -> Base {
    let text = format!("apiVersion: p0.dev/v1alpha1\nkind: Identities\npersons:\n- {person}\n");
    let mut settings = Cluster::new(cluster());
    settings.grants.policy = PolicyNeed::Optional;
    settings.eks = Some(serde_json::from_str::<Eks>(eks).unwrap());
    let mut base = Base { identities: Some(Ok(Arc::new(Identities::read(&text).unwrap()))), ..base() };
    base.clusters.values_mut().for_each(|known| known.settings = Ok(Arc::new(settings.clone())));
    base
}

pub(crate) const AWS_AUTH: &str = r#"{"awsAuth":{"file":"clusters/prod/aws-auth.yaml"}}"#;
pub(crate) const ALICE: &str =
    "{name: alice, kubernetes: [alice@example.com], iamArn: 'arn:aws:iam::123456789012:user/alice'}";

#[test]
fn the_identity_of_the_subject_is_the_one_on_base() {
    // Whether the entry is there is tried below.
    let found = |made: Made, base: &Base| {
        let mut found = codes(&[added(PATH, made.text())], base);
        found.remove("aws-auth");
        found
    };
    let plain = || Made::default();
    let mapped = || Made {
        change: |spec| spec.iam = Some(IamIdentity::read("arn:aws:iam::123456789012:user/alice").unwrap().0),
        ..Made::default()
    };
    let other = || Made {
        change: |spec| {
            spec.iam = Some(IamIdentity::read("arn:aws:iam::123456789012:user/mallory").unwrap().0);
        },
        ..Made::default()
    };
    let entries = eks_base("\"accessEntries\"", ALICE);
    assert_eq!(found(plain(), &entries), BTreeSet::new());
    assert_eq!(found(mapped(), &entries), BTreeSet::from(["differs"]));
    let by_map = eks_base(AWS_AUTH, ALICE);
    assert_eq!(found(mapped(), &by_map), BTreeSet::new());
    assert_eq!(found(plain(), &by_map), BTreeSet::from(["differs"]));
    assert_eq!(found(other(), &by_map), BTreeSet::from(["differs"]));
    for person in ["{name: alice, kubernetes: [alice@example.com]}", "{name: bob, kubernetes: [bob]}"] {
        assert_eq!(found(mapped(), &eks_base(AWS_AUTH, person)), BTreeSet::from(["eks"]), "{person}");
    }
    let nobody = Base { identities: None, ..eks_base(AWS_AUTH, ALICE) };
    assert_eq!(found(mapped(), &nobody), BTreeSet::from(["eks"]));
    let broken = Base { identities: Some(Err("it is broken".to_owned())), ..eks_base(AWS_AUTH, ALICE) };
    assert!(found(mapped(), &broken).contains("base"));
}

const FILE: &str = "clusters/prod/aws-auth.yaml";
const MANIFEST: &str = "# Kept by hand.\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: aws-auth\n  namespace: kube-system\ndata:\n  mapRoles: |\n    - rolearn: arn:aws:iam::123456789012:role/eksNodeRole\n      username: system:node:{{EC2PrivateDNSName}}\n      groups: [system:bootstrappers, system:nodes]\n";
const OTHER: &str = "aaaaaaaaaaaaaaaaaaaa";

fn alice() -> Mapping {
    let identity = IamIdentity::read("arn:aws:iam::123456789012:user/alice").unwrap().0;
    Mapping::new(identity, "alice@example.com").unwrap()
}

fn mapped_grant() -> Made {
    Made { change: |spec| spec.iam = Some(alice().identity().clone()), ..Made::default() }
}

/// Base with the manifest, and with live grants of Alice under these ids.
fn with_file(text: &str, grants: &[&str]) -> Base {
    let mut base = eks_base(AWS_AUTH, ALICE);
    for known in base.clusters.values_mut() {
        let file = CompanionFile { path: FILE.to_owned(), text: Arc::new(text.to_owned()) };
        known.companions.insert(Companion::AwsAuth, file);
        known.mapped = grants.iter().map(|id| (GrantId::new(*id).unwrap(), alice())).collect();
    }
    base
}

fn becomes(before: &str, after: &str) -> FileChange {
    FileChange { path: FILE.to_owned(), before: Some(regular(before)), after: Some(regular(after)) }
}

/// The manifest with Alice's entry.
fn entered() -> String {
    let entry = "  mapUsers: |\n    # p0.dev/managed-by: p0-gitops\n    - userarn: arn:aws:iam::123456789012:user/alice\n      username: \"alice@example.com\"\n";
    format!("{MANIFEST}{entry}")
}

#[test]
fn aws_auth_changes_by_the_entries_that_grants_need_and_nothing_else() {
    let text = entered();
    let grant = || added(PATH, mapped_grant().text());
    assert_eq!(codes(&[grant(), becomes(MANIFEST, &text)], &with_file(MANIFEST, &[])), BTreeSet::new());
    // Alice has the entry already.
    assert_eq!(codes(&[grant()], &with_file(&text, &[OTHER])), BTreeSet::new());
    for (name, change) in [
        ("no entry", vec![grant()]),
        ("a node gone", vec![grant(), becomes(MANIFEST, &text.replace("system:nodes", "nodes"))]),
        ("another person", vec![grant(), becomes(MANIFEST, &text.replace("user/alice", "user/mallory"))]),
        ("a group", vec![grant(), becomes(MANIFEST, &format!("{text}      groups: [system:masters]\n"))]),
        ("another comment", vec![grant(), becomes(MANIFEST, &text.replace("by hand", "by me"))]),
        ("the file gone", vec![grant(), removed(FILE)]),
    ] {
        assert_eq!(codes(&change, &with_file(MANIFEST, &[])), BTreeSet::from(["aws-auth"]), "{name}");
    }
    let nothing = eks_base(AWS_AUTH, ALICE);
    assert_eq!(codes(&[grant()], &nothing), BTreeSet::from(["aws-auth"]), "no file for the entry");
    let elsewhere = [grant(), becomes(MANIFEST, &text), becomes_elsewhere()];
    assert_eq!(codes(&elsewhere, &with_file(MANIFEST, &[])), BTreeSet::from(["mixed-change"]));
    // Others keep the file; what touches no grant is the owners' matter.
    assert_eq!(codes(&[becomes(MANIFEST, "")], &with_file(MANIFEST, &[])), BTreeSet::new());
}

fn becomes_elsewhere() -> FileChange {
    FileChange { path: "README.md".to_owned(), before: None, after: Some(regular("x")) }
}

#[test]
fn an_entry_goes_with_the_last_grant_that_needs_it_and_a_revert_of_the_forge_passes() {
    let text = entered();
    let last = with_file(&text, &[ID]);
    assert_eq!(codes(&[removed(PATH), becomes(&text, MANIFEST)], &last), BTreeSet::new());
    assert_eq!(codes(&[removed(PATH)], &last), BTreeSet::from(["aws-auth"]), "the entry would be left");
    let two = with_file(&text, &[ID, OTHER]);
    assert_eq!(codes(&[removed(PATH)], &two), BTreeSet::new());
    // The forge's own revert of the change that brought the entry takes it away from the other grant too.
    assert_eq!(codes(&[removed(PATH), becomes(&text, MANIFEST)], &two), BTreeSet::new());
    // The next change brings it back.
    let lost = with_file(MANIFEST, &[OTHER]);
    assert_eq!(
        codes(&[added(PATH, mapped_grant().text()), becomes(MANIFEST, &text)], &lost),
        BTreeSet::new()
    );
    // What goes waits for nothing: a file that cannot be read stays as it is.
    assert_eq!(codes(&[removed(PATH)], &with_file("broken: [", &[ID])), BTreeSet::new());
}
