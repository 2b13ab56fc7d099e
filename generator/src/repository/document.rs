//! One file of a commit: read once, parsed once when it is first needed, shared by every snapshot that has the same blob.
//!
//! Not here: which files there are ([`super::snapshot`]), and what they mean.

use std::sync::{Arc, OnceLock};

use p0_access::change::FileMode;

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
    /// `None` where there is no such file.
    problem: Option<String>,
}

impl FileProblem {
    pub(super) fn absent(path: String) -> Self {
        Self { path, problem: None }
    }

    /// Where the file should be, relative to the repository's root.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether there is no such file.
    pub fn is_absent(&self) -> bool {
        self.problem.is_none()
    }

    /// What is wrong with it.
    pub fn sentence(&self) -> &str {
        self.problem.as_deref().unwrap_or("there is none")
    }

    fn whole(&self) -> String {
        match &self.problem {
            Some(problem) => format!("`{}` on base cannot be used: {problem}", self.path),
            None => format!("there is no `{}` on base; `p0-gitops init` makes it", self.path),
        }
    }

    pub(super) fn into_sentence(self) -> String {
        self.problem.unwrap_or_else(|| "there is none".to_owned())
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
                // A submodule names a commit of another repository.
                let bytes = if mode == FileMode::Submodule { Vec::new() } else { remote.blob(blob)? };
                Some(Arc::new(Contents { blob, mode, bytes, parsed: OnceLock::new() }))
            }
        };
        Ok(Self { path: path.to_owned(), file })
    }

    /// Whether there is such a file.
    pub(super) fn is_there(&self) -> bool {
        self.file.is_some()
    }

    /// What it says, as `parse` reads its text.
    pub(super) fn parsed(
        &self,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Arc<T>, FileProblem> {
        let file = self.file.as_ref().ok_or_else(|| FileProblem::absent(self.path.clone()))?;
        let parsed = file.parsed.get_or_init(|| file.text().and_then(parse).map(Arc::new));
        parsed.clone().map_err(|problem| FileProblem { path: self.path.clone(), problem: Some(problem) })
    }
}

impl<T> Contents<T> {
    fn text(&self) -> Result<&str, String> {
        match self.mode {
            FileMode::Regular | FileMode::Executable => {}
            FileMode::Link | FileMode::Submodule | FileMode::Other(_) => {
                return Err("it is not a regular file".to_owned());
            }
        }
        std::str::from_utf8(&self.bytes).map_err(|_| "it is not UTF-8 text".to_owned())
    }
}

/// An error with its causes, in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
