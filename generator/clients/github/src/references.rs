//! Branches: made at a commit, moved, and deleted. Not here: commits ([`Client::commit`]).

use reqwest::Method;
use serde_json::json;

use super::Client;
use super::error::{GithubError, Problem};

impl Client {
    /// Makes a branch at a commit.
    ///
    /// # Errors
    /// [`GithubError`]: [`Problem::Invalid`] where there is one of that name.
    pub async fn make_branch(&self, branch: &str, commit: &str) -> Result<(), GithubError> {
        let body = json!({ "ref": format!("refs/heads/{branch}"), "sha": commit });
        self.tell("making the branch", Method::POST, &["git", "refs"], Some(&body)).await
    }

    /// Moves a branch to a commit, whatever it was at. Pull requests on it stay open, as long as it brings something.
    ///
    /// # Errors
    /// [`GithubError`]: [`Problem::Invalid`] where there is none.
    pub async fn move_branch(&self, branch: &str, commit: &str) -> Result<(), GithubError> {
        let body = json!({ "sha": commit, "force": true });
        self.tell("moving the branch", Method::PATCH, &path(branch), Some(&body)).await
    }

    /// Deletes a branch; whether there was one.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn delete_branch(&self, branch: &str) -> Result<bool, GithubError> {
        match self.tell("deleting the branch", Method::DELETE, &path(branch), None).await {
            Ok(()) => Ok(true),
            Err(GithubError { problem: Problem::NotFound, .. }) => Ok(false),
            Err(GithubError { problem: Problem::Invalid(said), .. }) if said.has("does not exist") => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

fn path(branch: &str) -> Vec<&str> {
    ["git", "refs", "heads"].into_iter().chain(branch.split('/')).collect()
}
