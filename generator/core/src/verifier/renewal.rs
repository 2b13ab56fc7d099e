//! A live grant in other words: an extension that names the very file it replaces, or an earlier version again.
//!
//! Versions form a chain: each extension holds the digest of the file before it. Going on along the chain needs an approval
//! like any grant's; going back along it takes access away, and passes. Anything else is tampering. Not here: who may have
//! the longer grant.

use std::collections::BTreeMap;

use jiff::Timestamp;
use p0_grant::manifest::{Claims, Manifest};

use super::Refusal;
use crate::digest::sha256;

/// What a file in place of another one is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Renewal {
    /// The same access for longer. It is judged like a new grant.
    Extension {
        /// What it says.
        manifest: Box<Manifest>,
        /// When the first version was made.
        first_created_at: Timestamp,
    },
    /// An earlier version, which ends earlier.
    Shortened,
}

/// How an extension names what it replaces.
pub fn file_digest(bytes: &[u8]) -> String {
    sha256(bytes)
}

/// What `after` is in place of `before`, given every version that base has had.
pub(super) fn renewal(before: &[u8], after: &[u8], earlier: &[Vec<u8>]) -> Result<Renewal, Refusal> {
    let now = read(before).ok_or(Refusal::ChangedInPlace)?;
    let known: BTreeMap<String, &[u8]> =
        earlier.iter().map(|bytes| (file_digest(bytes), bytes.as_slice())).collect();
    let chain = chain(&now, &known)?;
    if chain.iter().any(|version| version.bytes == after) {
        return Ok(Renewal::Shortened);
    }
    // Neither by reverting a revert nor by an old branch.
    if known.contains_key(&file_digest(after)) {
        return Err(Refusal::Extension("base has had this very file, and what ended never comes back"));
    }
    let next = read(after).ok_or(Refusal::ChangedInPlace)?;
    let first_created_at = chain.last().map_or(now.claims().created_at, |first| first.created_at);
    match extends(now.claims(), next.claims(), &file_digest(before)) {
        Ok(()) => Ok(Renewal::Extension { manifest: Box::new(next), first_created_at }),
        Err(refusal) => Err(refusal),
    }
}

/// A version on the chain behind the present one.
struct Version<'b> {
    bytes: &'b [u8],
    created_at: Timestamp,
}

/// The versions behind `now`, the latest first. One that base never had, or that does not end earlier, breaks the chain.
fn chain<'b>(now: &Manifest, known: &BTreeMap<String, &'b [u8]>) -> Result<Vec<Version<'b>>, Refusal> {
    let mut chain = Vec::new();
    let (mut previous, mut ends) = (previous(now.claims()).map(str::to_owned), now.claims().expires_at);
    while let Some(digest) = previous {
        let bytes = known.get(&digest).copied().ok_or(Refusal::ChangedInPlace)?;
        let version = read(bytes).ok_or(Refusal::ChangedInPlace)?;
        let claims = version.claims();
        if claims.expires_at >= ends {
            return Err(Refusal::ChangedInPlace);
        }
        ends = claims.expires_at;
        previous = self::previous(claims).map(str::to_owned);
        chain.push(Version { bytes, created_at: claims.created_at });
    }
    Ok(chain)
}

/// The same access, made later, ending later, and naming what it replaces.
fn extends(now: &Claims, next: &Claims, digest: &str) -> Result<(), Refusal> {
    let wrong = |what| Err(Refusal::Extension(what));
    let requester =
        |claims: &Claims| claims.workflow.as_ref().map(|flow| (flow.cluster.clone(), flow.requester.clone()));
    if previous(next).is_none() {
        return Err(Refusal::ChangedInPlace);
    }
    if previous(next) != Some(digest) {
        return wrong("`p0.dev/previous` is not the digest of the file on base");
    }
    if now.id != next.id || now.managed_by != next.managed_by || requester(now) != requester(next) {
        return wrong("the id, the cluster or the requester is another one");
    }
    if now.role != next.role || now.selection != next.selection || now.subresources != next.subresources {
        return wrong("the role or the selection is another one");
    }
    if now.subject != next.subject {
        return wrong("the subject is another one");
    }
    if next.created_at < now.created_at || next.expires_at <= now.expires_at {
        return wrong("it does not end later");
    }
    Ok(())
}

pub(super) fn previous(claims: &Claims) -> Option<&str> {
    claims.workflow.as_ref().and_then(|flow| flow.previous.as_deref())
}

fn read(bytes: &[u8]) -> Option<Manifest> {
    std::str::from_utf8(bytes).ok().and_then(|text| Manifest::read(text).ok())
}
