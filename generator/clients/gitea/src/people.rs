//! Who may do what in a repository: users, collaborators, deploy keys.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::error::GiteaError;
use super::{Client, User};

/// What a user may do in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Read it.
    Read,
    /// Write to it.
    Write,
    /// Change its settings.
    Admin,
    /// Delete it.
    Owner,
    /// Nothing.
    #[serde(other)]
    None,
}

/// A key that a machine uses in place of a user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DeployKey {
    /// What it is called.
    #[serde(default)]
    pub title: String,
    /// Whether it may not push.
    #[serde(default)]
    pub read_only: bool,
}

#[derive(Deserialize)]
struct Permission {
    permission: Access,
}

impl Client {
    /// A user; `None` where there is none.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn user(&self, login: &str) -> Result<Option<User>, GiteaError> {
        self.find_of_server("reading the user", &["users", login]).await
    }

    /// Users who were added to the repository. Owners and teams of an organisation are not among them.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn collaborators(&self) -> Result<Vec<User>, GiteaError> {
        self.get("reading the collaborators", &["collaborators"], &[("limit", "50")]).await
    }

    /// What a user may do.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn access_of(&self, login: &str) -> Result<Access, GiteaError> {
        let path = ["collaborators", login, "permission"];
        let found: Permission = self.get("reading what a user may do", &path, &[]).await?;
        Ok(found.permission)
    }

    /// Makes a user a collaborator who may do this.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn add_collaborator(&self, login: &str, access: Access) -> Result<(), GiteaError> {
        let path = ["collaborators", login];
        self.tell("adding a collaborator", Method::PUT, &path, &json!({ "permission": access })).await
    }

    /// The repository's deploy keys.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn deploy_keys(&self) -> Result<Vec<DeployKey>, GiteaError> {
        self.get("reading the deploy keys", &["keys"], &[("limit", "50")]).await
    }
}
