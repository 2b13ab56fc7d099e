//! A repository in a folder: its branches move in place.
//!
//! Not here: whose turn it is ([`super::lock`]).

use std::time::Duration;

use super::lock::Moving;
use super::{CommitId, GitError, Remote, Unmoved};

/// How often, and how long in between, one waits for another Git program that moves the same branch.
const WAITS: (usize, Duration) = (20, Duration::from_millis(25));

impl Remote {
    pub(super) fn move_here(
        &self,
        branch: &str,
        from: Option<CommitId>,
        to: Option<CommitId>,
    ) -> Result<(), Unmoved> {
        self.check_not_checked_out(branch).map_err(Unmoved::Failed)?;
        // A lock file left behind would block the branch for everybody.
        let _step = crate::interrupt::step();
        let name = format!("refs/heads/{branch}");
        let git_dir = self.repository.commondir();
        let _moving = Moving::begin(git_dir, &name).map_err(|error| {
            let source =
                git2::Error::new(git2::ErrorCode::GenericError, git2::ErrorClass::Os, error.to_string());
            Unmoved::Failed(self.failed("locking the branch", source))
        })?;
        let mut moved = || match (from, to) {
            (None, Some(to)) => self.repository.reference(&name, to.0, false, "p0-gitops").map(drop),
            (Some(from), Some(to)) => {
                self.repository.reference_matching(&name, to.0, true, from.0, "p0-gitops").map(drop)
            }
            (Some(from), None) => self.repository.find_reference(&name).and_then(|mut reference| {
                // Deleting compares too, with what was just read.
                if reference.target() == Some(from.0) {
                    reference.delete()
                } else {
                    Err(git2::Error::new(git2::ErrorCode::Modified, git2::ErrorClass::Reference, "moved"))
                }
            }),
            (None, None) => Ok(()),
        };
        patiently(&mut moved).map_err(|source| match source.code() {
            git2::ErrorCode::Modified | git2::ErrorCode::Exists | git2::ErrorCode::NotFound => Unmoved::Lost,
            git2::ErrorCode::Locked => {
                let lock = git_dir.join(format!("{name}.lock")).display().to_string();
                Unmoved::Failed(GitError::Locked { branch: branch.to_owned(), lock })
            }
            _ => Unmoved::Failed(self.failed("moving a branch", source)),
        })
    }

    /// As `git push` has it: the files of a checked-out branch would not follow.
    fn check_not_checked_out(&self, branch: &str) -> Result<(), GitError> {
        let repository = &self.repository;
        let checked_out = !repository.is_bare()
            && repository.head().is_ok_and(|head| head.shorthand().ok() == Some(branch));
        let allowed = || {
            let setting =
                repository.config().and_then(|config| config.get_string("receive.denycurrentbranch"));
            setting.is_ok_and(|setting| matches!(setting.as_str(), "ignore" | "warn" | "false"))
        };
        if checked_out && !allowed() {
            return Err(GitError::CheckedOut { place: self.place(), branch: branch.to_owned() });
        }
        Ok(())
    }
}

/// What `step` comes to once no other program holds its lock, or has held it for too long.
pub(super) fn patiently(step: &mut impl FnMut() -> Result<(), git2::Error>) -> Result<(), git2::Error> {
    for _ in 0..WAITS.0 {
        match step() {
            Err(error) if error.code() == git2::ErrorCode::Locked => std::thread::sleep(WAITS.1),
            other => return other,
        }
    }
    step()
}
