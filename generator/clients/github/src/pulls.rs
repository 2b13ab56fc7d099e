//! Pull requests: opened, found, edited, brought up to date and merged.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::GithubError;
use super::{Client, Label};

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// Where people look at it.
    pub html_url: String,
    /// Its title.
    pub title: String,
    /// Its text.
    #[serde(default)]
    pub body: Option<String>,
    /// Open or closed; a merged one is closed.
    pub state: PullState,
    /// When it was merged.
    #[serde(default)]
    pub merged_at: Option<String>,
    /// The commit on the base branch once it is merged; before that a commit that is only a test.
    #[serde(default)]
    pub merge_commit_sha: Option<String>,
    /// Who opened it; `None` where that user is gone.
    #[serde(default)]
    pub user: Option<User>,
    /// What it wants to change.
    pub base: Side,
    /// What it brings.
    pub head: Side,
    /// Its labels.
    #[serde(default)]
    pub labels: Vec<Label>,
    /// Whether it can be merged, in a word: `clean`, `blocked`, `behind`, `dirty`, `unknown`, …. Lists do not say.
    #[serde(default)]
    pub mergeable_state: Option<String>,
}

/// One side of a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Side {
    /// The branch.
    #[serde(rename = "ref")]
    pub branch: String,
    /// The commit at its tip.
    pub sha: String,
    /// The repository; `None` where a fork is gone.
    #[serde(default)]
    pub repo: Option<RepositoryNumber>,
}

/// A repository, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct RepositoryNumber {
    /// The number, which is never given to another one.
    pub id: u64,
}

/// Whether it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PullState {
    /// It is open.
    Open,
    /// It is closed, merged or not.
    Closed,
}

/// A user or a bot. Numbers are never given to somebody else, logins are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct User {
    /// The number.
    pub id: u64,
    /// The login; that of an App ends with `[bot]`.
    pub login: String,
}

/// A pull request to be opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewPull {
    /// The branch that it changes.
    pub base: String,
    /// The branch that it brings.
    pub head: String,
    /// Its title.
    pub title: String,
    /// Its text, in Markdown.
    pub body: String,
}

/// A merge to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    /// The commit that must be at the tip of the pull request's branch.
    pub head: String,
    /// How.
    pub method: MergeMethod,
    /// The first line of the commit's message.
    pub title: String,
    /// The rest of it.
    pub text: String,
}

/// How a pull request is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MergeMethod {
    /// With a merge commit.
    Merge,
    /// As one commit.
    Squash,
    /// By rebasing.
    Rebase,
}

impl PullRequest {
    /// Whether its branch is one of the repository itself and not of a fork.
    pub fn is_of_the_repository(&self) -> bool {
        self.head.repo.is_some() && self.head.repo == self.base.repo
    }

    /// Whether it is merged.
    pub fn is_merged(&self) -> bool {
        self.merged_at.is_some()
    }
}

impl Client {
    /// A pull request.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn pull(&self, number: u64) -> Result<PullRequest, GithubError> {
        self.get("reading the pull request", &["pulls", &number.to_string()], &[]).await
    }

    /// Every pull request from a branch of the repository's owner to `base`, the last one first.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn pulls_between(&self, base: &str, branch: &str) -> Result<Vec<PullRequest>, GithubError> {
        let head = format!("{}:{branch}", self.name().owner());
        let query = [("state", "all"), ("head", &head), ("base", base), ("direction", "desc")];
        self.list("finding the pull request", &["pulls"], &query).await
    }

    /// Every pull request to `base` that is open, the earliest first.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn open_pulls(&self, base: &str) -> Result<Vec<PullRequest>, GithubError> {
        let query = [("state", "open"), ("base", base), ("sort", "created"), ("direction", "asc")];
        self.list("listing the pull requests", &["pulls"], &query).await
    }

    /// Opens a pull request.
    ///
    /// # Errors
    /// [`GithubError`]: [`Problem::Invalid`](crate::Problem::Invalid) where one is open for these branches, or there is nothing
    /// between them.
    pub async fn open_pull(&self, pull: &NewPull) -> Result<PullRequest, GithubError> {
        self.send("opening the pull request", Method::POST, &["pulls"], pull).await
    }

    /// Writes title and text anew.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn describe_pull(&self, number: u64, title: &str, body: &str) -> Result<(), GithubError> {
        self.edit_pull("describing the pull request", number, &json!({ "title": title, "body": body })).await
    }

    /// Closes a pull request without merging it.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn close_pull(&self, number: u64) -> Result<(), GithubError> {
        self.edit_pull("closing the pull request", number, &json!({ "state": "closed" })).await
    }

    /// Opens one again that was closed.
    ///
    /// # Errors
    /// [`GithubError`]: [`Problem::Invalid`](crate::Problem::Invalid) where its branch was made anew since.
    pub async fn reopen_pull(&self, number: u64) -> Result<(), GithubError> {
        self.edit_pull("opening the pull request again", number, &json!({ "state": "open" })).await
    }

    async fn edit_pull(&self, doing: &'static str, number: u64, body: &Value) -> Result<(), GithubError> {
        self.tell(doing, Method::PATCH, &["pulls", &number.to_string()], Some(body)).await
    }

    /// Merges the base branch into the pull request's, in the background.
    ///
    /// # Errors
    /// [`GithubError`]: [`Problem::Invalid`](crate::Problem::Invalid) where the two do not fit together, or nothing is to be done.
    pub async fn update_pull(&self, number: u64) -> Result<(), GithubError> {
        let path = ["pulls", &number.to_string(), "update-branch"];
        self.tell("updating the pull request", Method::PUT, &path, Some(&json!({}))).await
    }

    /// Merges a pull request.
    ///
    /// # Errors
    /// [`GithubError`]: [`Problem::NotAllowed`](crate::Problem::NotAllowed) where the repository's rules are against it now, and
    /// [`Problem::Conflict`](crate::Problem::Conflict) where its branch has moved.
    pub async fn merge_pull(&self, number: u64, merge: &Merge) -> Result<(), GithubError> {
        let body = json!({
            "sha": merge.head,
            "merge_method": merge.method,
            "commit_title": merge.title,
            "commit_message": merge.text,
        });
        let path = ["pulls", &number.to_string(), "merge"];
        self.tell("merging the pull request", Method::PUT, &path, Some(&body)).await
    }
}
