//! The repository, who asks, and the App's installation, for those who want to know whether the bot can work there.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::GithubError;
use super::transport::parse;
use super::{Client, Credential, MergeMethod, User};

/// A repository, as the one who asks sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Repository {
    /// `owner/name` as it is called now.
    pub full_name: String,
    /// The branch that pull requests go to.
    pub default_branch: String,
    /// Whether nothing can be written any more.
    #[serde(default)]
    pub archived: bool,
    /// Whether pull requests may be merged with a merge commit; only told to those who may write.
    #[serde(default)]
    pub allow_merge_commit: Option<bool>,
    /// Whether as one commit.
    #[serde(default)]
    pub allow_squash_merge: Option<bool>,
    /// Whether by rebasing.
    #[serde(default)]
    pub allow_rebase_merge: Option<bool>,
    /// What a user may; an App has its permissions instead.
    #[serde(default)]
    pub permissions: Permissions,
}

/// What a user may do in a repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Permissions {
    /// Change its settings.
    #[serde(default)]
    pub admin: bool,
    /// Write to it.
    #[serde(default)]
    pub push: bool,
}

/// A branch.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Branch {
    /// Its name.
    pub name: String,
}

/// An App.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct App {
    /// Its number.
    pub id: u64,
    /// Its name in addresses; its login is this and `[bot]`.
    #[serde(default)]
    pub slug: String,
}

/// Where an App is installed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Installation {
    /// Its number.
    pub id: u64,
    /// What it may do.
    #[serde(default)]
    pub permissions: BTreeMap<String, Level>,
    /// Since when it may do nothing.
    #[serde(default)]
    pub suspended_at: Option<String>,
}

/// How much an App may do with one kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Read it.
    Read,
    /// Read and write it.
    Write,
    /// Everything.
    Admin,
    /// Another word of GitHub's.
    #[serde(other)]
    Other,
}

impl Level {
    /// Whether it is enough to write.
    pub fn writes(self) -> bool {
        matches!(self, Self::Write | Self::Admin)
    }
}

impl Repository {
    /// How to merge: with a merge commit where the repository allows it, or does not say.
    pub fn merge_method(&self) -> Option<MergeMethod> {
        let allows = |own: Option<bool>| own.unwrap_or(true);
        match self {
            own if allows(own.allow_merge_commit) => Some(MergeMethod::Merge),
            own if allows(own.allow_squash_merge) => Some(MergeMethod::Squash),
            own if allows(own.allow_rebase_merge) => Some(MergeMethod::Rebase),
            _ => None,
        }
    }
}

impl Client {
    /// The repository.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn repository(&self) -> Result<Repository, GithubError> {
        self.get("reading the repository", &[], &[]).await
    }

    /// A branch; `None` where there is none.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn branch(&self, name: &str) -> Result<Option<Branch>, GithubError> {
        self.find("reading the branch", &["branches", name]).await
    }

    /// The App that asks; `None` where a user does.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn app(&self) -> Result<Option<App>, GithubError> {
        let Credential::App { .. } = self.credential() else { return Ok(None) };
        let doing = "reading which App it is";
        let url = self.server().endpoint(["app"]);
        let request = self.transport().http.get(url);
        let answer = self.transport().exchange(doing, request, &self.auth().word()?).await?;
        Ok(Some(parse(doing, &answer.body)?))
    }

    /// The App's installation on the repository; `None` where a user asks.
    ///
    /// # Errors
    /// [`GithubError`]: [`Problem::NotInstalled`](crate::Problem::NotInstalled), [`Problem::Suspended`](crate::Problem::Suspended).
    pub async fn installation(&self) -> Result<Option<Installation>, GithubError> {
        match self.credential() {
            Credential::App { .. } => self.auth().installation(self.transport()).await.map(Some),
            Credential::Token(_) => Ok(None),
        }
    }

    /// The user whose token it is, or the bot of the App.
    ///
    /// # Errors
    /// [`GithubError`]: [`Problem::Forbidden`](crate::Problem::Forbidden) with the token of a workflow (`GITHUB_TOKEN`), which is no user's.
    pub async fn me(&self) -> Result<User, GithubError> {
        let doing = "reading whose token it is";
        match self.app().await? {
            Some(app) => self.user(&format!("{}[bot]", app.slug)).await,
            None => self.get_at(doing, self.server().endpoint(["user"]), &[]).await,
        }
    }

    /// A user.
    ///
    /// # Errors
    /// [`GithubError`]: [`Problem::NotFound`](crate::Problem::NotFound).
    pub async fn user(&self, login: &str) -> Result<User, GithubError> {
        self.get_at("reading the user", self.server().endpoint(["users", login]), &[]).await
    }

    /// What the server's clock says: the `Date` of an answer, as HTTP writes it. `None` where a proxy takes it out.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn date(&self) -> Result<Option<String>, GithubError> {
        self.date_of("reading the server's clock", self.server().endpoint(["rate_limit"])).await
    }
}
