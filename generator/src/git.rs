//! The plain Git forge: branches, commits and merges in any repository, without a work tree.
//!
//! Everything is in Git: a change is open while its branch is not merged, merged when a merge commit on base carries it.
//! Refs move last and only by compare-and-swap, so a crash leaves at most objects that nobody refers to. Not here: what
//! the files mean. Nothing in this folder knows a grant.

mod commit;
mod credentials;
mod error;
mod forge;
mod history;
mod init;
mod line;
mod note;
mod past;
mod remote;
mod tree;

pub use commit::{Identity, Message};
pub use credentials::Credentials;
pub use error::GitError;
pub use forge::{AfterMerge, Change, Ensured, Forge, MergeError, Merged, Proposed};
pub use history::Used;
pub use init::{Made, add_files, create_bare};
pub use line::{BlobId, Step};
pub use remote::{CommitId, Remote};
