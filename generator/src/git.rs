//! The plain Git forge: branches, commits and merges in any repository, without a work tree.
//!
//! Everything is in Git: a change is open while its branch is not merged, merged when a merge commit on base carries it.
//! Refs move last and only by compare-and-swap, so a crash leaves at most objects that nobody refers to. Not here: what
//! the files mean. Nothing in this folder knows a grant.

mod base_branch;
mod commit;
mod credentials;
mod error;
mod first_parent;
mod history;
mod history_cache;
mod init;
mod note;
mod remote;
mod tree;

pub use base_branch::{AfterMerge, BaseBranch, Change, Ensured, MergeError, Merged, Proposed};
pub use commit::{Identity, Message};
pub use credentials::Credentials;
pub use error::GitError;
pub use first_parent::{BlobId, Step};
pub use history::Used;
pub use init::{Made, add_files, create_bare};
pub use remote::{CommitId, Remote};
