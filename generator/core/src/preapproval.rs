//! Preapprovals, `p0/preapprovals/<id>.yaml`: an approver says beforehand what somebody may have while it is open.
//!
//! A preapproval is signed by its approvers' own keys, so that base alone proves it. Not here: who may approve what it opens;
//! that is asked again whenever it is used.

use jiff::Timestamp;
use p0_grant::name::{GrantId, NameError};
use p0_grant::role::RoleRef;
use p0_grant::selection::{Selection, SelectionText, Target};
use p0_grant::signature::{Purpose, Signature};
use p0_grant::yaml::{self, Limits, YamlError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::duration::Lifetime;
use crate::identity::Identities;
use crate::layout::ClusterName;
use crate::name::PersonName;

/// The folder of preapprovals.
pub const PREAPPROVALS: &str = "p0/preapprovals";

/// A preapproval as its file has it. Nobody has verified its signatures yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "p0/preapprovals/<id>.yaml")]
pub struct Preapproval {
    api_version: ApiVersion,
    kind: Kind,
    /// What it is known by: 20 characters of `a-z` and `0-9`; the file is called the same.
    #[schemars(with = "String")]
    pub id: GrantId,
    /// Who may have it.
    pub to: PersonName,
    /// Where.
    pub cluster: ClusterName,
    /// Which role.
    #[schemars(with = "String")]
    pub role: RoleRef,
    /// On what: `apps/deployments shop/*`. What lies inside is covered.
    pub selection: String,
    /// Subresources besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subresources: Vec<String>,
    /// From when on.
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// Until when; a grant may outlive it by its own duration.
    #[schemars(with = "String")]
    pub until: Timestamp,
    /// How long each grant may live.
    pub request_duration: Lifetime,
    /// Who opened it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<Signed>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
enum ApiVersion {
    #[serde(rename = "p0.dev/v1alpha1")]
    V1Alpha1,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
enum Kind {
    #[serde(rename = "Window")]
    Preapproval,
}

/// One approver's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Signed {
    /// Who.
    pub person: PersonName,
    /// An armored SSH signature for `p0.dev/preapproval` over the file without `by`.
    pub signature: String,
}

/// A preapproval whose every signature is by who it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    preapproval: Preapproval,
    selection: SelectionText,
    signers: Vec<PersonName>,
}

/// What a preapproval says, without who says so.
#[derive(Clone, Debug)]
pub struct Terms {
    /// What it is known by.
    pub id: GrantId,
    /// Who may have it.
    pub to: PersonName,
    /// Where.
    pub cluster: ClusterName,
    /// Which role.
    pub role: RoleRef,
    /// On what.
    pub selection: Selection,
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// How long each grant may live.
    pub request_duration: Lifetime,
}

/// Why a preapproval opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PreapprovalError {
    /// Not YAML, or not a preapproval.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// Its selection is none.
    #[error("its selection `{0}` cannot be read: write `GROUP/RESOURCE NAMESPACE/NAME`")]
    Selection(String),
    /// The file's name is no id.
    #[error("its file is not called after an id")]
    Name(#[source] NameError),
    /// The file is called otherwise.
    #[error("it is `{0}`, and its file is called otherwise")]
    FileName(GrantId),
    /// Over before it begins.
    #[error("it ends before it begins")]
    Never,
    /// Open for so long that it is no preapproval.
    #[error("it is open for longer than 31 days")]
    TooLong,
    /// Nobody signed.
    #[error("nobody signed it")]
    Unsigned,
    /// A signature that does not count.
    #[error("the signature by `{person}` does not count: {problem}")]
    Signature {
        /// Who should have signed.
        person: PersonName,
        /// What is wrong.
        problem: String,
    },
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

/// The longest that a preapproval may be open.
const LONGEST: Lifetime = Lifetime::hours(31 * 24);

impl Preapproval {
    /// A preapproval that nobody has signed yet.
    pub fn new(terms: Terms) -> Self {
        Self {
            api_version: ApiVersion::V1Alpha1,
            kind: Kind::Preapproval,
            id: terms.id,
            to: terms.to,
            cluster: terms.cluster,
            role: terms.role,
            selection: terms.selection.to_string(),
            subresources: terms.selection.subresources().iter().cloned().collect(),
            from: terms.from,
            until: terms.until,
            request_duration: terms.request_duration,
            by: Vec::new(),
        }
    }

    /// Reads a preapproval's file, which is called `file`.
    ///
    /// # Errors
    /// [`PreapprovalError`].
    pub fn read(file: &str, text: &str) -> Result<Self, PreapprovalError> {
        let preapproval: Self = yaml::read(text, Limits::FILE)?;
        let id = GrantId::new(file.strip_suffix(".yaml").unwrap_or(file)).map_err(PreapprovalError::Name)?;
        match id == preapproval.id {
            true => Ok(preapproval),
            false => Err(PreapprovalError::FileName(preapproval.id)),
        }
    }

    /// Writes the file.
    ///
    /// # Errors
    /// [`YamlError`], which no preapproval should give.
    pub fn write(&self) -> Result<String, YamlError> {
        yaml::write(&[self])
    }

    /// What approvers sign, for [`Purpose::Preapproval`]: the file without `by`.
    ///
    /// # Errors
    /// As [`Preapproval::write`].
    pub fn signed_text(&self) -> Result<String, YamlError> {
        Self { by: Vec::new(), ..self.clone() }.write()
    }

    /// `p0/preapprovals/<id>.yaml`.
    pub fn path(&self) -> String {
        format!("{PREAPPROVALS}/{}.yaml", self.id)
    }

    /// Verifies every signature by the keys in `identities`.
    ///
    /// # Errors
    /// [`PreapprovalError`]; one signature that does not count is enough.
    pub fn open(self, identities: &Identities) -> Result<Opened, PreapprovalError> {
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

#[cfg(test)]
mod tests;
