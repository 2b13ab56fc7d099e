//! What is said on a pull request, who closed it, and its labels. GitHub keeps these under issues.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::error::GithubError;
use super::{Client, User};

/// A label.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Label {
    /// What it is called.
    pub name: String,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Comment {
    /// Who wrote it; `None` where that user is gone.
    #[serde(default)]
    pub user: Option<User>,
    /// What it says, in Markdown.
    #[serde(default)]
    pub body: Option<String>,
}

#[derive(Deserialize)]
struct Issue {
    #[serde(default)]
    closed_by: Option<User>,
}

impl Client {
    /// Says something on a pull request.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn comment(&self, number: u64, text: &str) -> Result<(), GithubError> {
        let path = ["issues", &number.to_string(), "comments"];
        self.tell("commenting", Method::POST, &path, Some(&json!({ "body": text }))).await
    }

    /// What was said on a pull request, the earliest first.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn comments(&self, number: u64) -> Result<Vec<Comment>, GithubError> {
        self.list("reading the comments", &["issues", &number.to_string(), "comments"], &[]).await
    }

    /// Who closed a pull request last; `None` where it is open, or that user is gone.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn closed_by(&self, number: u64) -> Result<Option<User>, GithubError> {
        let path = ["issues", &number.to_string()];
        let issue: Issue = self.get("reading who closed the pull request", &path, &[]).await?;
        Ok(issue.closed_by)
    }

    /// Gives a pull request labels. GitHub makes those that are missing.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn add_labels(&self, number: u64, names: &[String]) -> Result<(), GithubError> {
        let path = ["issues", &number.to_string(), "labels"];
        self.tell("adding labels", Method::POST, &path, Some(&json!({ "labels": names }))).await
    }
}
