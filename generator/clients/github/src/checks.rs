//! Checks of commits. An App posts check runs, and a ruleset can require one of a certain App; a user's token can only post commit
//! statuses, which every writer can.

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::error::GithubError;
use super::{App, Client, User};

/// A check run of a commit.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CheckRun {
    /// Its number: a later one is larger.
    pub id: u64,
    /// How it ended; `None` where it has not.
    #[serde(default)]
    pub conclusion: Option<Conclusion>,
    /// What it says.
    pub output: CheckOutput,
    /// Which App posted it.
    #[serde(default)]
    pub app: Option<App>,
}

/// What a check run says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CheckOutput {
    /// In a line.
    #[serde(default)]
    pub title: Option<String>,
}

/// A check run to be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCheckRun<'c> {
    /// What it is called.
    pub name: &'c str,
    /// On which commit.
    pub commit: &'c str,
    /// How it ended; `None` where it has not.
    pub conclusion: Option<Conclusion>,
    /// What it says in a line.
    pub title: &'c str,
    /// The same at length, in Markdown.
    pub summary: &'c str,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// Yes.
    Success,
    /// No.
    Failure,
    /// Another word of GitHub's.
    #[serde(other)]
    Other,
}

/// What a commit status says.
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
}

/// A commit status.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CommitStatus {
    /// What it says.
    pub state: StatusState,
    /// Of which check.
    pub context: String,
    /// The same in a line.
    #[serde(default)]
    pub description: Option<String>,
    /// Who posted it.
    #[serde(default)]
    pub creator: Option<User>,
}

#[derive(Deserialize)]
struct CheckRuns {
    check_runs: Vec<CheckRun>,
}

/// The longest text of a check run, in bytes, and the longest line of a status.
const LONGEST: usize = 65_000;
const LINE: usize = 140;

impl Client {
    /// The latest check run of this name on a commit, of each App.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn check_runs(&self, commit: &str, name: &str) -> Result<Vec<CheckRun>, GithubError> {
        let query = [("check_name", name), ("filter", "latest"), ("per_page", "100")];
        let found: CheckRuns =
            self.get("reading the checks", &["commits", commit, "check-runs"], &query).await?;
        Ok(found.check_runs)
    }

    /// Posts a check run, as an App.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn post_check_run(&self, check: &NewCheckRun<'_>) -> Result<(), GithubError> {
        let summary = shortened(check.summary, LONGEST);
        let mut body = json!({
            "name": check.name,
            "head_sha": check.commit,
            "status": "in_progress",
            "output": { "title": check.title, "summary": summary },
        });
        if let (Some(conclusion), Some(fields)) = (check.conclusion, body.as_object_mut()) {
            fields.insert("status".to_owned(), json!("completed"));
            fields.insert("conclusion".to_owned(), json!(conclusion));
        }
        self.tell("posting the check", Method::POST, &["check-runs"], Some(&body)).await
    }

    /// The latest status of this name on a commit.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn status(&self, commit: &str, context: &str) -> Result<Option<CommitStatus>, GithubError> {
        // The latest is the first.
        let all: Vec<CommitStatus> =
            self.list("reading the checks", &["commits", commit, "statuses"], &[]).await?;
        Ok(all.into_iter().find(|status| status.context == context))
    }

    /// Posts a status, as a user.
    ///
    /// # Errors
    /// [`GithubError`].
    pub async fn post_status(
        &self,
        commit: &str,
        context: &str,
        state: StatusState,
        line: &str,
    ) -> Result<(), GithubError> {
        let line: String = line.chars().take(LINE).collect();
        let body = json!({ "context": context, "state": state, "description": line });
        self.tell("posting the check", Method::POST, &["statuses", commit], Some(&body)).await
    }
}

fn shortened(text: &str, longest: usize) -> &str {
    let mut end = text.len().min(longest);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_letters() {
        assert_eq!((shortened("aé", 2), shortened("aé", 9)), ("a", "aé"));
    }
}
