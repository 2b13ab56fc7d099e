//! GitHub's REST and GraphQL APIs, Apps and webhooks, as far as a bot that opens and merges pull requests needs them.
//!
//! Every call has a time limit, an answer has a size limit, redirects are not followed, and no error holds a token or a key. A call
//! that only reads is made again a bounded number of times where GitHub failed. A call that writes is never repeated, because it may
//! have been done: only the caller knows what to read then. While GitHub wants to be left alone, nothing is asked. Not here: what is
//! proposed, and who may merge it.

mod address;
mod answers;
mod app;
mod auth;
mod checks;
mod client;
mod error;
mod graphql;
mod issues;
mod limits;
mod pulls;
mod references;
mod repository;
mod reviews;
mod rules;
mod transport;
mod webhook;

pub use address::{AddressError, RepositoryName, ServerUrl};
pub use app::{AppId, AppKey, KeyError};
pub use auth::Credential;
pub use checks::{CheckOutput, CheckRun, CommitStatus, Conclusion, NewCheckRun, StatusState};
pub use client::{Client, Stale};
pub use error::{GithubError, Problem, Said};
pub use graphql::{FileAddition, FileChanges, NewCommit};
pub use issues::{Comment, Label};
pub use pulls::{Merge, MergeMethod, NewPull, PullRequest, PullState, RepositoryNumber, Side, User};
pub use repository::{App, Branch, Installation, Level, Permissions, Repository};
pub use reviews::{Review, ReviewState};
pub use rules::{BranchRules, BypassActor, RequiredCheck, Ruleset};
pub use webhook::{Delivery, WebhookError, WebhookSecret};
