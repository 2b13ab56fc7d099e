//! A repository with a policy, persons and their keys, and grants made and approved by anybody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use p0_access::change::{File, FileChange, FileMode};
use p0_access::cluster::Cluster;
use p0_access::identity::Identities;
use p0_access::layout::ClusterName;
use p0_access::policy::Policy;
use p0_access::verifier::{Base, ClusterBase, Judgement, verify};
use p0_grant::approval::{ApprovalKind, ApproverSignature};
use p0_grant::catalogue::Catalogue;
use p0_grant::grant::{Grant, GrantSpec, ManagedBy, NamePrefix, RoleObject, Workflow};
use p0_grant::locator::Locator;
use p0_grant::manifest::Manifest;
use p0_grant::name::GrantId;
use p0_grant::plan::plan;
use p0_grant::signature::{Purpose, Signature};
use p0_grant::signers::AllowedSigners;
use p0_grant::statement::Statement;
use ssh_key::private::Ed25519Keypair;

pub(crate) const ID: &str = "vpl5aqzpwnnqmnkrzze2";
pub(crate) const PREAPPROVAL: &str = "wwwwwwwwwwwwwwwwwwww";
pub(crate) const PATH: &str = "clusters/prod/grants/vpl5aqzpwnnqmnkrzze2.yaml";
pub(crate) const NOW: &str = "2026-11-24T10:30:00Z";
pub(crate) const BOT: u8 = 1;
pub(crate) const BOB: u8 = 2;
pub(crate) const CAROL: u8 = 3;
pub(crate) const ALICE: u8 = 4;
pub(crate) const STRANGER: u8 = 9;

pub(crate) const POLICY: &str = "\
apiVersion: p0.dev/v1alpha1
kind: Policy
secondChannel: HIGH
durations: {max: 8h, maxTotal: 12h}
rules:
- name: two
  requestor: any
  resource: {k8s: {namespaces: [kube-public]}}
  approval: [reviewers: {persons: [bob, carol], count: 2}]
- name: one
  requestor: any
  resource: {k8s: {namespaces: [default]}}
  approval: [reviewers: {persons: [bob, carol]}]
";

pub(crate) fn key(seed: u8) -> ssh_key::PrivateKey {
    ssh_key::PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
}

pub(crate) fn public(seed: u8) -> String {
    key(seed).public_key().to_openssh().unwrap()
}

pub(crate) fn identities() -> Identities {
    let person = |name: &str, seed| {
        format!("- name: {name}\n  kubernetes: [{name}@example.com]\n  sshKeys: [\"{}\"]\n", public(seed))
    };
    let persons = [("alice", ALICE), ("bob", BOB), ("carol", CAROL)].map(|(name, seed)| person(name, seed));
    let text = format!("apiVersion: p0.dev/v1alpha1\nkind: Identities\npersons:\n{}", persons.concat());
    Identities::read(&text).unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn cluster() -> ClusterName {
    ClusterName::new("prod").unwrap()
}

pub(crate) fn base() -> Base {
    let settings = Ok(Arc::new(Cluster::new(cluster())));
    let catalogue = Ok(Arc::new(Catalogue::embedded().unwrap()));
    let known = ClusterBase { settings, catalogue, companions: BTreeMap::new(), mapped: BTreeMap::new() };
    Base {
        signers: Some(Ok(Arc::new(AllowedSigners::read(&format!("bot {}\n", public(BOT))).unwrap()))),
        clusters: BTreeMap::from([(cluster(), known)]),
        policy: Some(Ok(Arc::new(Policy::read(POLICY).unwrap()))),
        identities: Some(Ok(Arc::new(identities()))),
        ..Base::default()
    }
}

/// What is changed of a statement before an approver's key signs it.
pub(crate) type Restate = fn(&mut Statement);

/// A grant as the bot makes it, with anything changed before it is signed.
pub(crate) struct Made {
    pub(crate) role: &'static str,
    pub(crate) locator: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) created_at: &'static str,
    pub(crate) hours: i64,
    pub(crate) flow: Workflow,
    /// Whose keys sign as approvers, and what of the statement is changed before they do.
    pub(crate) signed_by: Vec<(u8, Restate)>,
}

