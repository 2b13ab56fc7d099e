//! Branch and commit in one call, and branches that go.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::Client;
use super::error::{GiteaError, Problem};

/// A branch to be made with one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCommit {
    /// The branch whose tip is the commit's parent.
    pub base: String,
    /// The branch that is made.
    pub branch: String,
    /// The whole message.
    pub message: String,
    /// What it changes; never empty.
    pub files: Vec<FileEdit>,
    /// What happens to a branch of that name.
    pub existing: OnExistingBranch,
}

/// What happens to a branch that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnExistingBranch {
    /// It stays, and nothing is written.
    Keep,
    /// It is made anew; pull requests on it stay open.
    Replace,
}

/// One file that the commit changes. `blob` is Git's name of what stands there; if something else does, nothing is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileEdit {
    /// A new file.
    Create {
        /// Where.
        path: String,
        /// What it holds.
        bytes: Vec<u8>,
    },
    /// Other content.
    Update {
        /// Where.
        path: String,
        /// What it holds.
        bytes: Vec<u8>,
        /// What it held.
        blob: String,
    },
    /// A file that goes.
    Delete {
        /// Where.
        path: String,
        /// What it held.
        blob: String,
    },
}

#[derive(Serialize)]
struct Body<'b> {
    branch: &'b str,
    new_branch: &'b str,
    message: &'b str,
    force_push: bool,
    files: Vec<Operation<'b>>,
}

#[derive(Serialize)]
struct Operation<'b> {
    operation: &'static str,
    path: &'b str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha: Option<&'b str>,
}

#[derive(Deserialize)]
struct Answer {
    commit: Made,
}

#[derive(Deserialize)]
struct Made {
    sha: String,
}

impl FileEdit {
    fn operation(&self) -> Operation<'_> {
        let (operation, path, bytes, sha) = match self {
            Self::Create { path, bytes } => ("create", path, Some(bytes), None),
            Self::Update { path, bytes, blob } => ("update", path, Some(bytes), Some(blob.as_str())),
            Self::Delete { path, blob } => ("delete", path, None, Some(blob.as_str())),
        };
        Operation { operation, path, content: bytes.map(|bytes| STANDARD.encode(bytes)), sha }
    }
}

impl Client {
    /// Makes a branch with one commit on the tip of another; the commit's name.
    ///
    /// # Errors
    /// [`GiteaError`]: [`Problem::Invalid`] where the branch is there, or a file is not what it should be.
    pub async fn commit(&self, commit: &NewCommit) -> Result<String, GiteaError> {
        let body = Body {
            branch: &commit.base,
            new_branch: &commit.branch,
            message: &commit.message,
            force_push: commit.existing == OnExistingBranch::Replace,
            files: commit.files.iter().map(FileEdit::operation).collect(),
        };
        let made: Answer = self.send("making the branch", Method::POST, &["contents"], &body).await?;
        Ok(made.commit.sha)
    }

    /// Deletes a branch; whether there was one.
    ///
    /// # Errors
    /// [`GiteaError`].
    pub async fn delete_branch(&self, branch: &str) -> Result<bool, GiteaError> {
        let path: Vec<&str> = std::iter::once("branches").chain(branch.split('/')).collect();
        match self.tell("deleting the branch", Method::DELETE, &path, &()).await {
            Ok(()) => Ok(true),
            Err(GiteaError { problem: Problem::NotFound, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
