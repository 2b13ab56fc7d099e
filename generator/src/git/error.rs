//! What can go wrong with a repository, and what to do about it.

use git2::{ErrorClass, ErrorCode};

/// Why Git did not do what was asked. Where a variant has a source, the source is Git's own word.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// No repository there, or none that can be read.
    #[error("cannot open the repository `{place}`; check the path, or make one with `p0-gitops init --bare`")]
    Open {
        /// The path or URL, without secrets.
        place: String,
        /// Git's own word.
        #[source]
        source: git2::Error,
    },
    /// A repository whose object names libgit2 cannot read.
    #[error(
        "`{0}` is a SHA-256 repository, and this program reads SHA-1 repositories; make the GitOps repository with `git init --object-format=sha1`, or move its files to one"
    )]
    Sha256(String),
    /// A repository with a work tree whose checked-out branch would be moved under it.
    #[error(
        "`{place}` has `{branch}` checked out, and its files would not follow; use a bare repository, check another branch out, or set receive.denyCurrentBranch=ignore there"
    )]
    CheckedOut {
        /// The path.
        place: String,
        /// The branch.
        branch: String,
    },
    /// No such branch.
    #[error("`{place}` has no branch `{branch}`; it has {branches}")]
    NoBranch {
        /// The path or URL.
        place: String,
        /// What was asked for.
        branch: String,
        /// What there is, for reading.
        branches: String,
    },
    /// Somebody else moved the branch, again and again.
    #[error("`{branch}` was moved by others {tries} times in a row; try again")]
    LostRace {
        /// Which branch.
        branch: String,
        /// How often it was tried.
        tries: usize,
    },
    /// Another Git program is moving the branch, or died while it did.
    #[error("`{branch}` is being moved by another Git program; try again, and if none runs, delete `{lock}`")]
    Locked {
        /// Which branch.
        branch: String,
        /// The file that says so.
        lock: String,
    },
    /// The branch's name is taken by something else.
    #[error(
        "the branch `{0}` exists and holds another change; nothing was written. Look at it, and delete it if no person needs it"
    )]
    ForeignBranch(String),
    /// The branch is not one commit over base.
    #[error(
        "the branch `{branch}` is not one commit over `{base}`: {problem}; it was not made by this program, or was changed since"
    )]
    ForeignTip {
        /// Which branch.
        branch: String,
        /// The base branch.
        base: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A path that cannot be written: a file stands where a folder should.
    #[error("`{0}` cannot be written: a file stands in the way of a folder")]
    PathInTheWay(String),
    /// History was cut off.
    #[error(
        "the repository is a shallow clone, and its history cannot be searched for used ids; fetch all of it (`git fetch --unshallow`, or `fetch-depth: 0` in CI)"
    )]
    Shallow,
    /// The other side wants to know who asks.
    #[error(
        "`{place}` refuses the credentials; tried: {tried}. Give a token in P0_GIT_TOKEN, a key to the SSH agent, or a Git credential helper"
    )]
    Credentials {
        /// The URL, without secrets.
        place: String,
        /// What was tried.
        tried: String,
        /// Git's own word.
        #[source]
        source: git2::Error,
    },
    /// The other side's host key is not known here.
    #[error(
        "the host key of `{place}` is not in known_hosts or has changed; check it with its owner, then add it with `ssh-keyscan`"
    )]
    HostKey {
        /// The URL.
        place: String,
        /// Git's own word.
        #[source]
        source: git2::Error,
    },
    /// The other side's certificate is not trusted here.
    #[error(
        "the certificate of `{place}` is not trusted here; check the address, and name the file of its authority in SSL_CERT_FILE if it is your own"
    )]
    Certificate {
        /// The URL.
        place: String,
        /// Git's own word.
        #[source]
        source: git2::Error,
    },
    /// It may be read and not written.
    #[error("`{place}` cannot be written by you; nothing was changed. Ask its owner for write access")]
    ReadOnly {
        /// The path or URL.
        place: String,
        /// Git's own word.
        #[source]
        source: git2::Error,
    },
    /// The other side said no to a ref: a hook or a protection.
    #[error("`{place}` did not accept `{branch}`: {reason}")]
    Rejected {
        /// The URL.
        place: String,
        /// Which branch.
        branch: String,
        /// The other side's word.
        reason: String,
    },
    /// No answer.
    #[error("cannot reach `{place}`; check the address and the network")]
    Unreachable {
        /// The URL.
        place: String,
        /// Git's own word.
        #[source]
        source: git2::Error,
    },
    /// The disk is full.
    #[error("no space is left where `{place}` is kept; free some and try again. No branch was moved")]
    DiskFull {
        /// The path.
        place: String,
        /// Git's own word.
        #[source]
        source: git2::Error,
    },
    /// Anything else that Git says.
    #[error("Git failed while {doing}")]
    Other {
        /// What was being done.
        doing: &'static str,
        /// Git's own word.
        #[source]
        source: git2::Error,
    },
    /// A file beside the repository could not be made.
    #[error("cannot make `{path}`")]
    File {
        /// Which.
        path: String,
        /// The system's own word.
        #[source]
        source: std::io::Error,
    },
}

