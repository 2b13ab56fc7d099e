//! The first-parent line of a branch: what its commits changed in folders of one shape. Not here: what the files mean.

use std::collections::BTreeMap;

use git2::{Oid, Repository, Tree};
use jiff::Timestamp;

use super::{CommitId, GitError, Remote, tree};

/// A file's content, not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(Oid);

/// One commit of the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub commit: CommitId,
    /// When its committer says.
    pub at: Timestamp,
    /// Paths that it changed, with what stood there afterwards.
    pub changes: Vec<(String, Option<BlobId>)>,
}

/// The entries of each folder, by the folder's path.
type Folders = BTreeMap<String, Oid>;

impl Remote {
    /// What the commits on the first-parent line of `head` changed in the folders `root/*/leaf`, oldest first. Commits that
    /// changed nothing there are among them: they are what a rewritten line lacks.
    ///
    /// # Errors
    /// [`GitError::Shallow`] where the history is cut off.
    pub fn line(&self, head: CommitId, root: &str, leaf: &str) -> Result<Vec<Step>, GitError> {
        if self.repository.is_shallow() {
            return Err(GitError::Shallow);
        }
        read(&self.repository, head.0, root, leaf).map_err(|source| self.failed("reading history", source))
    }

    /// The commits from `old`, which is not among them, to `new` on its first-parent line, oldest first, with the times that
    /// their committers say; nothing where `old` is not on that line.
    ///
    /// # Errors
    /// [`GitError`] where a commit cannot be read.
    pub fn since(
        &self,
        old: CommitId,
        new: CommitId,
    ) -> Result<Option<Vec<(CommitId, Timestamp)>>, GitError> {
        let walk = || {
            let mut steps = Vec::new();
            let mut commit = self.repository.find_commit(new.0)?;
            while commit.id() != old.0 {
                let at = Timestamp::from_second(commit.time().seconds()).unwrap_or(Timestamp::UNIX_EPOCH);
                steps.push((CommitId(commit.id()), at));
                match commit.parent(0) {
                    Ok(parent) => commit = parent,
                    Err(_) => return Ok(None),
                }
            }
            steps.reverse();
            Ok(Some(steps))
        };
        walk().map_err(|source| self.failed("reading what was pushed", source))
    }

    /// What a file held.
    ///
    /// # Errors
    /// [`GitError`] where the object cannot be read.
    pub fn blob(&self, id: BlobId) -> Result<Vec<u8>, GitError> {
        let blob = self.repository.find_blob(id.0);
        blob.map(|blob| blob.content().to_vec()).map_err(|source| self.failed("reading a file", source))
    }

    /// Whether `commit` is `newer` or behind it.
    ///
    /// # Errors
    /// [`GitError`] where history cannot be read.
    pub fn contains(&self, newer: CommitId, commit: CommitId) -> Result<bool, GitError> {
        if newer == commit {
            return Ok(true);
        }
        let found = self.repository.graph_descendant_of(newer.0, commit.0);
        found.map_err(|source| self.failed("reading history", source))
    }

    /// The files in the folders `root/*/leaf` of `commit`.
    ///
    /// # Errors
    /// [`GitError`] where the commit cannot be read.
    pub fn files(&self, commit: CommitId, root: &str, leaf: &str) -> Result<Vec<(String, BlobId)>, GitError> {
        let all = || {
            let tree = self.repository.find_commit(commit.0)?.tree()?;
            let now = folders(&self.repository, &tree, root, leaf)?;
            let changes = changes(&self.repository, &Folders::new(), &now)?;
            Ok(changes.into_iter().filter_map(|(path, blob)| Some((path, blob?))).collect())
        };
        all().map_err(|source| self.failed("reading a folder", source))
    }
}

/// A commit of the line that is not looked into yet: which, its committer's time in Unix seconds, its tree.
type Link = (Oid, i64, Oid);

