//! One file of a commit: read once, parsed once when it is first needed, shared by every snapshot that has the same blob.
//!
//! Not here: which files there are ([`super::snapshot`]), and what they mean.

use std::sync::{Arc, OnceLock};

use p0_access::change::FileMode;
use p0_access::layout::ClusterName;

use crate::git::{BlobId, CommitId, GitError, Remote};

/// A file at a path, if there is one.
#[derive(Debug)]
pub(super) struct Document<T> {
    path: String,
    file: Option<Arc<Contents<T>>>,
}

#[derive(Debug)]
struct Contents<T> {
    blob: BlobId,
    mode: FileMode,
    bytes: Vec<u8>,
    parsed: OnceLock<Result<Arc<T>, String>>,
}

/// Why a file of base says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.whole())]
pub struct FileProblem {
    path: String,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    Absent,
    /// Nor is there anything else of the cluster whose file it would be.
    NoCluster {
        name: String,
        /// The clusters that there are.
        known: Vec<String>,
    },
    Unusable(String),
}

impl FileProblem {
    pub(super) fn absent(path: String) -> Self {
        Self { path, problem: Problem::Absent }
    }

    /// Of a cluster that base does not have; `known` are those that it has.
    pub(super) fn no_cluster<'c>(
        path: String,
        cluster: &ClusterName,
        known: impl Iterator<Item = &'c ClusterName>,
    ) -> Self {
        let known = known.map(ToString::to_string).collect();
        Self { path, problem: Problem::NoCluster { name: cluster.to_string(), known } }
    }

    /// Where the file should be, relative to the repository's root.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether there is no such file.
    pub fn is_absent(&self) -> bool {
        !matches!(self.problem, Problem::Unusable(_))
    }

    /// What is wrong with it.
    pub fn sentence(&self) -> &str {
        match &self.problem {
            Problem::Unusable(problem) => problem,
            Problem::Absent | Problem::NoCluster { .. } => "there is none",
        }
    }

    fn whole(&self) -> String {
        match &self.problem {
            Problem::Unusable(problem) => format!("`{}` on base cannot be used: {problem}", self.path),
            Problem::Absent => format!("there is no `{}` on base; `p0-gitops init` makes it", self.path),
            Problem::NoCluster { name, known } if known.is_empty() => {
                format!("the repository has no cluster `{name}`, nor any other; `p0-gitops init` makes one")
            }
            Problem::NoCluster { name, known } => {
                format!("the repository has no cluster `{name}`; it has {}", known.join(", "))
            }
        }
    }

    pub(super) fn into_sentence(self) -> String {
        self.sentence().to_owned()
    }
}

impl<T> Document<T> {
    /// The file at `path` of `commit`; `previous` is taken over where it is the same blob.
    pub(super) fn take(
        remote: &Remote,
        commit: CommitId,
        path: &str,
        previous: Option<&Self>,
    ) -> Result<Self, GitError> {
        let file = match (remote.entry(commit, path)?, previous.and_then(|before| before.file.as_ref())) {
            (None, _) => None,
            (Some((blob, mode)), Some(same)) if (same.blob, same.mode) == (blob, mode) => Some(same.clone()),
            (Some((blob, mode)), _) => {
                // What is no file has nothing to read: a submodule names a commit of another repository.
                let bytes = if is_file(mode) { remote.blob(blob)? } else { Vec::new() };
                Some(Arc::new(Contents { blob, mode, bytes, parsed: OnceLock::new() }))
            }
        };
        Ok(Self { path: path.to_owned(), file })
    }

    /// Whether there is such a file.
    pub(super) fn is_there(&self) -> bool {
        self.file.is_some()
    }

    /// Its text; nothing where there is none.
    pub(super) fn text(&self) -> Option<&str> {
        self.file.as_ref()?.text().ok()
    }

    /// What it says, as `parse` reads its text.
    pub(super) fn parsed(
        &self,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Arc<T>, FileProblem> {
        let file = self.file.as_ref().ok_or_else(|| FileProblem::absent(self.path.clone()))?;
        let parsed = file.parsed.get_or_init(|| file.text().and_then(parse).map(Arc::new));
        parsed
            .clone()
            .map_err(|problem| FileProblem { path: self.path.clone(), problem: Problem::Unusable(problem) })
    }
}

impl<T> Contents<T> {
    fn text(&self) -> Result<&str, String> {
        if !is_file(self.mode) {
            return Err("it is not a regular file".to_owned());
        }
        std::str::from_utf8(&self.bytes).map_err(|_| "it is not UTF-8 text".to_owned())
    }
}

fn is_file(mode: FileMode) -> bool {
    match mode {
        FileMode::Regular | FileMode::Executable => true,
        FileMode::Link | FileMode::Submodule | FileMode::Folder | FileMode::Other(_) => false,
    }
}