impl GitError {
    /// Why the repository at `place` cannot be opened.
    pub(super) fn open(place: &str, source: git2::Error) -> Self {
        match is_sha256(&source) {
            true => Self::Sha256(place.to_owned()),
            false => Self::Open { place: place.to_owned(), source },
        }
    }

    /// Sorts Git's own errors, for work at `place`.
    pub(super) fn at(place: &str, doing: &'static str, source: git2::Error) -> Self {
        let place = place.to_owned();
        let words = source.message().to_lowercase();
        let says = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
        match (source.code(), source.class()) {
            _ if is_sha256(&source) => Self::Sha256(place),
            _ if says(&["no space left"]) => Self::DiskFull { place, source },
            _ if says(&[
                "status code: 404",
                "does not appear to be a git repository",
                "repository not found",
            ]) =>
            {
                Self::Open { place, source }
            }
            (ErrorCode::Certificate, ErrorClass::Ssh) => Self::HostKey { place, source },
            (ErrorCode::Certificate, _) => Self::Certificate { place, source },
            _ if says(&[
                "permission denied",
                "read-only file system",
                "status code: 403",
                "access denied",
            ]) =>
            {
                Self::ReadOnly { place, source }
            }
            (ErrorCode::Auth, _) => Self::Credentials { place, tried: "nothing".to_owned(), source },
            (_, ErrorClass::Net) => Self::Unreachable { place, source },
            _ if says(&["failed to resolve", "failed to connect", "could not connect", "timed out"]) => {
                Self::Unreachable { place, source }
            }
            _ => Self::Other { doing, source },
        }
    }
}

/// libgit2 says `unknown object format 'sha256'` of a folder, and `unknown remote object format 'sha256'` of an address.
fn is_sha256(error: &git2::Error) -> bool {
    error.message().contains("object format 'sha256'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gits_own_words_are_sorted_into_what_to_do() {
        let of = |code, class, words| {
            GitError::at("place", "working", git2::Error::new(code, class, words)).to_string()
        };
        for (code, class, words, told) in [
            (
                ErrorCode::GenericError,
                ErrorClass::Os,
                "failed to write: No space left on device",
                "no space is left",
            ),
            (
                ErrorCode::GenericError,
                ErrorClass::Os,
                "could not open: Permission denied",
                "cannot be written by you",
            ),
            (
                ErrorCode::GenericError,
                ErrorClass::Os,
                "could not write: Read-only file system",
                "cannot be written by you",
            ),
            (
                ErrorCode::GenericError,
                ErrorClass::Http,
                "unexpected http status code: 403",
                "cannot be written by you",
            ),
            (
                ErrorCode::GenericError,
                ErrorClass::Http,
                "unexpected http status code: 404",
                "cannot open the repository",
            ),
            (ErrorCode::Certificate, ErrorClass::Ssh, "unknown host key", "known_hosts"),
            (ErrorCode::Certificate, ErrorClass::Ssl, "the SSL certificate is invalid", "SSL_CERT_FILE"),
            (
                ErrorCode::Auth,
                ErrorClass::Http,
                "too many redirects or authentication replays",
                "refuses the credentials",
            ),
            (ErrorCode::GenericError, ErrorClass::Net, "failed to resolve address", "cannot reach"),
            (ErrorCode::GenericError, ErrorClass::Odb, "object not found", "Git failed while working"),
        ] {
            assert!(of(code, class, words).contains(told), "{words}: {}", of(code, class, words));
        }
    }
}
