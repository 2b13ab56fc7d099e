//! GraphQL, for the one thing that REST cannot do: a verified commit on a branch that is at an expected commit.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Client;
use super::error::{GithubError, Problem, Said};
use super::transport::parse;

/// A commit to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCommit {
    /// The branch, which is there.
    pub branch: String,
    /// The commit that its tip must be at.
    pub expected_head: String,
    /// The first line of the message.
    pub headline: String,
    /// The rest of it.
    pub body: String,
    /// What it changes.
    pub files: FileChanges,
}

/// What a commit changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileChanges {
    /// Files that are new, or hold something else.
    pub additions: Vec<FileAddition>,
    /// Paths of files that go.
    pub deletions: Vec<String>,
}

/// A file and what it holds afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileAddition {
    /// Where.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

const COMMIT: &str = "mutation ($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }";

#[derive(Serialize)]
struct Query<'q> {
    query: &'q str,
    variables: Value,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    data: Option<Value>,
    #[serde(default)]
    errors: Vec<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    message: String,
}

impl Client {
    /// Makes a commit that GitHub signs; its name.
    ///
    /// # Errors
    /// [`GithubError`]: [`Problem::Conflict`] where the branch is at another commit, so that nothing was written.
    pub async fn commit(&self, commit: &NewCommit) -> Result<String, GithubError> {
        let doing = "committing";
        let additions: Vec<Value> = commit.files.additions.iter().map(FileAddition::value).collect();
        let deletions: Vec<Value> =
            commit.files.deletions.iter().map(|path| json!({ "path": path })).collect();
        let input = json!({
            "branch": { "repositoryNameWithOwner": self.name().to_string(), "branchName": commit.branch },
            "expectedHeadOid": commit.expected_head,
            "message": { "headline": commit.headline, "body": commit.body },
            "fileChanges": { "additions": additions, "deletions": deletions },
        });
        let data = self.graphql(doing, COMMIT, json!({ "input": input })).await?;
        let oid = data.pointer("/createCommitOnBranch/commit/oid").and_then(Value::as_str);
        let unnamed = || Problem::Unreadable("the commit has no name".to_owned());
        oid.map(str::to_owned).ok_or_else(|| GithubError { doing, problem: unnamed() })
    }

    /// GraphQL answers 200 to a failure too.
    async fn graphql(
        &self,
        doing: &'static str,
        query: &str,
        variables: Value,
    ) -> Result<Value, GithubError> {
        let query = Query { query, variables };
        let url = self.server().graphql();
        let answer = self.call(doing, || self.transport().http.post(url.clone()).json(&query)).await?;
        let answer: Answer = parse(doing, &answer.body)?;
        match (answer.errors.first(), answer.data) {
            (Some(failure), _) => Err(GithubError { doing, problem: failure.problem() }),
            (None, Some(data)) => Ok(data),
            (None, None) => {
                Err(GithubError { doing, problem: Problem::Unreadable("it holds no data".to_owned()) })
            }
        }
    }
}

impl FileAddition {
    fn value(&self) -> Value {
        json!({ "path": self.path, "contents": STANDARD.encode(&self.bytes) })
    }
}

impl Failure {
    fn problem(&self) -> Problem {
        let said = Said::line(&self.message);
        match self.kind.as_str() {
            "STALE_DATA" => Problem::Conflict(said),
            "NOT_FOUND" => Problem::NotFound,
            "FORBIDDEN" if said.has("archived") => Problem::Archived,
            "FORBIDDEN" | "INSUFFICIENT_SCOPES" => Problem::Forbidden(said),
            "RATE_LIMITED" => Problem::Limited(None),
            _ => Problem::Invalid(said),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_failure_is_told_apart() {
        let of = |kind: &str| Failure { kind: kind.to_owned(), message: "so".to_owned() }.problem();
        assert!(matches!(of("STALE_DATA"), Problem::Conflict(_)));
        assert!(matches!(of("NOT_FOUND"), Problem::NotFound));
        assert!(matches!(of("FORBIDDEN"), Problem::Forbidden(_)));
        assert!(matches!(of("RATE_LIMITED"), Problem::Limited(None)));
        assert!(matches!(of(""), Problem::Invalid(_)));
    }
}
