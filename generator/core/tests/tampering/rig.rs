//! A grant and the repository around it, with anything changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use p0_access::change::{File, FileChange, FileMode};
use p0_access::cluster::{Cluster, PolicyNeed};
use p0_access::layout::ClusterName;
use p0_access::verifier::{Base, ClusterBase, Judgement, verify};
use p0_grant::catalogue::Catalogue;
use p0_grant::grant::{Grant, GrantSpec, ManagedBy, NamePrefix, RoleObject, Workflow};
use p0_grant::locator::Locator;
use p0_grant::manifest::Manifest;
use p0_grant::name::GrantId;
use p0_grant::plan::{Allowance, plan};
use p0_grant::signature::{Purpose, Signature};
use p0_grant::signers::AllowedSigners;
use ssh_key::private::Ed25519Keypair;

pub(crate) const ID: &str = "vpl5aqzpwnnqmnkrzze2";
pub(crate) const PATH: &str = "clusters/prod/grants/vpl5aqzpwnnqmnkrzze2.yaml";
pub(crate) const NOW: &str = "2026-11-24T10:30:00Z";

pub(crate) fn key(seed: u8) -> ssh_key::PrivateKey {
    ssh_key::PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]))
}

pub(crate) fn cluster() -> ClusterName {
    ClusterName::new("prod").unwrap()
}

/// `p0/allowed_signers` with one line whose options are `options`.
pub(crate) fn signers(options: &str) -> Option<Result<Arc<AllowedSigners>, String>> {
    let key = key(1).public_key().to_openssh().unwrap();
    let read = AllowedSigners::read(&format!("bot {options}{key}\n"));
    Some(read.map(Arc::new).map_err(|error| error.to_string()))
}

pub(crate) fn base() -> Base {
    // Who may have what is tried elsewhere.
    let mut settings = Cluster::new(cluster());
    settings.grants.policy = PolicyNeed::Optional;
    let settings = Ok(Arc::new(settings));
    let catalogue = Ok(Arc::new(Catalogue::embedded().unwrap()));
    let known = ClusterBase { settings, catalogue, companions: BTreeMap::new(), mapped: BTreeMap::new() };
    Base {
        signers: signers("namespaces=\"p0.dev/grant\",valid-before=\"20270101Z\" "),
        clusters: BTreeMap::from([(cluster(), known)]),
        ..Base::default()
    }
}

pub(crate) fn workflow() -> Workflow {
    Workflow {
        cluster: "prod".to_owned(),
        requester: "alice@example.com".to_owned(),
        approvers: vec!["bob@example.com".to_owned()],
        merge_before: Some("2026-11-24T11:00:00Z".parse().unwrap()),
        reason: Some("the rollout hangs".to_owned()),
        ..Workflow::default()
    }
}

/// What an attacker with the signing key puts into a grant.
pub(crate) type Change = fn(&mut GrantSpec<'_>);

/// What an accident does to base.
pub(crate) type Spoil = fn(&mut Base);

/// A grant with anything changed before it is made and signed.
pub(crate) struct Made {
    pub(crate) role: &'static str,
    pub(crate) locator: &'static str,
    pub(crate) subresources: &'static [&'static str],
    pub(crate) change: Change,
}

impl Default for Made {
    fn default() -> Self {
        Self {
            role: "view",
            locator: "deployment / default / nginx-deployment",
            subresources: &[],
            change: |_| (),
        }
    }
}

impl Made {
    pub(crate) fn unsigned(&self) -> Manifest {
        let catalogue = Catalogue::embedded().unwrap();
        let role = catalogue.role(&self.role.parse().unwrap()).unwrap();
        let selection = self.locator.parse::<Locator>().unwrap().resolve(&catalogue).unwrap();
        let selection = selection.with_subresources(self.subresources.iter().copied()).unwrap();
        let mut settings = Cluster::new(cluster()).plan_settings();
        // A person with the key may ignore what the site withholds; the verifier does not.
        let resource = selection.resource().to_string();
        settings.allow_privileged.push(Allowance { role: role.reference().clone(), resource });
        let plan = plan(role, &selection, &settings).unwrap();
        let mut spec = GrantSpec {
            id: GrantId::new(ID).unwrap(),
            role: role.reference().clone(),
            selection,
            plan: &plan,
            subject: "alice@example.com".parse().unwrap(),
            iam: None,
            created_at: "2026-11-24T10:00:00Z".parse().unwrap(),
            expires_at: "2026-11-24T14:00:00Z".parse().unwrap(),
            managed_by: ManagedBy::P0Gitops,
            role_object: RoleObject::ClusterRole,
            prefix: NamePrefix::default(),
            workflow: Some(workflow()),
        };
        (self.change)(&mut spec);
        Manifest::of(&Grant::new(spec).unwrap()).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        sign(self.unsigned(), 1).to_yaml().unwrap()
    }
}

pub(crate) fn sign(manifest: Manifest, seed: u8) -> Manifest {
    let signature =
        Signature::make(Purpose::Grant, &key(seed), manifest.signed_text().unwrap().as_bytes()).unwrap();
    manifest.with_signature(signature).unwrap()
}

pub(crate) fn regular(bytes: impl Into<Vec<u8>>) -> File {
    File { mode: FileMode::Regular, bytes: bytes.into() }
}

pub(crate) fn added(path: &str, bytes: impl Into<Vec<u8>>) -> FileChange {
    FileChange { path: path.to_owned(), before: None, after: Some(regular(bytes)) }
}

pub(crate) fn removed(path: &str) -> FileChange {
    FileChange { path: path.to_owned(), before: Some(regular("")), after: None }
}

pub(crate) fn good() -> FileChange {
    added(PATH, Made::default().text())
}

/// The codes of what speaks against a change; empty where it passes.
pub(crate) fn codes(change: &[FileChange], base: &Base) -> BTreeSet<&'static str> {
    match verify(change, base, NOW.parse().unwrap()) {
        Judgement::Passed { .. } => BTreeSet::new(),
        Judgement::Refused(findings) => findings.iter().map(|finding| finding.refusal.code()).collect(),
    }
}
