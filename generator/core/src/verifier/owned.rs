//! The judgement of what owners own: who of them signed a change of the files that decide about access.
//!
//! The owners on base decide, never those of the change. Also here: no key is a person's and the bot's, or an owner's and the
//! bot's, because a second word would be the first one again. Not here: which paths are owned ([`crate::layout`]), and what base
//! would be afterwards ([`super::usable_after`], [`super::answerable`]).

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use p0_grant::signature::Fingerprint;
use p0_grant::signers::{AllowedSigners, Signer};

use super::after::After;
use super::refusal::unusable;
use super::{Base, Finding, Refusal, answerable, usable_after};
use crate::change::{FileChange, FileMode};
use crate::identity::{IDENTITIES, Identities};
use crate::layout::{ALLOWED_SIGNERS, OWNER_SIGNATURES, OWNERS, REPOSITORY, is_owned};
use crate::owners::{ChangedFile, Guard, OwnerChange, OwnerRefusal, Owners};

/// Everything that speaks against what `change` does to owned files. One that touches no grants may not touch the manifests of
/// `aws-auth` either.
pub(super) fn findings(
    change: &[FileChange],
    touches_grants: bool,
    base: &Base,
    now: Timestamp,
) -> Vec<Finding> {
    let is_aws_auth = |path: &String| !touches_grants && base.aws_auth.contains(path);
    let guarded: Vec<&FileChange> =
        change.iter().filter(|file| is_owned(&file.path) || is_aws_auth(&file.path)).collect();
    if guarded.is_empty() {
        return Vec::new();
    }
    let mut findings = Vec::new();
    if let Err(refusal) = agreed(&guarded, base, now) {
        let at = |file: &&FileChange| Finding { path: file.path.clone(), refusal: refusal.clone() };
        findings.extend(guarded.iter().map(at));
    }
    let after = After::new(change, base);
    let unusable = usable_after::findings(&guarded, after, base, now);
    // Of a file that cannot be read no owner is known; another finding says so.
    if unusable.is_empty() {
        findings.extend(answerable::finding(&guarded, after, base, now));
    }
    findings.extend(unusable);
    findings.extend(shared_key_after(&guarded, after));
    findings
}

/// The change of these files that owners of `base` have to sign; `None` where changes can be counted no further.
///
/// # Errors
/// [`Refusal`] where a file on base that is needed cannot be used.
pub fn asked_of_owners(files: &[&FileChange], base: &Base) -> Result<Option<OwnerChange>, Refusal> {
    let last = usable(OWNER_SIGNATURES, base.owner_change.as_ref())?;
    let repository = usable(REPOSITORY, base.repository.as_ref())?.map(|file| file.id.clone());
    let files = files.iter().filter(|file| file.path != OWNER_SIGNATURES);
    let files: Vec<ChangedFile> = files.map(|file| ChangedFile::of(file)).collect();
    Ok(OwnerChange::after(last.map(Arc::as_ref), repository, files))
}

/// Whether the owners on base agree.
fn agreed(guarded: &[&FileChange], base: &Base, now: Timestamp) -> Result<(), Refusal> {
    let Some(owners) = usable(OWNERS, base.owners.as_ref())? else { return Ok(()) };
    let Guard::Signatures(needed) = owners.guard() else { return Ok(()) };
    let refused = |refusal| Err(Refusal::Owners(refusal));
    let signatures = guarded.iter().find(|file| file.path == OWNER_SIGNATURES);
    let Some(file) = signatures.and_then(|file| file.after.as_ref()) else {
        return refused(OwnerRefusal::None);
    };
    if file.mode != FileMode::Regular {
        return refused(OwnerRefusal::Unreadable("it is not a regular file".to_owned()));
    }
    let text = std::str::from_utf8(&file.bytes).map_err(|error| error.to_string());
    let read = text.and_then(|text| OwnerChange::read(text).map_err(|error| error.to_string()));
    let signed = match read {
        Ok(signed) => signed,
        Err(problem) => return refused(OwnerRefusal::Unreadable(problem)),
    };
    let Some(actual) = asked_of_owners(guarded, base)? else {
        return refused(OwnerRefusal::Other("the number of the change"));
    };
    signed.hold_to(&actual, owners, needed, now).map_err(Refusal::Owners)
}

/// Whether a key signs for the bot that is a person's or an owner's too, once the change has landed.
fn shared_key_after(guarded: &[&FileChange], after: After<'_>) -> Option<Finding> {
    let files = [ALLOWED_SIGNERS, IDENTITIES, OWNERS];
    let path = files.into_iter().find(|path| guarded.iter().any(|file| file.path == *path))?;
    let signers = after.signers()?.ok()?;
    let (identities, owners) = (after.identities().and_then(Result::ok), after.owners().and_then(Result::ok));
    let refusal = shared_key(&signers, identities.as_deref(), owners.as_deref())?;
    Some(Finding { path: path.to_owned(), refusal })
}

/// A key of `signers` that is a person's or an owner's too.
pub(super) fn shared_key(
    signers: &AllowedSigners,
    identities: Option<&Identities>,
    owners: Option<&Owners>,
) -> Option<Refusal> {
    let owned: BTreeSet<Fingerprint> = owners.into_iter().flat_map(Owners::keys).collect();
    let is_persons = |key: &Fingerprint| identities.is_some_and(|identities| identities.has_key(key));
    signers.iter().map(Signer::key).find_map(|key| {
        let file = match (is_persons(&key), owned.contains(&key)) {
            (true, _) => IDENTITIES,
            (false, true) => OWNERS,
            (false, false) => return None,
        };
        Some(Refusal::SharedKey { key: key.to_string(), file })
    })
}

/// A file of base, if it is there.
fn usable<'b, T>(path: &str, read: Option<&'b Result<T, String>>) -> Result<Option<&'b T>, Refusal> {
    read.map(|read| read.as_ref().map_err(|problem| unusable(path, problem))).transpose()
}
