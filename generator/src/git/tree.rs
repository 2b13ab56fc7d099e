//! Trees: reading files out of commits, and what edits make of a tree.
//!
//! Files are found by the bytes of their paths, in trees of any order. Not here: what differs between two trees ([`diff`]).

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use git2::{ObjectType, Oid, Repository, Tree, TreeBuilder, TreeEntry};
use p0_access::change::{Edit, File, FileMode};
use raw::RawEntry;

use super::GitError;

pub(super) mod diff;
pub(super) mod flaw;
pub(super) mod raw;

pub use diff::TreeDiff;
pub use flaw::TreeFlaw;

const REGULAR: i32 = 0o100_644;
const FOLDER: i32 = 0o040_000;

/// The file at `path`; `None` where there is none.
pub(super) fn read_file(
    repository: &Repository,
    tree: &Tree<'_>,
    path: &str,
) -> Result<Option<File>, git2::Error> {
    let found = raw::find(repository, tree.id(), path.as_bytes())?;
    found.filter(|entry| !entry.is_folder()).map(|entry| diff::file(repository, &entry)).transpose()
}

/// What stands at `path`; `None` where there is nothing. What is no folder and stands where one on the way should be, such as a
/// link, is found as well, and is no file: whoever takes nothing for permission must not take this for nothing.
pub(super) fn entry(
    repository: &Repository,
    tree: &Tree<'_>,
    path: &str,
) -> Result<Option<(Oid, FileMode)>, git2::Error> {
    if let Some(entry) = raw::find(repository, tree.id(), path.as_bytes())? {
        return Ok(Some((entry.id, FileMode::from_bits(entry.mode))));
    }
    for (end, _) in path.match_indices('/') {
        let way = path.as_bytes().get(..end).unwrap_or_default();
        match raw::find(repository, tree.id(), way)? {
            Some(entry) if entry.is_folder() => {}
            Some(entry) => return Ok(Some((entry.id, FileMode::Other(entry.mode)))),
            None => return Ok(None),
        }
    }
    Ok(None)
}

/// The names of the entries of `folder`, in the order in which they are written; none where there is no such folder.
pub(super) fn list(
    repository: &Repository,
    tree: &Tree<'_>,
    folder: &str,
) -> Result<Vec<String>, git2::Error> {
    let Some(folder) = subtree_id(repository, tree, folder)? else { return Ok(Vec::new()) };
    let names = raw::entries(repository, folder)?.into_iter();
    Ok(names.map(|entry| String::from_utf8_lossy(&entry.name).into_owned()).collect())
}

/// The tree at `folder`.
pub(super) fn subtree<'r>(
    repository: &'r Repository,
    tree: &Tree<'_>,
    folder: &str,
) -> Result<Option<Tree<'r>>, git2::Error> {
    subtree_id(repository, tree, folder)?.map(|id| repository.find_tree(id)).transpose()
}

/// Which tree is at `folder`.
pub(super) fn subtree_id(
    repository: &Repository,
    tree: &Tree<'_>,
    folder: &str,
) -> Result<Option<Oid>, git2::Error> {
    let found = raw::find(repository, tree.id(), folder.as_bytes())?;
    Ok(found.filter(RawEntry::is_folder).map(|entry| entry.id))
}

/// The files of `folder`, links among them; none where there is no such folder.
pub(super) fn files(
    repository: &Repository,
    tree: &Tree<'_>,
    folder: &str,
) -> Result<Vec<(String, Oid)>, git2::Error> {
    let Some(folder) = subtree_id(repository, tree, folder)? else { return Ok(Vec::new()) };
    let is_file = |entry: &RawEntry| !entry.is_folder() && entry.mode != FileMode::Submodule.bits();
    let files = raw::entries(repository, folder)?.into_iter().filter(is_file);
    Ok(files.map(|entry| (String::from_utf8_lossy(&entry.name).into_owned(), entry.id)).collect())
}

/// What is wrong with the folders on the way to `folder`, and with it; the root is called `.`.
pub(super) fn flaws_on_the_way(
    repository: &Repository,
    tree: &Tree<'_>,
    folder: &str,
) -> Result<Vec<(String, TreeFlaw)>, git2::Error> {
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    let mut found = Vec::new();
    for way in std::iter::once(".").chain(ends.filter_map(|end| folder.get(..end))) {
        let id = if way == "." { Some(tree.id()) } else { subtree_id(repository, tree, way)? };
        let Some(id) = id else { break };
        let flaws = flaw::flaws(&raw::entries(repository, id)?);
        found.extend(flaws.into_iter().map(|flaw| (way.to_owned(), flaw)));
    }
    Ok(found)
}

/// The entries in which two folders differ, with what stands there in the second. What is no file, such as a folder or another
/// repository, has the id of nothing: it cannot be read as a file.
pub(super) fn changed_entries(
    old: Option<&Tree<'_>>,
    new: Option<&Tree<'_>>,
) -> BTreeMap<String, Option<Oid>> {
    let name = |entry: &TreeEntry<'_>| String::from_utf8_lossy(entry.name_bytes()).into_owned();
    let content = |entry: &TreeEntry<'_>| match entry.kind() {
        Some(ObjectType::Blob) => entry.id(),
        _ => Oid::ZERO_SHA1,
    };
    // A file that makes room for a folder of its name is one change: what stands there now counts.
    let mut found = BTreeMap::new();
    let (mut old, mut new) = (old.into_iter().flatten().peekable(), new.into_iter().flatten().peekable());
    while let Some(order) = order(old.peek(), new.peek()) {
        match (order, old.next_if(|_| order.is_le()), new.next_if(|_| order.is_ge())) {
            (Ordering::Equal, Some(before), Some(after)) if before.id() == after.id() => {}
            (_, _, Some(after)) => drop(found.insert(name(&after), Some(content(&after)))),
            (_, Some(before), None) => drop(found.entry(name(&before)).or_insert(None)),
            (_, None, None) => break,
        }
    }
    found
}

