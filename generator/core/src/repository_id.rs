//! `p0/repository.yaml`: the repository's id, so that what is signed in one repository means nothing in another.
//!
//! Two repositories may have clusters, persons and owners of the same names. Not here: who makes the id.

use p0_grant::name::{GrantId, NameError};
use p0_grant::yaml::{self, Limits, YamlError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api_version::ApiVersion;

/// A repository's id: 20 characters of `a-z` and `0-9`, made at random once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RepositoryId(GrantId);

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "p0/repository.yaml")]
pub struct RepositoryFile {
    api_version: ApiVersion,
    kind: Kind,
    /// The repository's id: 20 characters of `a-z` and `0-9`. It never changes.
    #[schemars(with = "String")]
    pub id: RepositoryId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
enum Kind {
    Repository,
}

impl RepositoryId {
    /// Checks `text`.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
        GrantId::new(text).map(Self)
    }

    /// The checked text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl RepositoryFile {
    /// The file of a repository with this id.
    pub fn new(id: RepositoryId) -> Self {
        Self { api_version: ApiVersion::V1Alpha1, kind: Kind::Repository, id }
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
    /// [`YamlError`], which no id should give.
    pub fn write(&self) -> Result<String, YamlError> {
        yaml::write(&[self])
    }
}

impl std::fmt::Display for RepositoryId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
