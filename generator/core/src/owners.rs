//! `p0/owners`: who owns the files that decide about access, and how many owners must sign a change of them.
//!
//! The file has OpenSSH's format of allowed signers, so that `ssh-keygen -Y verify` reads it. The one setting is a comment to
//! OpenSSH, and is strict here: a line that begins with `# p0-` and is no setting is an error. Not here: which files owners
//! own ([`crate::layout::is_owned`]), and what they sign ([`OwnerChange`]).

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use jiff::Timestamp;
use p0_grant::signature::{Fingerprint, Purpose, Refused, Signature};
use p0_grant::signers::{AllowedSigners, SignersError};

use crate::name::PersonName;

mod change;

pub use change::{ChangedFile, OwnerChange, OwnerRefusal, StoredFile};

const SETTING: &str = "# p0-";
const THRESHOLD: &str = "threshold:";
const FORGE_REVIEW: &str = "forge-review";

/// The owners of one repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owners {
    signers: AllowedSigners,
    guard: Guard,
}

/// What a change of an owned file needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Signatures by so many different owners.
    Signatures(NonZeroUsize),
    /// The review by code owners that the forge requires. The verifier verifies nothing.
    ForgeReview,
}

/// Why `p0/owners` cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnersError {
    /// A line is not OpenSSH's.
    #[error(transparent)]
    Signers(#[from] SignersError),
    /// A setting that there is not.
    #[error("`{0}` is not a setting: write `# p0-threshold: 2`, or `# p0-threshold: forge-review`")]
    Setting(String),
    /// No threshold, or two.
    #[error("it must have exactly one line `# p0-threshold: N` or `# p0-threshold: forge-review`")]
    OneThreshold,
    /// A line for several persons, or for a pattern.
    #[error("`{0}` is not the name of one owner: a line names one person, in small letters")]
    Name(String),
    /// Fewer owners than have to sign.
    #[error(
        "it asks for {threshold} owners' signatures and has {owners} owner(s) who may sign `p0.dev/owners`"
    )]
    TooFew {
        /// How many have to sign.
        threshold: NonZeroUsize,
        /// How many there are.
        owners: usize,
    },
}

impl Owners {
    /// Reads the file.
    ///
    /// # Errors
    /// [`OwnersError`].
    pub fn read(text: &str) -> Result<Self, OwnersError> {
        let owners = Self { signers: AllowedSigners::read(text)?, guard: guard(text)? };
        let names = owners.names()?;
        match owners.guard {
            Guard::Signatures(threshold) if names.len() < threshold.get() => {
                Err(OwnersError::TooFew { threshold, owners: names.len() })
            }
            Guard::Signatures(_) | Guard::ForgeReview => Ok(owners),
        }
    }

    /// What a change needs.
    pub fn guard(&self) -> Guard {
        self.guard
    }

    /// The keys of all owners.
    pub fn keys(&self) -> impl Iterator<Item = Fingerprint> {
        self.signers.iter().map(p0_grant::signers::Signer::key)
    }

    /// Which owner signed `text`, with a key that is valid at `now`.
    ///
    /// # Errors
    /// [`Refused`] where no owner's key did.
    pub fn signer(&self, signature: &Signature, text: &str, now: Timestamp) -> Result<PersonName, Refused> {
        let signer = signature.verify(Purpose::Owners, text.as_bytes(), &self.signers, now, now)?;
        // Reading the file made sure that each line names one owner.
        let name = signer.principals().first().and_then(|name| PersonName::new(name.as_str()).ok());
        name.ok_or_else(|| Refused::UnknownKey(signer.key()))
    }

    /// The names of those who may sign; two keys of one owner are one owner.
    fn names(&self) -> Result<BTreeSet<PersonName>, OwnersError> {
        let mut names = BTreeSet::new();
        for signer in self.signers.iter() {
            let text = signer.principals().join(",");
            let name = PersonName::new(text.as_str()).map_err(|_| OwnersError::Name(text))?;
            if signer.may_sign(Purpose::Owners.namespace()) {
                names.insert(name);
            }
        }
        Ok(names)
    }
}

fn guard(text: &str) -> Result<Guard, OwnersError> {
    let mut found = None;
    for line in text.lines().map(str::trim).filter(|line| line.starts_with(SETTING)) {
        let wrong = || OwnersError::Setting(line.to_owned());
        let setting = line.strip_prefix(SETTING).and_then(|rest| rest.strip_prefix(THRESHOLD));
        let guard = match setting.ok_or_else(wrong)?.trim() {
            FORGE_REVIEW => Guard::ForgeReview,
            number => Guard::Signatures(number.parse().map_err(|_| wrong())?),
        };
        if found.replace(guard).is_some() {
            return Err(OwnersError::OneThreshold);
        }
    }
    found.ok_or(OwnersError::OneThreshold)
}

#[cfg(test)]
mod tests;
