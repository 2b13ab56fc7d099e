//! The walk along the line: one thread goes back from commit to commit, the others look into those that it has passed.
//!
//! Not here: what is looked at in a commit.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use git2::{Oid, Repository};
use jiff::Timestamp;

use super::folders::Folders;
use super::{CommitId, Step};

/// Commits that are looked into at once.
const STRETCH: usize = 512;

/// A commit that is not looked into yet.
struct Link {
    commit: Oid,
    seconds: i64,
    tree: Oid,
}

/// Commits that follow each other, newest first.
struct Stretch {
    /// How many stretches are newer.
    newer: usize,
    links: Vec<Link>,
    /// The tree that the oldest of them found.
    before: Option<Oid>,
}

/// A stretch that was looked into: how many are newer, and its commits, oldest first.
type Walked = (usize, Vec<Step>);

/// The line of `head`, oldest commit first.
pub(super) fn steps(
    repository: &Repository,
    head: Oid,
    root: &str,
    leaf: &str,
) -> Result<Vec<Step>, git2::Error> {
    let place = repository.path();
    let (passed, queue) = channel();
    let queue = Mutex::new(queue);
    let mut seen = std::thread::scope(|scope| {
        // A handle is one thread's.
        let look = || look(&Repository::open(place)?, &queue, root, leaf);
        let others: Vec<_> = (1..cores()).map(|_| scope.spawn(look)).collect();
        let walked = walk(repository, head, &passed);
        drop(passed);
        let mut seen = look()?;
        for other in others {
            seen.extend(other.join().unwrap_or_else(|_| Err(broken()))?);
        }
        walked.map(|()| seen)
    })?;
    seen.sort_by_key(|(newer, _)| std::cmp::Reverse(*newer));
    Ok(seen.into_iter().flat_map(|(_, steps)| steps).collect())
}

/// How many threads are worth having.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A thread has panicked.
pub(super) fn broken() -> git2::Error {
    git2::Error::from_str("a thread that read history broke off")
}

/// Passes on every commit from `head` back. The reader ends when `passed` is dropped.
fn walk(repository: &Repository, head: Oid, passed: &Sender<Stretch>) -> Result<(), git2::Error> {
    let mut commit = Some(repository.find_commit(head)?);
    let mut stretch = Stretch { newer: 0, links: Vec::new(), before: None };
    while let Some(current) = commit {
        let link = Link { commit: current.id(), seconds: current.time().seconds(), tree: current.tree_id() };
        stretch.links.push(link);
        commit = current.parent(0).ok();
        if let Some(parent) = commit.as_ref().filter(|_| stretch.links.len() == STRETCH) {
            let next = Stretch { newer: stretch.newer + 1, links: Vec::new(), before: None };
            let full = Stretch { before: Some(parent.tree_id()), ..std::mem::replace(&mut stretch, next) };
            passed.send(full).map_err(|_| broken())?;
        }
    }
    passed.send(stretch).map_err(|_| broken())
}

/// Looks into one stretch after the other until there are no more.
fn look(
    repository: &Repository,
    queue: &Mutex<Receiver<Stretch>>,
    root: &str,
    leaf: &str,
) -> Result<Vec<Walked>, git2::Error> {
    let mut seen = Vec::new();
    loop {
        let next = queue.lock().map_err(|_| broken())?.recv();
        let Ok(stretch) = next else { return Ok(seen) };
        seen.push((stretch.newer, look_into(repository, &stretch, root, leaf)?));
    }
}

fn look_into(
    repository: &Repository,
    stretch: &Stretch,
    root: &str,
    leaf: &str,
) -> Result<Vec<Step>, git2::Error> {
    let mut folders = Folders::new(repository, root, leaf);
    if let Some(before) = stretch.before {
        folders.advance(before)?;
    }
    let mut steps = Vec::with_capacity(stretch.links.len());
    for link in stretch.links.iter().rev() {
        let changes = folders.advance(link.tree)?;
        let at = Timestamp::from_second(link.seconds).unwrap_or(Timestamp::UNIX_EPOCH);
        steps.push(Step { commit: CommitId(link.commit), at, changes });
    }
    Ok(steps)
}
