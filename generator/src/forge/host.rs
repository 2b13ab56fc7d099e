//! What a forge with pull requests can do, in our own words: each is an adapter between this and its client.
//!
//! One call is about one thing and nothing is decided here. The words of a forge's own API end at its adapter. Not here: what is
//! proposed, judged and merged ([`super::PullRequestForge`]), and what is read by Git ([`super::Mirror`]).

use std::time::Duration;

use async_trait::async_trait;
use p0_access::change::FileChange;

use crate::git::{CommitId, Message};

/// A forge with pull requests, as one of its users.
#[async_trait]
pub trait Host: Send + Sync {
    /// The user, or the app, that acts.
    async fn me(&self) -> Result<Account, HostError>;

    /// The pull request from a branch of the repository itself to `base`: the open one, else the last that was.
    async fn find(&self, base: &str, branch: &str) -> Result<Option<Pull>, HostError>;

    /// Every pull request to `base` that is open, from forks too.
    async fn open_pulls(&self, base: &str) -> Result<Vec<Pull>, HostError>;

    /// Opens one. [`HostProblem::Conflict`] where one is open for these branches.
    async fn open(&self, pull: &NewPull) -> Result<Pull, HostError>;

    /// Opens one again that was closed.
    async fn reopen(&self, number: u64) -> Result<(), HostError>;

    /// Closes one without merging it.
    async fn close(&self, number: u64) -> Result<(), HostError>;

    /// Writes title and text anew.
    async fn describe(&self, number: u64, title: &str, body: &str) -> Result<(), HostError>;

    /// Asks users for a review.
    async fn ask_for_review(&self, number: u64, logins: &[String]) -> Result<(), HostError>;

    /// Who closed a pull request last; `None` where it is open, or that user is gone.
    async fn closed_by(&self, number: u64) -> Result<Option<Account>, HostError>;

    /// What was said on a pull request.
    async fn comments(&self, number: u64) -> Result<Vec<Comment>, HostError>;

    /// Says something on a pull request.
    async fn comment(&self, number: u64, text: &str) -> Result<(), HostError>;

    /// Every review of a pull request, the earliest first.
    async fn reviews(&self, number: u64) -> Result<Vec<Review>, HostError>;

    /// Makes a branch with one commit on the head of base. [`HostProblem::Conflict`] or [`HostProblem::Invalid`] where the branch is
    /// there, or base is no longer at `base_head`: what is there now decides.
    async fn write_branch(&self, branch: &NewBranch<'_>) -> Result<(), HostError>;

    /// Deletes a branch, if it is there.
    async fn delete_branch(&self, branch: &str) -> Result<(), HostError>;

    /// Merges a pull request if its branch is at the commit that `merge` names, and the rules of base allow it.
    async fn merge(&self, merge: &NewMerge<'_>) -> Result<MergeAnswer, HostError>;

    /// Merges base into the branch of a pull request. [`HostProblem::Conflict`] where the two do not fit together.
    async fn update(&self, number: u64) -> Result<(), HostError>;

    /// The latest check of this name on a commit.
    async fn check(&self, commit: &str, name: &str) -> Result<Option<PostedCheck>, HostError>;

    /// Posts a check as the user who acts.
    async fn post_check(&self, commit: &str, name: &str, check: &Check) -> Result<(), HostError>;
}

/// A call that brought nothing. Nothing is known: what was asked may have been done.
#[derive(Debug, thiserror::Error)]
#[error("{source}")]
pub struct HostError {
    /// What kind of failure it is.
    pub problem: HostProblem,
    /// The client's own error, which says what to do.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// What there is to decide about a call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostProblem {
    /// Something else came first.
    Conflict,
    /// It cannot be done with what stands there.
    Invalid,
    /// There is no such thing, or it is hidden.
    NotFound,
    /// The forge wants to be asked less, for this long where it says so.
    Limited(Option<Duration>),
    /// Anything else.
    Failed,
}

/// A user of the forge. Numbers are never given to somebody else, logins are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The number.
    pub id: u64,
    /// The login.
    pub login: String,
}

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// Its number.
    pub number: u64,
    /// Where people look at it.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// Whether it goes on.
    pub state: PullState,
    /// The branch that it brings.
    pub branch: String,
    /// Whose that branch is.
    pub origin: Origin,
}

/// Whether a pull request goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullState {
    /// It does.
    Open,
    /// It is merged, as this commit where the forge says so.
    Merged(Option<String>),
    /// It was closed.
    Closed,
}

/// Whose a branch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The repository's own.
    Own,
    /// A fork's, which may have any name.
    Fork,
}

/// A pull request to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPull {
    /// The branch that it changes.
    pub base: String,
    /// The branch that it brings.
    pub branch: String,
    /// Its title.
    pub title: String,
    /// Its text, in Markdown.
    pub body: String,
    /// Its labels, which the forge makes where they are missing. A label decides nothing: without one it goes on.
    pub labels: Vec<String>,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Who wrote it.
    pub by: Option<Account>,
    /// What it says, in Markdown.
    pub text: String,
}

/// A review that counts: a comment is none, and neither is one that was dismissed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Who gave it.
    pub by: Account,
    /// What it says.
    pub verdict: ReviewVerdict,
    /// The commit that was looked at.
    pub commit: String,
}

/// What a review says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewVerdict {
    /// Yes.
    Approved,
    /// No.
    ChangesRequested,
}

/// A branch to be made with one commit.
#[derive(Clone, Debug)]
pub struct NewBranch<'c> {
    /// The branch on whose head it is made.
    pub base: &'c str,
    /// That head.
    pub base_head: CommitId,
    /// What it is called.
    pub name: &'c str,
    /// What the commit says.
    pub message: &'c Message,
    /// What it changes; never empty.
    pub files: &'c [FileChange],
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

/// A merge to be made. The branch of the pull request goes with it.
#[derive(Clone, Debug)]
pub struct NewMerge<'c> {
    /// Of which pull request.
    pub number: u64,
    /// The commit that must be at the tip of its branch.
    pub head: CommitId,
    /// What the commit on base says.
    pub message: &'c Message,
}

/// What became of asking for a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeAnswer {
    /// It is merged, says the forge. Whether base holds it is seen by looking.
    Merged,
    /// Something is in the way that passes in a moment.
    Again(String),
    /// The branch has to have base merged into it first.
    Behind(String),
    /// The rules of base are against it now.
    Waiting(String),
}

/// A check to be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What it says.
    pub state: CheckState,
    /// The same in a line.
    pub line: String,
    /// More of it in Markdown, for a forge with a place for that.
    pub summary: String,
}

/// A check that stands on a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedCheck {
    /// Whether the user who acts posted it.
    pub by: CheckAuthor,
    /// What it says.
    pub state: CheckState,
    /// The same in a line.
    pub line: String,
}

/// Who posted a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckAuthor {
    /// The user who asks.
    Me,
    /// Another one.
    Another,
}

/// What a check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckState {
    /// Yes.
    Success,
    /// No.
    Failure,
    /// Not yet.
    Pending,
}

impl Pull {
    /// Whether it goes on.
    pub fn is_open(&self) -> bool {
        self.state == PullState::Open
    }

    /// Whether it is merged.
    pub fn is_merged(&self) -> bool {
        matches!(self.state, PullState::Merged(_))
    }
}
