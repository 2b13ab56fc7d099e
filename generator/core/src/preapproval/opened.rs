//! A preapproval whose signatures are verified: who opened it, and what it covers.

use jiff::Timestamp;
use p0_grant::catalogue::Catalogue;
use p0_grant::digest::SubsetDigest;
use p0_grant::role::RoleRef;
use p0_grant::selection::{Selection, SelectionText, Target};
use p0_grant::signature::{Purpose, Signature};

use super::{LONGEST, Preapproval, PreapprovalError, Signed};
use crate::cluster::Cluster;
use crate::duration::Lifetime;
use crate::identity::Identities;
use crate::layout::ClusterName;
use crate::name::PersonName;
use crate::planned::Planned;
use crate::repository_id::RepositoryId;

/// A preapproval whose every signature is by who it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    preapproval: Preapproval,
    selection: SelectionText,
    signers: Vec<PersonName>,
}

/// Why a preapproval does not cover a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Outside {
    /// It is somebody else's.
    #[error("it is for somebody else")]
    Person,
    /// Another cluster or role.
    #[error("it is for another cluster or role")]
    Role,
    /// More than it covers.
    #[error("it covers less")]
    Selection,
    /// Not open.
    #[error("it is not open at that time")]
    Time,
}

impl Preapproval {
    /// Verifies every signature by the keys in `identities`, in the repository with this id.
    ///
    /// # Errors
    /// [`PreapprovalError`]; one signature that does not count is enough.
    pub fn open(
        self,
        identities: &Identities,
        repository: Option<&RepositoryId>,
    ) -> Result<Opened, PreapprovalError> {
        if self.repository.as_ref() != repository {
            return Err(PreapprovalError::Repository);
        }
        let selection: SelectionText =
            self.selection.parse().map_err(|_| PreapprovalError::Selection(self.selection.clone()))?;
        match Lifetime::between(self.from, self.until) {
            None => return Err(PreapprovalError::Never),
            Some(open) if open > LONGEST => return Err(PreapprovalError::TooLong),
            Some(_) if self.by.is_empty() => return Err(PreapprovalError::Unsigned),
            Some(_) => {}
        }
        let text = self.signed_text()?;
        let signers = self.by.iter().map(|signed| signed.signer(&text, identities));
        let signers = signers.collect::<Result<_, _>>()?;
        Ok(Opened { selection, signers, preapproval: self })
    }
}

impl Signed {
    fn signer(&self, text: &str, identities: &Identities) -> Result<PersonName, PreapprovalError> {
        let wrong = |problem: String| PreapprovalError::Signature { person: self.person.clone(), problem };
        let signature = Signature::read(&self.signature).map_err(|error| wrong(error.to_string()))?;
        let key = signature
            .signer(Purpose::Preapproval, text.as_bytes())
            .map_err(|error| wrong(error.to_string()))?;
        let person = identities.by_key(&key).map_err(|error| wrong(error.to_string()))?;
        match person.name == self.person {
            true => Ok(person.name.clone()),
            false => Err(wrong(format!("it is by `{}`", person.name))),
        }
    }
}

impl Opened {
    /// What it says.
    pub fn preapproval(&self) -> &Preapproval {
        &self.preapproval
    }

    /// Holds it to what its role gives on its selection now: approvers saw the rules, and the role may have others since.
    ///
    /// # Errors
    /// [`PreapprovalError::Changed`] where that is something else, or nothing.
    pub fn hold_to(&self, settings: &Cluster, catalogue: &Catalogue) -> Result<(), PreapprovalError> {
        let Preapproval { role, subresources, subset_sha256, .. } = &self.preapproval;
        let planned =
            Planned::by_name(role, &self.selection, subresources, &settings.plan_settings(), catalogue);
        let digest = planned.ok().map(|planned| SubsetDigest::of(planned.plan.report().rules()).to_string());
        match digest.is_some() && digest == *subset_sha256 {
            true => Ok(()),
            false => Err(PreapprovalError::Changed),
        }
    }

    /// Who opened it, as their keys say.
    pub fn signers(&self) -> &[PersonName] {
        &self.signers
    }

    /// How long a grant may live that `owner` gets at `at`, for `role` on `selection`.
    ///
    /// # Errors
    /// [`Outside`] where it is not covered.
    pub fn covers(
        &self,
        cluster: &ClusterName,
        role: &RoleRef,
        selection: &Selection,
        owner: &PersonName,
        at: Timestamp,
    ) -> Result<Lifetime, Outside> {
        let preapproval = &self.preapproval;
        match () {
            () if preapproval.to != *owner => Err(Outside::Person),
            () if preapproval.cluster != *cluster || preapproval.role != *role => Err(Outside::Role),
            () if !self.holds(selection) => Err(Outside::Selection),
            () if at < preapproval.from || at >= preapproval.until => Err(Outside::Time),
            () => Ok(preapproval.request_duration),
        }
    }

    fn holds(&self, selection: &Selection) -> bool {
        let resource = selection.resource();
        let own = &self.selection;
        let is_same = own.group == resource.group() && own.plural == resource.plural();
        let subresources =
            selection.subresources().iter().all(|asked| self.preapproval.subresources.contains(asked));
        is_same && subresources && holds(&own.target, selection.target())
    }
}

/// Whether every object of `inner` is one of `outer`.
fn holds(outer: &Target, inner: &Target) -> bool {
    match (outer, inner) {
        _ if outer == inner => true,
        (Target::KindEverywhere, Target::Object { .. } | Target::Kind { .. }) => true,
        (Target::Kind { namespace: own }, Target::Object { namespace, .. }) => own == namespace,
        (Target::ClusterKind, Target::ClusterObject { .. }) => true,
        _ => false,
    }
}
