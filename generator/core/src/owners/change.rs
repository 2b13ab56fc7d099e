//! `p0/owner-signatures.yaml`: the change of owned files that owners signed last.
//!
//! The file names the repository, counts the changes, and says of each owned file what it was and what it becomes. So a
//! signature is good for one change, from one state, in one repository, once. Not here: who the owners are.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use jiff::Timestamp;
use p0_grant::signature::Signature;
use p0_grant::yaml::{self, Limits, YamlError};
use serde::{Deserialize, Serialize};

use super::Owners;
use crate::api_version::ApiVersion;
use crate::change::{File, FileChange};
use crate::digest::sha256;
use crate::name::PersonName;
use crate::repository_id::RepositoryId;

/// What owners sign of one change, and their signatures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OwnerChange {
    api_version: ApiVersion,
    kind: Kind,
    /// The repository's id, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repository: Option<RepositoryId>,
    /// Which change of owned files this is: one more than the last.
    change: u64,
    files: Vec<ChangedFile>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    signatures: Vec<String>,
}

/// An owned file before and after.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangedFile {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<StoredFile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<StoredFile>,
}

/// What Git keeps of a file: its mode and what it holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoredFile {
    mode: String,
    sha256: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    OwnerSignatures,
}

/// Why the owners' signatures on a change do not suffice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnerRefusal {
    /// The change does not touch the file with the signatures.
    #[error("the change has no signatures in p0/owner-signatures.yaml; run `p0-gitops owners sign`")]
    None,
    /// The file cannot be read.
    #[error("p0/owner-signatures.yaml cannot be used: {0}")]
    Unreadable(String),
    /// It is about something else.
    #[error(
        "the signatures are for another change: {0} differs; run `p0-gitops owners sign` again on the present base"
    )]
    Other(&'static str),
    /// A signature that does not count.
    #[error("a signature does not count: {0}; take it out of p0/owner-signatures.yaml")]
    Signature(String),
    /// Too few have signed.
    #[error("{} of {needed} owners have signed", .signed.len())]
    TooFew {
        /// Who has.
        signed: BTreeSet<PersonName>,
        /// How many must.
        needed: NonZeroUsize,
    },
}

impl ChangedFile {
    /// Of a file that changes.
    pub fn of(change: &FileChange) -> Self {
        let stored = |file: &Option<File>| file.as_ref().map(StoredFile::of);
        Self { path: change.path.clone(), before: stored(&change.before), after: stored(&change.after) }
    }
}

impl StoredFile {
    fn of(file: &File) -> Self {
        Self { mode: format!("{:o}", file.mode.bits()), sha256: sha256(&file.bytes) }
    }
}

impl OwnerChange {
    /// The change of `files` that follows `last`, without signatures; `None` where changes can be counted no further.
    pub fn after(
        last: Option<&Self>,
        repository: Option<RepositoryId>,
        files: impl IntoIterator<Item = ChangedFile>,
    ) -> Option<Self> {
        let change = last.map_or(0, |last| last.change).checked_add(1)?;
        let mut files: Vec<ChangedFile> = files.into_iter().collect();
        files.sort();
        Some(Self {
            api_version: ApiVersion::V1Alpha1,
            kind: Kind::OwnerSignatures,
            repository,
            change,
            files,
            signatures: Vec::new(),
        })
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`YamlError`] with line and column.
    pub fn read(text: &str) -> Result<Self, YamlError> {
        yaml::read(text, Limits::FILE)
    }

    /// Writes the file.
    ///
    /// # Errors
    /// [`YamlError`], which no change should give.
    pub fn write(&self) -> Result<String, YamlError> {
        yaml::write(&[self])
    }

    /// What owners sign, for [`p0_grant::signature::Purpose::Owners`]: the file without `signatures`.
    ///
    /// # Errors
    /// As [`OwnerChange::write`].
    pub fn signed_text(&self) -> Result<String, YamlError> {
        Self { signatures: Vec::new(), ..self.clone() }.write()
    }

    /// Takes over those signatures of `other` that are by owners, if it is the same change.
    pub fn adopt(&mut self, other: &Self, owners: &Owners, now: Timestamp) {
        if self.is_same(other) {
            let alone = |armor: &String| Self { signatures: vec![armor.clone()], ..self.clone() };
            let counts = |armor: &&String| alone(armor).signers(owners, now).is_ok();
            self.signatures = other.signatures.iter().filter(counts).cloned().collect();
        }
    }

    /// Adds a signature; one that is there is not added again.
    pub fn add(&mut self, signature: &Signature) {
        if !self.signatures.iter().any(|own| own == signature.armor()) {
            self.signatures.push(signature.armor().to_owned());
        }
    }

    /// Which owners have signed. One signature that does not count refuses the change: it does not get there by mistake.
    ///
    /// # Errors
    /// [`OwnerRefusal`].
    pub fn signers(&self, owners: &Owners, now: Timestamp) -> Result<BTreeSet<PersonName>, OwnerRefusal> {
        let text = self.signed_text().map_err(|error| OwnerRefusal::Unreadable(error.to_string()))?;
        let wrong = |error: String| OwnerRefusal::Signature(error);
        let signer = |armor: &String| {
            let signature = Signature::read(armor).map_err(|error| wrong(error.to_string()))?;
            owners.signer(&signature, &text, now).map_err(|refused| wrong(refused.to_string()))
        };
        self.signatures.iter().map(signer).collect()
    }

    /// Holds what owners signed to the change that is there.
    ///
    /// # Errors
    /// [`OwnerRefusal`] names the first thing in which they differ, or says that too few have signed.
    pub fn hold_to(
        &self,
        actual: &Self,
        owners: &Owners,
        needed: NonZeroUsize,
        now: Timestamp,
    ) -> Result<(), OwnerRefusal> {
        match () {
            () if self.repository != actual.repository => return Err(OwnerRefusal::Other("the repository")),
            () if self.change != actual.change => {
                return Err(OwnerRefusal::Other("the number of the change"));
            }
            () if self.files != actual.files => return Err(OwnerRefusal::Other("a file")),
            () => {}
        }
        let signed = self.signers(owners, now)?;
        if signed.len() < needed.get() { Err(OwnerRefusal::TooFew { signed, needed }) } else { Ok(()) }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.repository == other.repository && self.change == other.change && self.files == other.files
    }
}
