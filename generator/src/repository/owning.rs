//! Owners' signatures on a branch that changes owned files: what is to be signed, and the signed file brought to the branch.
//!
//! Not here: whether they suffice (`p0_access::verifier`), and keys.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

use jiff::Timestamp;
use p0_access::change::{Edit, FileChange};
use p0_access::layout::{OWNER_SIGNATURES, OWNERS, is_owned};
use p0_access::name::PersonName;
use p0_access::owners::{Guard, OwnerChange, Owners};
use p0_access::verifier::{Needs, asked_of_owners};
use p0_grant::signature::{Refused, Signature};

use super::verifying::Rules;
use super::{Repository, RepositoryError, Result};
use crate::git::{Identity, MergeResult, Message, add_files};

/// A branch's change of owned files, on its way to enough signatures.
pub struct OwnedChange {
    branch: String,
    owners: Arc<Owners>,
    change: OwnerChange,
    /// How many owners have to sign.
    pub needed: NonZeroUsize,
    /// The owned files that change.
    pub files: Vec<String>,
}

impl OwnedChange {
    /// What an owner signs.
    ///
    /// # Errors
    /// [`RepositoryError`] where it cannot be written.
    pub fn text(&self) -> Result<String> {
        self.change.signed_text().map_err(|error| unusable(error.to_string()))
    }

    /// Adds the signature of an owner; who that is.
    ///
    /// # Errors
    /// [`Refused`] where it is no owner's.
    pub fn add(&mut self, signature: &Signature, now: Timestamp) -> std::result::Result<PersonName, Refused> {
        let text = self.change.signed_text().unwrap_or_default();
        let owner = self.owners.signer(signature, &text, now)?;
        self.change.add(signature);
        Ok(owner)
    }

    /// Who has signed.
    pub fn signed(&self, now: Timestamp) -> BTreeSet<PersonName> {
        self.change.signers(&self.owners, now).unwrap_or_default()
    }
}

impl Repository {
    /// The change of owned files that merging `branch` would make, with those of its signatures that count.
    ///
    /// # Errors
    /// [`RepositoryError`] where there is no such change, or owners do not sign in this repository.
    pub fn owned_change(&self, branch: &str, now: Timestamp) -> Result<OwnedChange> {
        let (base, head) = (self.branch.head()?, self.remote().head(branch)?);
        let snapshot = self.snapshot_at(base)?;
        let owners = snapshot.owners()?;
        let Guard::Signatures(needed) = owners.guard() else {
            return Err(unusable("owners review changes on the forge, and sign none".to_owned()));
        };
        let MergeResult::Merged(change) = self.remote().merge_result(base, head)? else {
            return Err(RepositoryError::NotMergeable(branch.to_owned()));
        };
        let owned: Vec<&FileChange> = change.files.iter().filter(|file| is_owned(&file.path)).collect();
        let files: Vec<String> = owned.iter().map(|file| file.path.clone()).collect();
        let files: Vec<String> = files.into_iter().filter(|path| path != OWNER_SIGNATURES).collect();
        if files.is_empty() {
            return Err(RepositoryError::NothingOwned(branch.to_owned()));
        }
        let known = self.known(base, &Rules::of(base), &Needs::default())?;
        let asked = asked_of_owners(&owned, &known).map_err(|refusal| unusable(refusal.sentence()))?;
        let mut asked = asked.ok_or_else(|| unusable("no more changes can be counted".to_owned()))?;
        if let Some(file) = self.remote().read_file(head, OWNER_SIGNATURES)? {
            let there = std::str::from_utf8(&file.bytes).ok().and_then(|text| OwnerChange::read(text).ok());
            there.iter().for_each(|there| asked.adopt(there, &owners, now));
        }
        Ok(OwnedChange { branch: branch.to_owned(), owners, change: asked, needed, files })
    }

    /// Commits the signatures to the change's branch.
    ///
    /// # Errors
    /// [`RepositoryError`]; the branch is where it was.
    pub fn put_owner_signatures(&self, change: &OwnedChange, by: &Identity) -> Result<()> {
        let text = change.change.write().map_err(|error| unusable(error.to_string()))?;
        let edit = Edit::Put { path: OWNER_SIGNATURES.to_owned(), bytes: text.into_bytes() };
        let subject = format!("Sign the change of {} owned file(s)", change.files.len());
        let message = Message { subject, ..Message::default() };
        add_files(self.remote(), &change.branch, &[edit], by, &message)?;
        Ok(())
    }
}

fn unusable(problem: String) -> RepositoryError {
    RepositoryError::Unusable { path: OWNERS.to_owned(), problem }
}
