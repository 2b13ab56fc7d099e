//! What was read of history before. Commits and trees never change, so whoever works on for long reads each of them once.
//!
//! Not here: what is looked for ([`super::history`]).

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};

use git2::{ObjectType, Oid, Repository, Tree};

use super::history::{Used, parse, trailers};
use super::tree::{changed_entries, subtree_id};

/// How many comparisons of trees are remembered; then all are forgotten.
const COMPARISONS: usize = 100_000;

/// The memory of one repository.
#[derive(Default)]
pub(super) struct HistoryCache {
    read: Option<Read>,
    /// Names that the first tree has and the second has not.
    lost: HashMap<[Option<Oid>; 2], Vec<String>>,
}

/// A commit whose whole past was read.
struct Read {
    head: Oid,
    commits: HashSet<Oid>,
    trailers: HashSet<String>,
}

/// A folder in one commit. It is opened only where it has to be.
struct Spot<'r> {
    id: Option<Oid>,
    tree: Option<Tree<'r>>,
}

impl HistoryCache {
    /// Those of `asked` that are values of trailers in the whole past of `head`.
    pub(super) fn trailers(
        &mut self,
        repository: &Repository,
        head: Oid,
        asked: &BTreeSet<String>,
    ) -> Result<Vec<String>, git2::Error> {
        let read = match self.read.take() {
            // A base that was rewritten has another past.
            Some(read) if read.head == head || is_behind(repository, read.head, head) => read,
            _ => Read { head, commits: HashSet::new(), trailers: HashSet::new() },
        };
        let read = read.up_to(repository, head)?;
        let found = asked.iter().filter(|name| read.trailers.contains(*name)).cloned().collect();
        self.read = Some(read);
        Ok(found)
    }

    /// Those of `asked` that the first-parent line of `from` shows, back to the last commit before `since` (Unix seconds).
    pub(super) fn line(
        &mut self,
        repository: &Repository,
        from: Oid,
        folders: &[String],
        since: i64,
        asked: &Used,
    ) -> Result<Used, git2::Error> {
        let mut found = Used::default();
        let mut commit = repository.find_commit(from)?;
        let mut spots = Vec::with_capacity(folders.len());
        for folder in folders {
            let mut spot = Spot::of(&commit.tree()?, folder)?;
            let tree = spot.open(repository)?;
            let is_there = |name: &&String| tree.is_some_and(|tree| tree.get_name(name).is_some());
            found.entries.extend(asked.entries.iter().filter(is_there).cloned());
            spots.push(spot);
        }
        loop {
            let message = [&b"\n"[..], commit.message_raw_bytes()].concat();
            found.trailers.extend(trailers(&message).filter(|name| asked.trailers.contains(name)));
            // The first commit before the time still shows what stood there when the time came.
            if commit.time().seconds() < since {
                return Ok(found);
            }
            let Ok(parent) = commit.parent(0) else { return Ok(found) };
            let tree = parent.tree()?;
            for (folder, newer) in folders.iter().zip(&mut spots) {
                let mut older = Spot::of(&tree, folder)?;
                if older.id != newer.id {
                    let lost = self.lost(repository, &mut older, newer)?;
                    found.entries.extend(lost.iter().filter(|name| asked.entries.contains(*name)).cloned());
                    *newer = older;
                }
            }
            commit = parent;
        }
    }

    fn lost<'r>(
        &mut self,
        repository: &'r Repository,
        older: &mut Spot<'r>,
        newer: &mut Spot<'r>,
    ) -> Result<&[String], git2::Error> {
        if self.lost.len() > COMPARISONS {
            self.lost.clear();
        }
        Ok(match self.lost.entry([older.id, newer.id]) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(pair) => {
                let changed = changed_entries(older.open(repository)?, newer.open(repository)?);
                let gone = changed.into_iter().filter(|(_, now)| now.is_none()).map(|(name, _)| name);
                pair.insert(gone.collect())
            }
        })
    }
}

/// Whether `head` has all that `old` has. One that cannot be found any more is behind nothing, and all is read anew.
fn is_behind(repository: &Repository, old: Oid, head: Oid) -> bool {
    repository.graph_descendant_of(head, old).is_ok_and(|found| found)
}

impl Read {
    /// Raw objects are read, because a parsed commit costs several times as much and history is long.
    fn up_to(mut self, repository: &Repository, head: Oid) -> Result<Self, git2::Error> {
        let database = repository.odb()?;
        let mut open = Vec::new();
        if self.commits.insert(head) {
            open.push(head);
        }
        while let Some(id) = open.pop() {
            let object = database.read(id)?;
            if object.kind() != ObjectType::Commit {
                continue;
            }
            let (parents, message) = parse(object.data());
            open.extend(parents.filter(|parent| self.commits.insert(*parent)));
            self.trailers.extend(trailers(message));
        }
        Ok(Self { head, ..self })
    }
}

impl<'r> Spot<'r> {
    fn of(tree: &Tree<'_>, folder: &str) -> Result<Self, git2::Error> {
        Ok(Self { id: subtree_id(tree, folder)?, tree: None })
    }

    fn open(&mut self, repository: &'r Repository) -> Result<Option<&Tree<'r>>, git2::Error> {
        if let (Some(id), None) = (self.id, &self.tree) {
            self.tree = Some(repository.find_tree(id)?);
        }
        Ok(self.tree.as_ref())
    }
}
