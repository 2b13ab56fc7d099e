//! Pull requests: opened, found, edited, brought up to date, reviewed and merged.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::error::GiteaError;
use super::{Client, Label};

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// Where people look at it.
    pub html_url: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// Its text.
    #[serde(default)]
    pub body: String,
    /// Open or closed; a merged one is closed.
    pub state: PullState,
    /// Whether it is merged.
    #[serde(default)]
    pub merged: bool,
    /// The commit on the base branch, once it is merged.
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
    pub labels: Option<Vec<Label>>,
}

/// One side of a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Side {
    /// The branch.
    #[serde(rename = "ref")]
    pub branch: String,
    /// The commit at its tip.
    pub sha: String,
    /// The repository, by its number: a fork has another.
    pub repo_id: i64,
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

/// A user. Numbers are never given to somebody else, logins are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct User {
    /// The number.
    pub id: u64,
    /// The login.
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
    /// Its labels, by number.
    pub labels: Vec<u64>,
}

/// A review.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Review {
    /// Its number: a later one is larger.
    pub id: u64,
    /// Who gave it.
    #[serde(default)]
    pub user: Option<User>,
    /// What it says.
    pub state: ReviewState,
    /// The commit that was looked at.
    #[serde(default)]
    pub commit_id: String,
    /// Whether somebody took its effect away.
    #[serde(default)]
    pub dismissed: bool,
}

/// What a review says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum ReviewState {
    /// Yes.
    #[serde(rename = "APPROVED")]
    Approved,
    /// No.
    #[serde(rename = "REQUEST_CHANGES")]
    ChangesRequested,
    /// Neither: a comment, one that is not sent yet, one that is asked for.
    #[serde(other)]
    Other,
}

/// How a pull request is merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    /// The commit that must be at the tip of its branch.
    pub head: String,
    /// How.
    pub style: MergeStyle,
    /// The first line of the commit's message.
    pub title: String,
    /// The rest of it.
    pub text: String,
}

/// What the merge makes of the commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MergeStyle {
    /// A merge commit.
    Merge,
    /// One commit with all of them.
    Squash,
    /// The commits on top of base.
    Rebase,
    /// The same with a merge commit.
    RebaseMerge,
}

/// How many are on one page. Gitea gives no more by default.
const PAGE: usize = 50;
/// A repository that has more is not one of grants alone.
const PAGES: usize = 100;

impl PullRequest {
    /// Whether it comes from a branch of the repository itself, and not from a fork.
    pub fn is_of_the_repository(&self) -> bool {
        self.head.repo_id == self.base.repo_id
    }
}

impl Client {
    /// Opens a pull request.
    ///
    /// # Errors
    /// [`GiteaError`]: [`Problem::Conflict`](crate::Problem::Conflict) where one is open for these branches.
    pub async fn open_pull(&self, pull: &NewPull) -> Result<PullRequest, GiteaError> {
        self.send("opening the pull request", Method::POST, &["pulls"], pull).await
    }

    /// A pull request by its number.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn pull(&self, number: u64) -> Result<PullRequest, GiteaError> {
        self.get("reading the pull request", &["pulls", &number.to_string()], &[]).await
    }

    /// A pull request between two branches of the repository, whatever its state. Where there were several, Gitea picks one.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn pull_between(&self, base: &str, head: &str) -> Result<Option<PullRequest>, GiteaError> {
        let path: Vec<&str> = ["pulls", base].into_iter().chain(head.split('/')).collect();
        self.find("reading the pull request", &path).await
    }

    /// Every pull request that is open, from forks too.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn open_pulls(&self) -> Result<Vec<PullRequest>, GiteaError> {
        let mut all: Vec<PullRequest> = Vec::new();
        for page in 1..=PAGES {
            let (page, limit) = (page.to_string(), PAGE.to_string());
            let query = [("state", "open"), ("sort", "oldest"), ("page", page.as_str()), ("limit", &limit)];
            let found: Vec<PullRequest> = self.get("listing the pull requests", &["pulls"], &query).await?;
            let is_last = found.is_empty();
            all.extend(found);
            if is_last {
                break;
            }
        }
        all.sort_by_key(|pull| pull.number);
        all.dedup_by_key(|pull| pull.number);
        Ok(all)
    }

    /// Writes title and text anew.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn describe_pull(&self, number: u64, title: &str, body: &str) -> Result<(), GiteaError> {
        self.edit_pull("describing the pull request", number, &json!({ "title": title, "body": body })).await
    }

    /// Closes a pull request without merging it.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn close_pull(&self, number: u64) -> Result<(), GiteaError> {
        self.edit_pull("closing the pull request", number, &json!({ "state": "closed" })).await
    }

    /// Opens one again that was closed.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn reopen_pull(&self, number: u64) -> Result<(), GiteaError> {
        self.edit_pull("opening the pull request again", number, &json!({ "state": "open" })).await
    }

    async fn edit_pull(
        &self,
        doing: &'static str,
        number: u64,
        body: &serde_json::Value,
    ) -> Result<(), GiteaError> {
        self.tell(doing, Method::PATCH, &["pulls", &number.to_string()], body).await
    }

    /// Merges the base branch into the pull request's.
    ///
    /// # Errors
    /// [`GiteaError`]: [`Problem::Conflict`](crate::Problem::Conflict) where the two do not fit together.
    pub async fn update_pull(&self, number: u64) -> Result<(), GiteaError> {
        let path = ["pulls", &number.to_string(), "update"];
        self.tell("updating the pull request", Method::POST, &path, &json!({})).await
    }

    /// Merges a pull request and deletes its branch.
    ///
    /// # Errors
    /// [`GiteaError`]: [`Problem::NotAllowed`](crate::Problem::NotAllowed) where the repository's rules are against it now, and
    /// [`Problem::Conflict`](crate::Problem::Conflict) where one of the branches has moved.
    pub async fn merge_pull(&self, number: u64, merge: &Merge) -> Result<(), GiteaError> {
        let body = json!({
            "Do": merge.style,
            "head_commit_id": merge.head,
            "merge_title_field": merge.title,
            "merge_message_field": merge.text,
            "delete_branch_after_merge": true,
        });
        let path = ["pulls", &number.to_string(), "merge"];
        self.tell("merging the pull request", Method::POST, &path, &body).await
    }

    /// The reviews of a pull request, the earliest first.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn reviews(&self, number: u64) -> Result<Vec<Review>, GiteaError> {
        let mut all: Vec<Review> = Vec::new();
        for page in 1..=PAGES {
            let (number, page, limit) = (number.to_string(), page.to_string(), PAGE.to_string());
            let query = [("page", page.as_str()), ("limit", &limit)];
            let found: Vec<Review> =
                self.get("reading the reviews", &["pulls", &number, "reviews"], &query).await?;
            let is_last = found.is_empty();
            all.extend(found);
            if is_last {
                break;
            }
        }
        all.sort_by_key(|review| review.id);
        all.dedup_by_key(|review| review.id);
        Ok(all)
    }

    /// Asks users for a review.
    ///
    /// # Errors
    /// [`GiteaError`]: [`Problem::Invalid`](crate::Problem::Invalid) where one of them may not give it.
    pub async fn ask_for_review(&self, number: u64, logins: &[String]) -> Result<(), GiteaError> {
        let path = ["pulls", &number.to_string(), "requested_reviewers"];
        self.tell("asking for a review", Method::POST, &path, &json!({ "reviewers": logins })).await
    }
}
