//! Reviews of pull requests: read, and asked for.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::error::GithubError;
use super::{Client, User};

/// A review.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Review {
    /// Its number: a later one is larger.
    pub id: u64,
    /// Who gave it; `None` where that user is gone.
    #[serde(default)]
    pub user: Option<User>,
    /// What it says.
    pub state: ReviewState,
    /// The commit that was looked at; `None` where it is gone.
    #[serde(default)]
    pub commit_id: Option<String>,
}

/// What a review says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReviewState {
    /// Yes.
    Approved,
    /// No.
    ChangesRequested,
    /// Neither: a comment, one that is not sent yet, one that was dismissed.
    #[serde(other)]
    Other,
}

impl Client {
    /// The reviews of a pull request, the earliest first.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn reviews(&self, number: u64) -> Result<Vec<Review>, GithubError> {
        let path = ["pulls", &number.to_string(), "reviews"];
        let mut all: Vec<Review> = self.list("reading the reviews", &path, &[]).await?;
        all.sort_by_key(|review| review.id);
        all.dedup_by_key(|review| review.id);
        Ok(all)
    }

    /// Asks users for a review.
    ///
    /// # Errors
    /// [`GithubError`]: [`Problem::Invalid`](crate::Problem::Invalid) where one of them may not give it.
    pub async fn ask_for_review(&self, number: u64, logins: &[String]) -> Result<(), GithubError> {
        let path = ["pulls", &number.to_string(), "requested_reviewers"];
        let body = json!({ "reviewers": logins });
        self.tell("asking for a review", Method::POST, &path, Some(&body)).await
    }
}
