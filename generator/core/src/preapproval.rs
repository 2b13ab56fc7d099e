//! Preapprovals, `p0/preapprovals/<id>.yaml`: an approver says beforehand what a person may have while it is open.
//!
//! A preapproval is signed by its approvers' own keys, so that base alone proves it. Here is the file; what it covers once its
//! signatures are verified is in `preapproval/opened.rs`. Not here: who may approve what it opens; that is asked again whenever it
//! is used.

use jiff::Timestamp;
use p0_grant::digest::SubsetDigest;
use p0_grant::name::{GrantId, NameError};
use p0_grant::role::RoleRef;
use p0_grant::selection::Selection;
use p0_grant::yaml::{self, Limits, YamlError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api_version::ApiVersion;
use crate::duration::Lifetime;
use crate::layout::ClusterName;
use crate::name::PersonName;
use crate::repository_id::RepositoryId;

mod opened;

pub use opened::{Opened, Outside};

/// The folder of preapprovals.
pub const PREAPPROVALS: &str = "p0/preapprovals";

/// A preapproval as its file has it. Its signatures are not verified yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "p0/preapprovals/<id>.yaml")]
pub struct Preapproval {
    api_version: ApiVersion,
    kind: Kind,
    /// What it is known by: 20 characters of `a-z` and `0-9`; the file is called the same.
    #[schemars(with = "String")]
    pub id: GrantId,
    /// The repository's id, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub repository: Option<RepositoryId>,
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
    /// The digest of the rules that the role gave on the selection when it was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset_sha256: Option<String>,
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

/// What a preapproval says, without who says so.
#[derive(Clone, Debug)]
pub struct Terms {
    /// What it is known by.
    pub id: GrantId,
    /// The repository's id, where it has one.
    pub repository: Option<RepositoryId>,
    /// Who may have it.
    pub to: PersonName,
    /// Where.
    pub cluster: ClusterName,
    /// Which role.
    pub role: RoleRef,
    /// On what.
    pub selection: Selection,
    /// The digest of the rules that the role gives on the selection.
    pub digest: SubsetDigest,
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
    /// Another repository's.
    #[error("it is for another repository; make it again with `p0-gitops allow`")]
    Repository,
    /// Its rules are others now.
    #[error(
        "the role gives something else on the selection than when it was signed; make it again with `p0-gitops allow`"
    )]
    Changed,
    /// It has no signature.
    #[error("it has no signature")]
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

/// The longest that a preapproval may be open.
pub const LONGEST: Lifetime = Lifetime::hours(31 * 24);

impl Preapproval {
    /// A preapproval without signatures.
    pub fn new(terms: Terms) -> Self {
        Self {
            api_version: ApiVersion::V1Alpha1,
            kind: Kind::Preapproval,
            id: terms.id,
            repository: terms.repository,
            to: terms.to,
            cluster: terms.cluster,
            role: terms.role,
            selection: terms.selection.to_string(),
            subresources: terms.selection.subresources().iter().cloned().collect(),
            subset_sha256: Some(terms.digest.to_string()),
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

    /// What approvers sign, for [`Purpose::Preapproval`](p0_grant::signature::Purpose::Preapproval): the file without `by`.
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
}

#[cfg(test)]
mod tests;
