//! Plain Git: branches, commits and merges in any repository, without a work tree.
//!
//! Everything is in Git: a change is open while its branch is not merged, merged when a merge commit on base carries it.
//! Refs move last and only by compare-and-swap, so a crash leaves at most objects without a reference. Not here: what
//! the files mean. Nothing in this folder knows a grant.

mod base_branch;
mod commit;
mod credentials;
mod error;
mod first_parent;
mod history;
mod history_cache;
mod id;
mod init;
mod merge;
mod note;
mod remote;
mod traces;
mod tree;

pub use base_branch::{BaseBranch, Change, Ensured, MergeError, Proposed};
pub use commit::{Identity, Message, Told};
pub use credentials::{Credentials, TokenAsk};
pub use error::GitError;
pub use first_parent::Step;
pub use id::{BlobId, CommitId};
pub use init::{Made, add_files, create_bare};
pub use merge::MergeResult;
pub use remote::{FolderEntry, Remote};
pub use traces::Traces;
pub use tree::{TreeDiff, TreeFlaw};
