//! What differs between two trees, as their bytes have it, and what is wrong with the trees that are new.
//!
//! Equal subtrees are never opened, so what was wrong before is not told again. Not here: what follows from it.

use std::collections::BTreeMap;

use git2::{Oid, Repository};
use p0_access::change::{File, FileChange, FileMode};

use super::flaw::{TreeFlaw, flaws};
use super::raw::{self, RawEntry};

/// The paths that differ between two trees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeDiff {
    /// The files. Renames are a deletion and an addition.
    pub files: Vec<FileChange>,
    /// What is wrong with folders of the second tree that differ from the first.
    pub flaws: Vec<(String, TreeFlaw)>,
}

/// The entries of one name: one, where the tree is sound.
type ByName = BTreeMap<Vec<u8>, Vec<RawEntry>>;

/// Compares two trees.
pub(in crate::git) fn diff(repository: &Repository, old: Oid, new: Oid) -> Result<TreeDiff, git2::Error> {
    let mut found = TreeDiff::default();
    compare(repository, Some(old), Some(new), &[], &mut found)?;
    Ok(found)
}

fn compare(
    repository: &Repository,
    old: Option<Oid>,
    new: Option<Oid>,
    folder: &[u8],
    found: &mut TreeDiff,
) -> Result<(), git2::Error> {
    if old == new {
        return Ok(());
    }
    let read = |id: Option<Oid>| id.map_or(Ok(Vec::new()), |id| raw::entries(repository, id));
    let (old, new) = (read(old)?, read(new)?);
    let shown = String::from_utf8_lossy(if folder.is_empty() { b"." } else { folder }).into_owned();
    found.flaws.extend(flaws(&new).into_iter().map(|flaw| (shown.clone(), flaw)));
    let (old, mut new) = (by_name(old), by_name(new));
    for (name, before) in old {
        let after = new.remove(&name).unwrap_or_default();
        compare_entries(repository, &before, &after, &joined(folder, &name), found)?;
    }
    for (name, after) in new {
        compare_entries(repository, &[], &after, &joined(folder, &name), found)?;
    }
    Ok(())
}

/// What stands at one path before and after. A file in place of a folder is a change of both.
fn compare_entries(
    repository: &Repository,
    before: &[RawEntry],
    after: &[RawEntry],
    path: &[u8],
    found: &mut TreeDiff,
) -> Result<(), git2::Error> {
    let same = |one: &RawEntry, other: &RawEntry| (one.mode, one.id) == (other.mode, other.id);
    for at in 0..before.len().max(after.len()) {
        let (old, new) = (before.get(at), after.get(at));
        if old.zip(new).is_some_and(|(old, new)| same(old, new)) {
            continue;
        }
        let folder = |entry: Option<&RawEntry>| entry.filter(|entry| entry.is_folder()).map(|entry| entry.id);
        compare(repository, folder(old), folder(new), path, found)?;
        let file = |entry: Option<&RawEntry>| {
            entry.filter(|entry| !entry.is_folder()).map(|entry| file(repository, entry)).transpose()
        };
        let (old, new) = (file(old)?, file(new)?);
        if old.is_some() || new.is_some() {
            let path = String::from_utf8_lossy(path).into_owned();
            found.files.push(FileChange { path, before: old, after: new });
        }
    }
    Ok(())
}

/// A submodule's commit is not in this repository: it has a mode and no bytes.
pub(in crate::git) fn file(repository: &Repository, entry: &RawEntry) -> Result<File, git2::Error> {
    let mode = FileMode::from_bits(entry.mode);
    let bytes = match mode {
        FileMode::Submodule => entry.id.to_string().into_bytes(),
        _ => repository.find_blob(entry.id)?.content().to_vec(),
    };
    Ok(File { mode, bytes })
}

fn by_name(entries: Vec<RawEntry>) -> ByName {
    let mut all = ByName::new();
    for entry in entries {
        all.entry(entry.name.clone()).or_default().push(entry);
    }
    all
}

fn joined(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}