/// Which of two entries comes first in Git's order; nothing where both folders are at their end.
fn order(old: Option<&TreeEntry<'_>>, new: Option<&TreeEntry<'_>>) -> Option<Ordering> {
    match (old, new) {
        (None, None) => None,
        (Some(_), None) => Some(Ordering::Less),
        (None, Some(_)) => Some(Ordering::Greater),
        (Some(old), Some(new)) => Some(old.cmp(new)),
    }
}

/// The tree that `edits` make of `tree`, written to the object database. A folder that becomes empty goes.
pub(super) fn apply(repository: &Repository, tree: &Tree<'_>, edits: &[Edit]) -> Result<Oid, GitError> {
    let mut root = tree.id();
    for edit in edits {
        let (path, new) = match edit {
            Edit::Put { path, bytes } => (path, Some((repository.blob(bytes).map_err(failed)?, REGULAR))),
            Edit::PutBack { path, file } => {
                let mode = i32::try_from(file.mode.bits()).unwrap_or(REGULAR);
                (path, Some((repository.blob(&file.bytes).map_err(failed)?, mode)))
            }
            Edit::Delete { path } => (path, None),
            Edit::Retain { folder, names } => (folder, retained(repository, root, folder, names)?),
        };
        let parts: Vec<&str> = path.split('/').collect();
        root = set(repository, Some(root), &parts, new, path)?.map_or_else(|| empty(repository), Ok)?;
    }
    Ok(root)
}

/// The folder with only those of its regular files that are called so; nothing where none is left.
fn retained(
    repository: &Repository,
    root: Oid,
    folder: &str,
    names: &BTreeSet<String>,
) -> Result<Option<(Oid, i32)>, GitError> {
    let root = repository.find_tree(root).map_err(failed)?;
    let tree = subtree_id(repository, &root, folder).map_err(failed)?;
    let Some(tree) = tree else { return Ok(None) };
    let mut builder = repository.treebuilder(None).map_err(failed)?;
    for entry in raw::entries(repository, tree).map_err(failed)? {
        let named = std::str::from_utf8(&entry.name).is_ok_and(|name| names.contains(name));
        if named && i32::try_from(entry.mode) == Ok(REGULAR) {
            builder.insert(entry.name.as_slice(), entry.id, REGULAR).map_err(failed)?;
        }
    }
    if builder.is_empty() { Ok(None) } else { builder.write().map(|id| Some((id, FOLDER))).map_err(failed) }
}

/// The tree with `parts` set to `new` or removed; `None` where nothing is left. What is removed may be a folder.
fn set(
    repository: &Repository,
    tree: Option<Oid>,
    parts: &[&str],
    new: Option<(Oid, i32)>,
    path: &str,
) -> Result<Option<Oid>, GitError> {
    let Some((name, rest)) = parts.split_first() else { return Ok(tree) };
    let tree = tree.map(|id| repository.find_tree(id)).transpose().map_err(failed)?;
    let mut builder = match &tree {
        // The last folder may be large, and is written anew as a whole where it is not sound.
        Some(tree) if !rest.is_empty() => sound_builder(repository, tree).map_err(failed)?,
        tree => repository.treebuilder(tree.as_ref()).map_err(failed)?,
    };
    let entry = builder.get(name).map_err(failed)?.map(|entry| (entry.id(), entry.filemode()));
    let inside =
        |id: Option<Oid>| Ok::<_, GitError>(set(repository, id, rest, new, path)?.map(|id| (id, FOLDER)));
    let placed = match (rest.is_empty(), entry, new) {
        (true, Some((_, FOLDER)), Some((_, REGULAR))) => return Err(GitError::PathInTheWay(path.to_owned())),
        (true, _, _) => new,
        (false, Some((id, FOLDER)), _) => inside(Some(id))?,
        (false, Some(_), Some(_)) => return Err(GitError::PathInTheWay(path.to_owned())),
        // There is no such path, so there is nothing to remove.
        (false, Some(_) | None, None) => return Ok(tree.map(|tree| tree.id())),
        (false, None, Some(_)) => inside(None)?,
    };
    match placed {
        Some((id, mode)) => drop(builder.insert(name, id, mode).map_err(failed)?),
        None if entry.is_some() => builder.remove(name).map_err(failed)?,
        None => {}
    }
    if builder.is_empty() { Ok(None) } else { builder.write().map(Some).map_err(failed) }
}

/// A builder with the entries of `tree`; of a tree that programs read differently, with what all of them see first.
fn sound_builder<'r>(repository: &'r Repository, tree: &Tree<'_>) -> Result<TreeBuilder<'r>, git2::Error> {
    let entries = raw::entries(repository, tree.id())?;
    if flaw::flaws(&entries).is_empty() {
        return repository.treebuilder(Some(tree));
    }
    let mut builder = repository.treebuilder(None)?;
    for entry in entries.iter().filter(|entry| !flaw::is_forbidden(&entry.name)) {
        let name = entry.name.as_slice();
        let is_first = builder.get(name)?.is_none();
        if let Some(mode) = i32::try_from(entry.mode).ok().filter(|_| is_first) {
            builder.insert(name, entry.id, mode)?;
        }
    }
    Ok(builder)
}

fn empty(repository: &Repository) -> Result<Oid, GitError> {
    repository.treebuilder(None).and_then(|builder| builder.write()).map_err(failed)
}

fn failed(source: git2::Error) -> GitError {
    GitError::at("the object database", "writing a tree", source)
}
