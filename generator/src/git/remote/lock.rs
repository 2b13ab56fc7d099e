//! The step in which a branch of a folder's repository moves: one process at a time, and one that was killed in it blocks
//! no other.
//!
//! Git guards a branch by a file `<branch>.lock`. A killed process leaves it behind, and then no process can move the
//! branch until a person deletes the file. So what moves is written down first, in a file that the system unlocks when
//! its holder is gone: a process that finds an entry there finds the locks of a process that is dead. Other programs' locks
//! are never touched. Not here: the move itself ([`super::folder`]).

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

/// Beside the repository's other files of this kind, such as `gc.pid`.
const JOURNAL: &str = "p0-gitops.moving";

/// Held while a branch moves.
pub(super) struct Moving(File);

impl Moving {
    /// Waits for others' moves, tidies up after one that was killed, and writes down that `reference` moves.
    pub(super) fn begin(git_dir: &Path, reference: &str) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let mut journal = options.read(true).append(true).create(true).open(git_dir.join(JOURNAL))?;
        journal.lock()?;
        let mut left = String::new();
        journal.read_to_string(&mut left)?;
        if git2::Reference::is_valid_name(&left) {
            for lock in [format!("{left}.lock"), "packed-refs.lock".to_owned()] {
                match std::fs::remove_file(git_dir.join(lock)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        journal.set_len(0)?;
        journal.write_all(reference.as_bytes())?;
        Ok(Self(journal))
    }
}

impl Drop for Moving {
    fn drop(&mut self) {
        // An entry that stays says that this process died, and the next one looks for locks that are not there.
        let _emptied = self.0.set_len(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_of_the_dead_go_and_those_of_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let heads = folder.path().join("refs/heads");
        std::fs::create_dir_all(&heads).unwrap();
        let (ours, theirs) = (heads.join("main.lock"), heads.join("other.lock"));
        for lock in [&ours, &theirs] {
            std::fs::write(lock, "").unwrap();
        }
        drop(Moving::begin(folder.path(), "refs/heads/main").unwrap());
        assert!(ours.exists(), "none of our processes has ended");
        // As if killed: the entry stays, and the system unlocks.
        std::fs::write(folder.path().join(JOURNAL), "refs/heads/main").unwrap();
        drop(Moving::begin(folder.path(), "refs/heads/next").unwrap());
        assert!(!ours.exists());
        assert!(theirs.exists());
        assert_eq!(std::fs::read_to_string(folder.path().join(JOURNAL)).unwrap(), "");
    }

    #[test]
    fn an_entry_that_is_no_reference_removes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file.lock"), "").unwrap();
        std::fs::write(folder.path().join(JOURNAL), "refs/../file").unwrap();
        drop(Moving::begin(folder.path(), "refs/heads/main").unwrap());
        assert!(folder.path().join("file.lock").exists());
    }
}
