//! The rules of a branch. Only a repository's administrators read and set them.

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::Client;
use super::error::{GiteaError, Problem};

/// The rules of a branch. What is not named here stays as Gitea has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BranchProtection {
    /// The branch, or a pattern of branches.
    pub rule_name: String,
    /// Whether anybody may push to it.
    pub enable_push: bool,
    /// Whether only some may.
    pub enable_push_whitelist: bool,
    /// Who.
    #[serde(deserialize_with = "list")]
    pub push_whitelist_usernames: Vec<String>,
    /// Which teams.
    #[serde(deserialize_with = "list")]
    pub push_whitelist_teams: Vec<String>,
    /// Whether deploy keys may that can write.
    pub push_whitelist_deploy_keys: bool,
    /// Whether those who may push may rewrite its history.
    pub enable_force_push: bool,
    /// Whether only some may merge.
    pub enable_merge_whitelist: bool,
    /// Who.
    #[serde(deserialize_with = "list")]
    pub merge_whitelist_usernames: Vec<String>,
    /// Which teams.
    #[serde(deserialize_with = "list")]
    pub merge_whitelist_teams: Vec<String>,
    /// Whether checks are required.
    pub enable_status_check: bool,
    /// Which.
    #[serde(deserialize_with = "list")]
    pub status_check_contexts: Vec<String>,
    /// How many approvals are required, of every pull request.
    pub required_approvals: u64,
    /// Whether a review that asks for changes blocks.
    pub block_on_rejected_reviews: bool,
    /// Whether a review that was asked for and is not given blocks.
    pub block_on_official_review_requests: bool,
    /// Whether a branch that is behind base blocks.
    pub block_on_outdated_branch: bool,
    /// Whether commits have to be signed.
    pub require_signed_commits: bool,
    /// Files that no pull request may change.
    pub protected_file_patterns: String,
    /// Files that every writer may push to the branch.
    pub unprotected_file_patterns: String,
    /// Whether the rules hold for administrators too.
    pub block_admin_merge_override: bool,
}

impl Client {
    /// The rules of this name; `None` where there are none. Only administrators see them.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn protection(&self, rule: &str) -> Result<Option<BranchProtection>, GiteaError> {
        let path: Vec<&str> = std::iter::once("branch_protections").chain(rule.split('/')).collect();
        self.find("reading the branch's rules", &path).await
    }

    /// Gives a branch these rules.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn protect(&self, rules: &BranchProtection) -> Result<(), GiteaError> {
        let doing = "protecting the branch";
        let path: Vec<&str> =
            std::iter::once("branch_protections").chain(rules.rule_name.split('/')).collect();
        match self.tell(doing, Method::PATCH, &path, rules).await {
            Err(GiteaError { problem: Problem::NotFound, .. }) => {
                self.tell(doing, Method::POST, &["branch_protections"], rules).await
            }
            other => other,
        }
    }
}

/// Gitea writes an empty list as `null`.
fn list<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_default())
}
