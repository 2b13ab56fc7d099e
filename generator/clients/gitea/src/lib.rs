//! Gitea's REST API and webhooks, as far as a bot that opens and merges pull requests needs them. Forgejo speaks it too.
//!
//! One call is one request: nothing is retried here, because only the caller knows whether a call that got no answer may be
//! repeated. Every call has a time limit, an answer has a size limit, redirects are not followed, and no error holds the token.
//! Not here: what is proposed, and who may merge it.

mod address;
mod client;
mod contents;
mod error;
mod hooks;
mod issues;
mod people;
mod protection;
mod pulls;
mod repository;
mod statuses;
mod webhook;

pub use address::{AddressError, RepositoryName, ServerUrl};
pub use client::Client;
pub use contents::{FileEdit, NewCommit, OnExistingBranch};
pub use error::{GiteaError, Problem};
pub use hooks::{Hook, NewHook};
pub use issues::{Comment, Label};
pub use people::{Access, DeployKey};
pub use protection::BranchProtection;
pub use pulls::{Merge, MergeStyle, NewPull, PullRequest, PullState, Review, ReviewState, Side, User};
pub use repository::{Branch, Permissions, Repository};
pub use statuses::{CommitStatus, StatusState};
pub use webhook::{Delivery, WebhookError, WebhookSecret};
