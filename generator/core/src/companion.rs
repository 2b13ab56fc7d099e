//! Companion files as text: what each must say after grants were added or removed.
//!
//! The one place that knows how the kinds differ; writing a change and verifying one both call it, so they cannot disagree.
//! Not here: where the files stand ([`crate::layout::Companion`]), and how one kind is edited.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use p0_grant::aws_auth::Refusal;
use p0_grant::manifest::Manifest;
use p0_grant::mapping::Mapping;
use p0_grant::name::GrantId;

use crate::kustomization::{self, KustomizationError};
use crate::layout::Companion;

mod aws_auth;

/// A companion file that a site has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanionFile {
    /// Its path in the repository.
    pub path: String,
    /// Its text on base.
    pub text: Arc<String>,
}

/// What becomes of one cluster's grants.
#[derive(Clone, Debug, Default)]
pub struct GrantsChange {
    /// Grants that base does not have.
    pub added: BTreeSet<GrantId>,
    /// Grants that go.
    pub removed: BTreeSet<GrantId>,
    /// What `aws-auth` must map for the grants on base.
    pub mapped: BTreeMap<GrantId, Mapping>,
    /// What it must map for the grants that are added or extended.
    pub mapping: BTreeMap<GrantId, Mapping>,
}

/// Why a companion file cannot be edited safely.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompanionError {
    /// The kustomization cannot take another line.
    #[error(transparent)]
    Kustomization(#[from] KustomizationError),
    /// The ConfigMap cannot take another entry.
    #[error("the file of aws-auth cannot be edited")]
    AwsAuth(#[from] Refusal),
}

/// The text of a companion after a change of grants.
///
/// # Errors
/// [`CompanionError`] where nothing can be added safely; then nothing should be written. A removal never fails.
pub fn edit(companion: Companion, text: &str, change: &GrantsChange) -> Result<String, CompanionError> {
    match companion {
        Companion::Kustomization => Ok(kustomization::edit(text, &change.added, &change.removed)?),
        Companion::AwsAuth => Ok(aws_auth::edit(text, change)?),
    }
}

/// What `aws-auth` must map for the grant in a file; nothing where the file holds no grant, which the verifier refuses.
pub fn mapping_of(bytes: &[u8]) -> Option<Mapping> {
    Manifest::read(std::str::from_utf8(bytes).ok()?).ok()?.claims().mapping()
}

/// Whether a change of grants cannot do without the companion.
pub fn is_needed(companion: Companion, change: &GrantsChange) -> bool {
    companion == Companion::AwsAuth && !change.mapping.is_empty()
}

/// Whether a change of grants may leave a companion with the text `found`: what [`edit`] gives, or what the forge's own revert of
/// a grant does, which takes that grant's entry although another grant needs it. That takes access away, and the next change of the
/// cluster's grants adds the entry again.
pub fn allows(companion: Companion, text: &str, change: &GrantsChange, found: &str) -> bool {
    let is = |change: &GrantsChange| edit(companion, text, change).is_ok_and(|edited| edited == found);
    is(change) || (companion == Companion::AwsAuth && is(&aws_auth::without_the_removed(change)))
}
