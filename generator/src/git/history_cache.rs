//! What was read of history before. Commits and trees never change, so a process that runs for long reads each of them once.
//!
//! Commit dates are their authors' word. The search for what stood there stops at a commit only where neither it nor any commit
//! before it says a later time: a date that is too early cannot end it, and one that is too late makes it longer. Not here: what
//! is looked for ([`super::history`]).

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};

use git2::{ObjectType, Oid, Repository, Tree};

use super::traces::{Traces, committed_at, parse, trailers};
use super::tree::{changed_entries, raw};

/// How many comparisons of trees are remembered; then all are forgotten.
const COMPARISONS: usize = 100_000;

/// The memory of one repository.
#[derive(Default)]
pub(super) struct HistoryCache {
    read: Option<Read>,
    line: Option<FirstParentLine>,
    /// Names that the first tree has and the second has not.
    lost: HashMap<[Option<Oid>; 2], Vec<String>>,
}

/// A commit whose whole past was read.
struct Read {
    head: Oid,
    commits: HashSet<Oid>,
    /// The commits that have a trailer with this value.
    named: HashMap<String, Vec<Oid>>,
}

/// A first-parent line, oldest commit first, each with the latest time that it or a commit before it says.
struct FirstParentLine(Vec<(Oid, i64)>);

/// The folders `root/*/leaf` of one commit, by the name between.
type Spots = HashMap<Vec<u8>, Oid>;

impl HistoryCache {
    /// The trailers of `traces` that a commit in the whole past of `head` has which touched their file.
    pub(super) fn named(
        &mut self,
        repository: &Repository,
        head: Oid,
        traces: &Traces<'_>,
    ) -> Result<BTreeSet<String>, git2::Error> {
        let read = match self.read.take() {
            // A base that was rewritten has another past.
            Some(read) if read.head == head || is_behind(repository, read.head, head) => read,
            _ => Read { head, commits: HashSet::new(), named: HashMap::new() },
        };
        let read = read.up_to(repository, head)?;
        let mut found = BTreeSet::new();
        for (trailer, file) in &traces.files {
            for commit in read.named.get(trailer).into_iter().flatten() {
                if touches(repository, *commit, traces, file)? {
                    found.insert(trailer.clone());
                    break;
                }
            }
        }
        self.read = Some(read);
        Ok(found)
    }

    /// The trailers of `traces` whose files stand in the folders at `head`, or went from them on its first-parent line since
    /// `since` (Unix seconds).
    pub(super) fn stood(
        &mut self,
        repository: &Repository,
        head: Oid,
        since: i64,
        traces: &Traces<'_>,
    ) -> Result<BTreeSet<String>, git2::Error> {
        let line = match self.line.take() {
            Some(line) => line.up_to(repository, head)?,
            None => FirstParentLine(Vec::new()).up_to(repository, head)?,
        };
        let mut newer = spots(repository, head, traces)?;
        let mut names = BTreeSet::new();
        for spot in newer.values() {
            let tree = repository.find_tree(*spot)?;
            names.extend(traces.files.values().filter(|name| tree.get_name(name).is_some()).cloned());
        }
        // The first commit before the time still shows what stood there when the time came.
        let steps = line.0.iter().rev().zip(line.0.iter().rev().skip(1));
        for (_, (commit, _)) in steps.take_while(|((_, latest), _)| *latest >= since) {
            let older = spots(repository, *commit, traces)?;
            for (folder, old) in &older {
                let new = newer.get(folder).copied();
                if new != Some(*old) {
                    let lost = self.lost(repository, *old, new)?;
                    names.extend(traces.files.values().filter(|name| lost.contains(name)).cloned());
                }
            }
            newer = older;
        }
        self.line = Some(line);
        let is_found = |(_, file): &(&String, &String)| names.contains(*file);
        Ok(traces.files.iter().filter(is_found).map(|(trailer, _)| trailer.clone()).collect())
    }

    fn lost(
        &mut self,
        repository: &Repository,
        older: Oid,
        newer: Option<Oid>,
    ) -> Result<&[String], git2::Error> {
        if self.lost.len() > COMPARISONS {
            self.lost.clear();
        }
        Ok(match self.lost.entry([Some(older), newer]) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(pair) => {
                let older: Tree<'_> = repository.find_tree(older)?;
                let newer = newer.map(|newer| repository.find_tree(newer)).transpose()?;
                let changed = changed_entries(Some(&older), newer.as_ref());
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

/// The folders of `traces` in a commit.
fn spots(repository: &Repository, commit: Oid, traces: &Traces<'_>) -> Result<Spots, git2::Error> {
    let tree = repository.find_commit(commit)?.tree_id();
    let root = raw::find(repository, tree, traces.root.as_bytes())?;
    let Some(root) = root.filter(raw::RawEntry::is_folder) else { return Ok(Spots::new()) };
    let mut spots = Spots::new();
    for entry in raw::entries(repository, root.id)?.into_iter().filter(raw::RawEntry::is_folder) {
        let leaf = raw::find(repository, entry.id, traces.leaf.as_bytes())?;
        if let Some(leaf) = leaf.filter(raw::RawEntry::is_folder) {
            spots.insert(entry.name, leaf.id);
        }
    }
    Ok(spots)
}

/// Whether a commit changed what stands under the name `file` in one of the folders, compared with any of its parents.
fn touches(
    repository: &Repository,
    commit: Oid,
    traces: &Traces<'_>,
    file: &str,
) -> Result<bool, git2::Error> {
    let files = |commit: Oid| -> Result<HashMap<Vec<u8>, Oid>, git2::Error> {
        let mut files = HashMap::new();
        for (folder, spot) in spots(repository, commit, traces)? {
            let found = raw::find(repository, spot, file.as_bytes())?;
            files.extend(found.map(|entry| (folder, entry.id)));
        }
        Ok(files)
    };
    let own = files(commit)?;
    let parents: Vec<Oid> = repository.find_commit(commit)?.parent_ids().collect();
    if parents.is_empty() {
        return Ok(!own.is_empty());
    }
    for parent in parents {
        if files(parent)? != own {
            return Ok(true);
        }
    }
    Ok(false)
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
            trailers(message).for_each(|name| self.named.entry(name).or_default().push(id));
        }
        Ok(Self { head, ..self })
    }
}

impl FirstParentLine {
    /// The line of `head`. What is known of it is not read again; of a base that was rewritten, what is left of it.
    fn up_to(mut self, repository: &Repository, head: Oid) -> Result<Self, git2::Error> {
        let known: HashMap<Oid, usize> =
            self.0.iter().enumerate().map(|(place, (commit, _))| (*commit, place)).collect();
        let database = repository.odb()?;
        let (mut new, mut commit) = (Vec::new(), Some(head));
        while let Some(id) = commit.filter(|id| !known.contains_key(id)) {
            let object = database.read(id)?;
            new.push((id, committed_at(object.data())));
            commit = parse(object.data()).0.next();
        }
        self.0.truncate(commit.and_then(|id| known.get(&id)).map_or(0, |place| place + 1));
        for (id, at) in new.into_iter().rev() {
            let latest = self.0.last().map_or(at, |(_, latest)| at.max(*latest));
            self.0.push((id, latest));
        }
        Ok(self)
    }
}