/// Walks back once, and looks into the commits on every core: each share starts where the one before it ends.
fn read(repository: &Repository, head: Oid, root: &str, leaf: &str) -> Result<Vec<Step>, git2::Error> {
    let mut line: Vec<Link> = Vec::new();
    let mut commit = Some(repository.find_commit(head)?);
    while let Some(current) = commit {
        let parent = current.parent(0).ok();
        line.push((current.id(), current.time().seconds(), current.tree_id()));
        commit = parent;
    }
    line.reverse();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = line.len().div_ceil(cores).max(1);
    let place = repository.path();
    let steps = std::thread::scope(|scope| {
        let mut before = None;
        let mut started = Vec::new();
        for links in line.chunks(share) {
            let from = before;
            before = links.last().map(|(_, _, tree)| *tree);
            // A handle is one thread's.
            started.push(scope.spawn(move || look_into(&Repository::open(place)?, from, links, root, leaf)));
        }
        let ended = started.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err(git2::Error::from_str("a thread that read history broke off")))
        });
        ended.collect::<Result<Vec<_>, _>>()
    })?;
    Ok(steps.into_iter().flatten().collect())
}

/// What each of `links` changed; `before` is the tree that the first of them found.
fn look_into(
    repository: &Repository,
    before: Option<Oid>,
    links: &[Link],
    root: &str,
    leaf: &str,
) -> Result<Vec<Step>, git2::Error> {
    let root_of = |tree: &Tree<'_>| tree.get_name(root).map(|entry| entry.id());
    let (mut last_root, mut last) = (None, Folders::new());
    if let Some(tree) = before {
        let tree = repository.find_tree(tree)?;
        (last_root, last) = (root_of(&tree), folders(repository, &tree, root, leaf)?);
    }
    let mut steps = Vec::with_capacity(links.len());
    for (commit, seconds, tree) in links {
        let tree = repository.find_tree(*tree)?;
        let own_root = root_of(&tree);
        let mut changed = Vec::new();
        if own_root != last_root {
            let now = folders(repository, &tree, root, leaf)?;
            changed = changes(repository, &last, &now)?;
            (last_root, last) = (own_root, now);
        }
        let at = Timestamp::from_second(*seconds).unwrap_or(Timestamp::UNIX_EPOCH);
        steps.push(Step { commit: CommitId(*commit), at, changes: changed });
    }
    Ok(steps)
}

/// The trees at `root/*/leaf`.
fn folders(repository: &Repository, tree: &Tree<'_>, root: &str, leaf: &str) -> Result<Folders, git2::Error> {
    let Some(root_tree) = tree::subtree(repository, tree, root)? else { return Ok(Folders::new()) };
    let mut found = Folders::new();
    for entry in &root_tree {
        let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
        if let Some(folder) = tree::subtree(repository, &root_tree, &format!("{name}/{leaf}"))? {
            found.insert(format!("{root}/{name}/{leaf}"), folder.id());
        }
    }
    Ok(found)
}

/// Every file that differs between two states of the folders. Equal folders are never opened.
fn changes(
    repository: &Repository,
    old: &Folders,
    new: &Folders,
) -> Result<Vec<(String, Option<BlobId>)>, git2::Error> {
    let mut changes = Vec::new();
    for folder in old.keys().chain(new.keys().filter(|folder| !old.contains_key(*folder))) {
        let (before, after) = (old.get(folder), new.get(folder));
        if before == after {
            continue;
        }
        let entries = |id: Option<&Oid>| id.map_or_else(|| Ok(Vec::new()), |id| entries(repository, *id));
        differences(folder, &entries(before)?, &entries(after)?, &mut changes);
    }
    Ok(changes)
}

/// The entries of a folder in the order of their names. What is no file, such as a folder or a link, has an id too.
fn entries(repository: &Repository, folder: Oid) -> Result<Vec<(Vec<u8>, Oid)>, git2::Error> {
    let tree = repository.find_tree(folder)?;
    let mut entries: Vec<_> = tree.iter().map(|entry| (entry.name_bytes().to_vec(), entry.id())).collect();
    // Git sorts folders as if their names ended with a slash.
    entries.sort();
    Ok(entries)
}

fn differences(
    folder: &str,
    old: &[(Vec<u8>, Oid)],
    new: &[(Vec<u8>, Oid)],
    changes: &mut Vec<(String, Option<BlobId>)>,
) {
    let path = |name: &[u8]| format!("{folder}/{}", String::from_utf8_lossy(name));
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    loop {
        match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some((name, _)), other) if other.is_none_or(|(own, _)| name < own) => {
                changes.push((path(name), None));
                old.next();
            }
            (Some((name, before)), Some((own, after))) if name == own => {
                if before != after {
                    changes.push((path(name), Some(BlobId(*after))));
                }
                old.next();
                new.next();
            }
            (_, Some((own, after))) => {
                changes.push((path(own), Some(BlobId(*after))));
                new.next();
            }
            (Some(_), None) => return,
        }
    }
}
