//! A change to the repository as data: which files, from what to what. Not here: Git, and any judgement.

use std::collections::BTreeSet;

/// What Git says a tree entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileMode {
    /// 100644.
    Regular,
    /// 100755.
    Executable,
    /// 120000: the bytes are a path.
    Link,
    /// 160000: another repository's commit.
    Submodule,
    /// 40000.
    Folder,
    /// Anything else Git can store.
    Other(u32),
}

/// A file at one side of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What it is.
    pub mode: FileMode,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// One path that differs. Renames are a deletion and an addition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Relative to the root, `/` between.
    pub path: String,
    /// On base; `None` where it is new.
    pub before: Option<File>,
    /// On head; `None` where it is deleted.
    pub after: Option<File>,
}

/// An edit to make: what a proposal or a revert puts into a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Write a regular file.
    Put {
        /// Where.
        path: String,
        /// What it shall hold.
        bytes: Vec<u8>,
    },
    /// Write a file as it was, with its mode.
    PutBack {
        /// Where.
        path: String,
        /// What it was.
        file: File,
    },
    /// Remove a file, or whatever stands at its path.
    Delete {
        /// Which.
        path: String,
    },
    /// Remove everything from a folder but some of its regular files. Names that are not UTF-8 go too.
    Retain {
        /// Which folder. What stands in its place goes.
        folder: String,
        /// What stays.
        names: BTreeSet<String>,
    },
}

impl FileMode {
    /// The bits of a tree entry.
    pub fn bits(self) -> u32 {
        match self {
            Self::Regular => 0o100_644,
            Self::Executable => 0o100_755,
            Self::Link => 0o120_000,
            Self::Submodule => 0o160_000,
            Self::Folder => 0o040_000,
            Self::Other(other) => other,
        }
    }

    /// From the bits of a tree entry.
    pub fn from_bits(bits: u32) -> Self {
        match bits {
            0o100_644 => Self::Regular,
            0o100_755 => Self::Executable,
            0o120_000 => Self::Link,
            0o160_000 => Self::Submodule,
            0o040_000 => Self::Folder,
            other => Self::Other(other),
        }
    }
}
