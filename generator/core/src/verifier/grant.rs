//! The judgement of one grant that comes or is extended: read it, hold it to the clock, the history and the signers, and
//! make it anew.

use jiff::{SignedDuration, Timestamp};
use p0_grant::catalogue::Catalogue;
use p0_grant::grant::{Grant, GrantSpec, ManagedBy, Workflow};
use p0_grant::manifest::{Claims, Difference, Manifest, ManifestError};
use p0_grant::name::GrantId;
use p0_grant::plan::{Plan, plan};
use p0_grant::selection::Selection;
use p0_grant::signature::Purpose;

use super::access::Access;
use super::renewal::{self, Renewal};
use super::shape::{Added, Changed};
use super::{Base, ClusterBase, Refusal};
use crate::cluster::Cluster;
use crate::layout::ClusterName;
use crate::policy::Risk;

/// How far ahead the clock of whoever proposed may be.
pub const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// A grant file where it stands.
pub(super) struct Standing<'c> {
    pub(super) cluster: &'c ClusterName,
    pub(super) manifest: &'c Manifest,
    /// When its first version was made.
    pub(super) first_created_at: Timestamp,
}

/// How a file in place of another one passed.
pub(super) enum Passed {
    Extended,
    Shortened,
}

/// Everything that speaks against one added grant.
pub(super) fn findings_of_new(added: &Added<'_>, base: &Base, now: Timestamp) -> Vec<Refusal> {
    let manifest = match read(&added.file.bytes) {
        Ok(manifest) => manifest,
        Err(refusal) => return vec![refusal],
    };
    let claims = manifest.claims();
    let mut findings = identity(&added.cluster, &added.id, claims);
    if base.used.contains(&claims.id) || base.used.contains(&added.id) {
        findings.push(Refusal::UsedId(claims.id.to_string()));
    }
    if renewal::previous(claims).is_some() {
        findings.push(Refusal::Extension("there is none on base"));
    }
    let standing =
        Standing { cluster: &added.cluster, manifest: &manifest, first_created_at: claims.created_at };
    findings.extend(standing.findings(base, now));
    findings
}

/// How a file in place of a live grant passes, or everything that speaks against it.
pub(super) fn findings_of_changed(
    changed: &Changed<'_>,
    base: &Base,
    now: Timestamp,
) -> Result<Passed, Vec<Refusal>> {
    let versions = base.versions.get(&changed.id).map_or(&[][..], Vec::as_slice);
    let renewal = renewal::renewal(&changed.before.bytes, &changed.after.bytes, versions);
    match renewal.map_err(|refusal| vec![refusal])? {
        Renewal::Shortened => Ok(Passed::Shortened),
        Renewal::Extension { manifest, first_created_at } => {
            let mut findings = identity(&changed.cluster, &changed.id, manifest.claims());
            let standing = Standing { cluster: &changed.cluster, manifest: &manifest, first_created_at };
            findings.extend(standing.findings(base, now));
            if findings.is_empty() { Ok(Passed::Extended) } else { Err(findings) }
        }
    }
}

impl Standing<'_> {
    /// The rules, and with them how dangerous they are, are what policy is asked about.
    fn made_anew(&self, settings: &Cluster, catalogue: &Catalogue, base: &Base) -> Vec<Refusal> {
        match remake(self.manifest, settings, catalogue) {
            Err(refusal) => vec![refusal],
            Ok((selection, plan)) => {
                let risk = Risk::of(plan.report());
                let access = Access { standing: self, selection: &selection, risk, settings };
                let mut findings = access.findings(base);
                findings.extend(equal(self.manifest, selection, &plan, settings).err());
                findings
            }
        }
    }

    /// What speaks against a grant wherever it comes from: signature, times, rules, and who may have it.
    fn findings(&self, base: &Base, now: Timestamp) -> Vec<Refusal> {
        let mut findings = Vec::new();
        findings.extend(signature(self.manifest, base, now).err());
        match base.clusters.get(self.cluster).map(usable) {
            None => findings.push(unusable(&self.cluster.settings_path(), "there is none")),
            Some(Err(refusal)) => findings.push(refusal),
            Some(Ok((settings, catalogue))) => {
                findings.extend(times(self.manifest.claims(), self.first_created_at, settings, now));
                findings.extend(self.made_anew(settings, catalogue, base));
            }
        }
        findings
    }
}

fn read(bytes: &[u8]) -> Result<Manifest, Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|_| Refusal::NotText)?;
    Manifest::read(text).map_err(|error| match error {
        ManifestError::Signature(error) => Refusal::Signature(error.into()),
        error => Refusal::Unreadable(error),
    })
}

pub(super) fn unusable(file: &str, problem: &str) -> Refusal {
    Refusal::Base { file: file.to_owned(), problem: problem.to_owned() }
}

fn usable(cluster: &ClusterBase) -> Result<(&Cluster, &Catalogue), Refusal> {
    let settings = cluster.settings.as_ref().map_err(|problem| unusable("p0-cluster.yaml", problem))?;
    let catalogue = cluster.catalogue.as_ref().map_err(|problem| unusable("catalogue.yaml", problem))?;
    Ok((settings, catalogue))
}

