//! The repository and the user, for those who want to know whether the bot can work there.

use serde::Deserialize;

use super::error::GiteaError;
use super::{Client, MergeStyle, User};

/// A repository, as the token's user sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Repository {
    /// `owner/name` as it is called now: after a renaming, not as it was asked for.
    pub full_name: String,
    /// The branch that pull requests go to.
    #[serde(default)]
    pub default_branch: String,
    /// Whether nothing can be written any more.
    #[serde(default)]
    pub archived: bool,
    /// Whether it has no commit.
    #[serde(default)]
    pub empty: bool,
    /// Whether it has pull requests.
    #[serde(default)]
    pub has_pull_requests: bool,
    /// Whether pull requests may be merged with a merge commit.
    #[serde(default)]
    pub allow_merge_commits: bool,
    /// Whether as one commit.
    #[serde(default)]
    pub allow_squash_merge: bool,
    /// Whether by rebasing.
    #[serde(default)]
    pub allow_rebase: bool,
    /// What the user may.
    #[serde(default)]
    pub permissions: Permissions,
}

/// What a user may do in a repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Permissions {
    /// Change its settings, and pass its rules where they allow it.
    #[serde(default)]
    pub admin: bool,
    /// Write to it.
    #[serde(default)]
    pub push: bool,
    /// Read it.
    #[serde(default)]
    pub pull: bool,
}

/// A branch's rules, as far as the token's user may know them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Branch {
    /// Whether it has rules.
    #[serde(default)]
    pub protected: bool,
    /// The name of the rules that hold for it; only administrators see it.
    #[serde(default, rename = "effective_branch_protection_name")]
    pub rule: String,
    /// Whether checks are required.
    #[serde(default)]
    pub enable_status_check: bool,
    /// Which.
    #[serde(default)]
    pub status_check_contexts: Option<Vec<String>>,
    /// Whether the user may push to it.
    #[serde(default)]
    pub user_can_push: bool,
    /// Whether the user may merge to it.
    #[serde(default)]
    pub user_can_merge: bool,
}

#[derive(Deserialize)]
struct Version {
    version: String,
}

impl Branch {
    /// Whether it requires this check.
    pub fn requires(&self, context: &str) -> bool {
        let contexts = self.status_check_contexts.as_deref().unwrap_or_default();
        self.protected && self.enable_status_check && contexts.iter().any(|own| own == context)
    }
}

impl Repository {
    /// The style to merge with: a merge commit where the repository allows it.
    pub fn merge_style(&self) -> Option<MergeStyle> {
        match self {
            Self { allow_merge_commits: true, .. } => Some(MergeStyle::Merge),
            Self { allow_squash_merge: true, .. } => Some(MergeStyle::Squash),
            Self { allow_rebase: true, .. } => Some(MergeStyle::Rebase),
            _ => None,
        }
    }
}

impl Client {
    /// The repository.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn repository(&self) -> Result<Repository, GiteaError> {
        self.get("reading the repository", &[], &[]).await
    }

    /// A branch; `None` where there is none.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn branch(&self, name: &str) -> Result<Option<Branch>, GiteaError> {
        let path: Vec<&str> = std::iter::once("branches").chain(name.split('/')).collect();
        self.find("reading the branch", &path).await
    }

    /// The user whose token it is.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn me(&self) -> Result<User, GiteaError> {
        self.get_of_server("reading whose token it is", &["user"]).await
    }

    /// What the server's clock says: the `Date` of an answer, as HTTP writes it. `None` where a proxy takes it out.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn date(&self) -> Result<Option<String>, GiteaError> {
        self.date_of("reading the server's clock", &["version"]).await
    }

    /// The server's version.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn version(&self) -> Result<String, GiteaError> {
        let found: Version = self.get_of_server("reading the version", &["version"]).await?;
        Ok(found.version)
    }
}
