//! Commit statuses: the checks that a protected branch may require. Every user who may write to a repository may post any of them.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::error::GiteaError;
use super::{Client, User};

/// A status of a commit.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CommitStatus {
    /// Its number: a later one is larger, and the latest of a context counts.
    pub id: u64,
    /// What it says.
    #[serde(rename = "status")]
    pub state: StatusState,
    /// Of which check.
    pub context: String,
    /// A line about it.
    #[serde(default)]
    pub description: String,
    /// Who posted it.
    #[serde(default)]
    pub creator: Option<User>,
}

/// What a status says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusState {
    /// Yes.
    Success,
    /// No.
    Failure,
    /// It could not be found out.
    Error,
    /// Not yet.
    Pending,
    /// Another word of Gitea's.
    #[serde(other)]
    Other,
}

impl Client {
    /// The latest status of a check on a commit.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn status(&self, commit: &str, context: &str) -> Result<Option<CommitStatus>, GiteaError> {
        let query = [("sort", "recentupdate"), ("limit", "50")];
        let found: Vec<CommitStatus> = self.get("reading the checks", &["statuses", commit], &query).await?;
        Ok(found.into_iter().filter(|status| status.context == context).max_by_key(|status| status.id))
    }

    /// Posts a status.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn post_status(
        &self,
        commit: &str,
        context: &str,
        state: StatusState,
        description: &str,
    ) -> Result<(), GiteaError> {
        let body = json!({ "context": context, "state": state, "description": description });
        self.tell("posting the check", Method::POST, &["statuses", commit], &body).await
    }
}