/// The file's place and name, and the product.
fn identity(cluster: &ClusterName, id: &GrantId, claims: &Claims) -> Vec<Refusal> {
    let mut findings = Vec::new();
    if claims.id != *id {
        findings.push(Refusal::FileName(claims.id.to_string()));
    }
    if claims.managed_by != ManagedBy::P0Gitops {
        findings.push(Refusal::Product);
    }
    match &claims.workflow {
        None => findings.push(Refusal::Missing("p0.dev/cluster")),
        Some(Workflow { cluster: own, .. }) if own != cluster.as_str() => {
            findings.push(Refusal::Cluster(own.clone()));
        }
        Some(_) => {}
    }
    findings
}

/// A key counts when the grant was made and now: a stolen key that was taken off the list cannot be dated back.
fn signature(manifest: &Manifest, base: &Base, now: Timestamp) -> Result<(), Refusal> {
    let signers = match &base.signers {
        None => return Err(unusable(crate::layout::ALLOWED_SIGNERS, "there is none")),
        Some(Err(problem)) => return Err(unusable(crate::layout::ALLOWED_SIGNERS, problem)),
        Some(Ok(signers)) => signers,
    };
    let claims = manifest.claims();
    let signature = claims.signature.as_ref().ok_or(Refusal::Unsigned)?;
    let text = manifest.signed_text().map_err(Refusal::Unreadable)?;
    signature
        .verify(Purpose::Grant, text.as_bytes(), signers, claims.created_at, now)
        .map(drop)
        .map_err(Refusal::Signature)
}

fn times(claims: &Claims, first: Timestamp, settings: &Cluster, now: Timestamp) -> Vec<Refusal> {
    let Claims { created_at, expires_at, workflow, .. } = claims;
    let mut findings = Vec::new();
    if *created_at > now.checked_add(MAX_CLOCK_SKEW).unwrap_or(Timestamp::MAX) {
        findings.push(Refusal::FromTheFuture(*created_at));
    }
    if *expires_at <= now {
        findings.push(Refusal::Expired(*expires_at));
    }
    match workflow.as_ref().and_then(|flow| flow.merge_before) {
        None => findings.push(Refusal::Missing("p0.dev/merge-before")),
        Some(before) if before <= now => findings.push(Refusal::TooLate(before)),
        Some(_) => {}
    }
    let (lives, allowed) = (expires_at.duration_since(first), settings.grants.max_duration);
    if lives > allowed.duration() {
        findings.push(Refusal::TooLong { asked: format!("{lives:#}"), allowed: allowed.to_string() });
    }
    findings
}

/// Makes the grant anew from `settings` and `catalogue`, given what `manifest` claims, and compares the bytes.
///
/// # Errors
/// [`Refusal`] where the claims make no grant here, or make another one.
pub fn recompute(manifest: &Manifest, settings: &Cluster, catalogue: &Catalogue) -> Result<(), Refusal> {
    let (selection, plan) = remake(manifest, settings, catalogue)?;
    equal(manifest, selection, &plan, settings)
}

/// What the claimed role gives on the claimed selection, by base.
fn remake(
    manifest: &Manifest,
    settings: &Cluster,
    catalogue: &Catalogue,
) -> Result<(Selection, Plan), Refusal> {
    let claims = manifest.claims();
    let role = catalogue.role(&claims.role).map_err(|error| Refusal::Role(error.to_string()))?;
    let selection = selection(claims, catalogue)?;
    let plan = plan(role, &selection, &settings.plan_settings()).map_err(Refusal::Plan)?;
    Ok((selection, plan))
}

fn equal(manifest: &Manifest, selection: Selection, plan: &Plan, settings: &Cluster) -> Result<(), Refusal> {
    let claims = manifest.claims();
    let grant = Grant::new(GrantSpec {
        id: claims.id.clone(),
        role: claims.role.clone(),
        selection,
        plan,
        subject: claims.subject.clone(),
        created_at: claims.created_at,
        expires_at: claims.expires_at,
        managed_by: ManagedBy::P0Gitops,
        role_object: settings.grants.role_object,
        prefix: settings.grants.prefix.clone(),
        workflow: claims.workflow.clone(),
    });
    let anew = Manifest::of(&grant.map_err(Refusal::Grant)?).map_err(Refusal::Unreadable)?;
    let found = manifest.signed_text().map_err(Refusal::Unreadable)?;
    match Difference::first(&found, &anew.to_yaml().map_err(Refusal::Unreadable)?) {
        None => Ok(()),
        Some(Difference { line, found, expected }) => Err(Refusal::Differs { line, found, expected }),
    }
}

fn selection(claims: &Claims, catalogue: &Catalogue) -> Result<Selection, Refusal> {
    let text = &claims.selection;
    let resource = catalogue.resource(&text.group, &text.plural);
    let resource = resource.ok_or_else(|| {
        Refusal::Selection(format!("the cluster's catalogue has no `{}/{}`", text.group, text.plural))
    })?;
    if let Some(namespace) = text.target.namespace() {
        catalogue.check_namespace(namespace).map_err(|error| Refusal::Namespace(error.to_string()))?;
    }
    let selection = Selection::new(resource.clone(), text.target.clone());
    let asked = claims.subresources.iter().cloned();
    let selection = selection.and_then(|selection| match catalogue.role(&claims.role) {
        Ok(role) => selection.with_subresources_of(role, asked),
        Err(_) => selection.with_subresources(asked),
    });
    selection.map_err(|error| Refusal::Selection(error.to_string()))
}
