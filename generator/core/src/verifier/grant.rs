//! The judgement of one grant that comes or is extended: read it, hold it to the clock, the history and the signers, and
//! make it anew.

use std::sync::Arc;

use jiff::Timestamp;
use p0_grant::arn::IamIdentity;
use p0_grant::catalogue::Catalogue;
use p0_grant::manifest::{Claims, Difference, Manifest};
use p0_grant::signature::Purpose;

use super::access::Access;
use super::proposed::ProposedGrant;
use super::refusal::unusable;
use super::renewal::{self, Renewal};
use super::shape::{Added, Changed};
use super::standing::{identity, read};
use super::{Base, ClusterBase, MAX_CLOCK_SKEW, Refusal, owned};
use crate::cluster::Cluster;
use crate::eks::Eks;
use crate::identity::{IDENTITIES, Identities};
use crate::planned::{GrantTerms, Planned};
use crate::policy::Risk;

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
    let proposed =
        ProposedGrant { cluster: &added.cluster, manifest: &manifest, first_created_at: claims.created_at };
    findings.extend(proposed.findings(base, now));
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
            let proposed = ProposedGrant { cluster: &changed.cluster, manifest: &manifest, first_created_at };
            findings.extend(proposed.findings(base, now));
            if findings.is_empty() { Ok(Passed::Extended) } else { Err(findings) }
        }
    }
}

impl ProposedGrant<'_> {
    /// The rules, and with them how dangerous they are, are what policy is asked about.
    fn made_anew(&self, settings: &Cluster, catalogue: &Catalogue, base: &Base) -> Vec<Refusal> {
        match remake(self.manifest, settings, catalogue) {
            Err(refusal) => vec![refusal],
            Ok(planned) => {
                let risk = Risk::of(planned.plan.report());
                let access = Access { proposed: self, selection: &planned.selection, risk, settings };
                let mut findings = access.findings(base);
                let iam = iam(self.manifest.claims(), settings, base);
                findings.extend(iam.and_then(|iam| equal(self.manifest, &planned, settings, iam)).err());
                findings
            }
        }
    }

    /// What speaks against a grant wherever it comes from: signature, times, rules, and who may have it.
    fn findings(&self, base: &Base, now: Timestamp) -> Vec<Refusal> {
        let mut findings = Vec::new();
        findings.extend(signature(self.manifest, base, now).err());
        findings.extend(shared_key(base));
        findings.extend(repository(self.manifest.claims(), base).err());
        match base.clusters.get(self.cluster).map(usable) {
            None => findings.push(unusable(&self.cluster.settings_path(), "there is none")),
            Some(Err(refusal)) => findings.push(refusal),
            Some(Ok((settings, catalogue))) => {
                let landed = base.landed.unwrap_or(now);
                findings.extend(times(self.manifest.claims(), self.first_created_at, settings, landed));
                findings.extend(from_the_future(self.manifest.claims(), now));
                findings.extend(self.made_anew(settings, catalogue, base));
            }
        }
        findings
    }
}