pub(crate) fn flow() -> Workflow {
    Workflow {
        cluster: "prod".to_owned(),
        requester: "alice".to_owned(),
        approval: Some(ApprovalKind::Reviewers),
        approvers: vec!["bob".to_owned()],
        policy_rule: Some("one".to_owned()),
        policy_sha256: Some(Policy::read(POLICY).unwrap().digest().to_owned()),
        merge_before: Some(at("2026-11-24T11:00:00Z")),
        ..Workflow::default()
    }
}

impl Default for Made {
    fn default() -> Self {
        Self {
            role: "view",
            locator: "deployment / default / web",
            subject: "alice@example.com",
            created_at: "2026-11-24T10:00:00Z",
            hours: 4,
            flow: flow(),
            signed_by: Vec::new(),
        }
    }
}

/// What an approver of [`Made`] signs.
pub(crate) const AS_IT_IS: Restate = |_| ();

impl Made {
    pub(crate) fn manifest(&self) -> Manifest {
        let plain = self.unsigned(self.flow.clone());
        let mut flow = self.flow.clone();
        for (seed, change) in &self.signed_by {
            let (when, lifetime) = (at(self.created_at), SignedDuration::from_hours(self.hours));
            let mut statement = Statement::of(plain.claims(), when, lifetime);
            change(&mut statement);
            let lifetime = SignedDuration::from_secs(statement.lifetime_seconds);
            let signature = Signature::make(Purpose::Approval, &key(*seed), statement.text().as_bytes());
            flow.approver_signatures.push(ApproverSignature {
                at: statement.at,
                lifetime,
                signature: signature.unwrap(),
            });
        }
        let unsigned = self.unsigned(flow);
        let text = unsigned.signed_text().unwrap();
        unsigned.with_signature(Signature::make(Purpose::Grant, &key(BOT), text.as_bytes()).unwrap()).unwrap()
    }

    pub(crate) fn unsigned(&self, flow: Workflow) -> Manifest {
        let catalogue = Catalogue::embedded().unwrap();
        let role = catalogue.role(&self.role.parse().unwrap()).unwrap();
        let selection = self.locator.parse::<Locator>().unwrap().resolve(&catalogue).unwrap();
        let plan = plan(role, &selection, &Cluster::new(cluster()).plan_settings()).unwrap();
        let created_at = at(self.created_at);
        let spec = GrantSpec {
            id: GrantId::new(ID).unwrap(),
            role: role.reference().clone(),
            selection,
            plan: &plan,
            subject: self.subject.parse().unwrap(),
            iam: None,
            created_at,
            expires_at: created_at.checked_add(SignedDuration::from_hours(self.hours)).unwrap(),
            managed_by: ManagedBy::P0Gitops,
            role_object: RoleObject::ClusterRole,
            prefix: NamePrefix::default(),
            workflow: Some(flow),
        };
        Manifest::of(&Grant::new(spec).unwrap()).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        self.manifest().to_yaml().unwrap()
    }
}

pub(crate) fn file(text: &str) -> File {
    File { mode: FileMode::Regular, bytes: text.as_bytes().to_vec() }
}

pub(crate) fn change(before: Option<&str>, after: Option<&str>) -> FileChange {
    FileChange { path: PATH.to_owned(), before: before.map(file), after: after.map(file) }
}

pub(crate) fn codes_at(change: FileChange, base: &Base, now: &str) -> BTreeSet<&'static str> {
    match verify(&[change], base, at(now)) {
        Judgement::Passed { .. } => BTreeSet::new(),
        Judgement::Refused(findings) => findings.iter().map(|finding| finding.refusal.code()).collect(),
    }
}

pub(crate) fn codes(made: &Made, base: &Base) -> BTreeSet<&'static str> {
    codes_at(change(None, Some(&made.text())), base, NOW)
}

pub(crate) fn passes(made: &Made) {
    assert_eq!(codes(made, &base()), BTreeSet::new());
}
