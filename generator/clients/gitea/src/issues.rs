//! What is said on a pull request, who closed it, and labels. Gitea keeps these under issues.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::error::GiteaError;
use super::{Client, User};

/// A label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Its number.
    pub id: u64,
    /// What it is called.
    pub name: String,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Comment {
    /// Who wrote it.
    #[serde(default)]
    pub user: Option<User>,
    /// What it says, in Markdown.
    #[serde(default)]
    pub body: String,
}

#[derive(Deserialize)]
struct TimelineEntry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    user: Option<User>,
}

impl Client {
    /// Says something on a pull request.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn comment(&self, number: u64, text: &str) -> Result<(), GiteaError> {
        let path = ["issues", &number.to_string(), "comments"];
        self.tell("commenting", Method::POST, &path, &json!({ "body": text })).await
    }

    /// What was said on a pull request.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn comments(&self, number: u64) -> Result<Vec<Comment>, GiteaError> {
        self.get("reading the comments", &["issues", &number.to_string(), "comments"], &[]).await
    }

    /// Who closed a pull request last; `None` where it is open, or that user is gone.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn closed_by(&self, number: u64) -> Result<Option<User>, GiteaError> {
        let path = ["issues", &number.to_string(), "timeline"];
        let entries: Vec<TimelineEntry> =
            self.get("reading who closed the pull request", &path, &[("limit", "1000")]).await?;
        Ok(entries.into_iter().rev().find(|entry| entry.kind == "close").and_then(|entry| entry.user))
    }

    /// The labels of the repository.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn labels(&self) -> Result<Vec<Label>, GiteaError> {
        self.get("reading the labels", &["labels"], &[("limit", "1000")]).await
    }

    /// Makes a label; `color` is `#rrggbb`.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn make_label(&self, name: &str, color: &str, description: &str) -> Result<Label, GiteaError> {
        let body = json!({ "name": name, "color": color, "description": description });
        self.send("making a label", Method::POST, &["labels"], &body).await
    }
}