fn usable(cluster: &ClusterBase) -> Result<(&Cluster, &Catalogue), Refusal> {
    let settings = cluster.settings.as_ref().map_err(|problem| unusable("p0-cluster.yaml", problem))?;
    let catalogue = cluster.catalogue.as_ref().map_err(|problem| unusable("catalogue.yaml", problem))?;
    Ok((settings, catalogue))
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

/// Where the bot's key is a person's too, an approver's signature proves nothing.
fn shared_key(base: &Base) -> Option<Refusal> {
    let Some(Ok(signers)) = &base.signers else { return None };
    let identities = base.identities.as_ref().and_then(|read| read.as_deref().ok());
    let owners = base.owners.as_ref().and_then(|read| read.as_deref().ok());
    owned::shared_key(signers, identities, owners)
}

/// A grant that was signed for another repository is none here, whatever its clusters are called.
fn repository(claims: &Claims, base: &Base) -> Result<(), Refusal> {
    let own = match &base.repository {
        None => None,
        Some(Ok(file)) => Some(file.id.as_str()),
        Some(Err(problem)) => return Err(unusable(crate::layout::REPOSITORY, problem)),
    };
    let named = claims.workflow.as_ref().and_then(|flow| flow.repository.as_deref());
    match named == own {
        true => Ok(()),
        false => Err(Refusal::Repository { says: named.unwrap_or("none").to_owned() }),
    }
}

fn from_the_future(claims: &Claims, now: Timestamp) -> Option<Refusal> {
    let latest = now.checked_add(MAX_CLOCK_SKEW).unwrap_or(Timestamp::MAX);
    (claims.created_at > latest).then_some(Refusal::FromTheFuture(claims.created_at))
}

/// `landed` is the earliest moment at which it can have come to base.
fn times(claims: &Claims, first: Timestamp, settings: &Cluster, landed: Timestamp) -> Vec<Refusal> {
    let Claims { expires_at, workflow, .. } = claims;
    let mut findings = Vec::new();
    if *expires_at <= landed {
        findings.push(Refusal::Expired(*expires_at));
    }
    match workflow.as_ref().and_then(|flow| flow.merge_before) {
        None => findings.push(Refusal::Missing("p0.dev/merge-before")),
        Some(before) if before <= landed => findings.push(Refusal::TooLate(before)),
        Some(_) => {}
    }
    let (lives, allowed) = (expires_at.duration_since(first), settings.grants.max_duration);
    if lives > allowed.duration() {
        findings.push(Refusal::TooLong { asked: format!("{lives:#}"), allowed: allowed.to_string() });
    }
    findings
}

/// Makes the grant anew from the files on base, given what `manifest` claims, and compares the bytes.
///
/// # Errors
/// [`Refusal`] where the claims make no grant here, or make another one.
pub fn recompute(
    manifest: &Manifest,
    settings: &Cluster,
    catalogue: &Catalogue,
    identities: &Identities,
) -> Result<(), Refusal> {
    let iam = Eks::identity_of(settings.eks.as_ref(), identities, &manifest.claims().subject);
    equal(manifest, &remake(manifest, settings, catalogue)?, settings, iam.map_err(Refusal::Eks)?)
}

/// Who the subject is for AWS by base, where a grant on the cluster needs that.
fn iam(claims: &Claims, settings: &Cluster, base: &Base) -> Result<Option<IamIdentity>, Refusal> {
    let identities = match &base.identities {
        None => &Arc::default(),
        Some(Ok(identities)) => identities,
        Some(Err(problem)) => return Err(unusable(IDENTITIES, problem)),
    };
    Eks::identity_of(settings.eks.as_ref(), identities, &claims.subject).map_err(Refusal::Eks)
}

/// What the claimed role gives on the claimed selection, by base.
fn remake(manifest: &Manifest, settings: &Cluster, catalogue: &Catalogue) -> Result<Planned, Refusal> {
    let claims = manifest.claims();
    let (role, selection) = (&claims.role, &claims.selection);
    Planned::by_name(role, selection, &claims.subresources, &settings.plan_settings(), catalogue)
        .map_err(Refusal::from)
}

fn equal(
    manifest: &Manifest,
    planned: &Planned,
    settings: &Cluster,
    iam: Option<IamIdentity>,
) -> Result<(), Refusal> {
    let claims = manifest.claims();
    let terms = GrantTerms {
        id: claims.id.clone(),
        subject: claims.subject.clone(),
        iam,
        created_at: claims.created_at,
        expires_at: claims.expires_at,
        workflow: claims.workflow.clone(),
    };
    let grant = planned.grant(terms, &settings.grants);
    let anew = Manifest::of(&grant.map_err(Refusal::Grant)?).map_err(Refusal::Unreadable)?;
    let found = manifest.signed_text().map_err(Refusal::Unreadable)?;
    match Difference::first(&found, &anew.to_yaml().map_err(Refusal::Unreadable)?) {
        None => Ok(()),
        Some(Difference { line, found, expected }) => Err(Refusal::Differs { line, found, expected }),
    }
}
