//! A change to the repository as data: which files, from what to what. Not here: Git, and any judgement.

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
    /// Remove a file.
    Delete {
        /// Which.
        path: String,
    },
}

impl FileMode {
    /// From the bits of a tree entry.
    pub fn from_bits(bits: u32) -> Self {
        match bits {
            0o100_644 => Self::Regular,
            0o100_755 => Self::Executable,
            0o120_000 => Self::Link,
            0o160_000 => Self::Submodule,
            other => Self::Other(other),
        }
    }
}
