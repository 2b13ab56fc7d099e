//! Trees: reading files out of commits, what differs between two, and what edits make of one.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use git2::{ObjectType, Oid, Repository, Tree, TreeEntry};
use p0_access::change::{Edit, File, FileChange, FileMode};

use super::GitError;

const REGULAR: i32 = 0o100_644;
const FOLDER: i32 = 0o040_000;

/// The file at `path`; `None` where there is none.
pub(super) fn read_file(
    repository: &Repository,
    tree: &Tree<'_>,
    path: &str,
) -> Result<Option<File>, git2::Error> {
    match tree.get_path(std::path::Path::new(path)) {
        Ok(entry) if entry.kind() != Some(ObjectType::Tree) => {
            Ok(Some(file(repository, entry.id(), entry.filemode_raw())?))
        }
        Ok(_) => Ok(None),
        Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What stands at `path`; `None` where there is nothing, or a folder.
pub(super) fn entry(tree: &Tree<'_>, path: &str) -> Result<Option<(Oid, FileMode)>, git2::Error> {
    match tree.get_path(std::path::Path::new(path)) {
        Ok(entry) if entry.kind() != Some(ObjectType::Tree) => Ok(Some((entry.id(), mode(&entry)))),
        Ok(_) => Ok(None),
        Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn mode(entry: &TreeEntry<'_>) -> FileMode {
    FileMode::from_bits(u32::try_from(entry.filemode_raw()).unwrap_or_default())
}

/// The names of the entries of `folder`, in Git's order; none where there is no such folder.
pub(super) fn list(
    repository: &Repository,
    tree: &Tree<'_>,
    folder: &str,
) -> Result<Vec<String>, git2::Error> {
    let Some(folder) = subtree(repository, tree, folder)? else { return Ok(Vec::new()) };
    Ok(folder.iter().map(|entry| String::from_utf8_lossy(entry.name_bytes()).into_owned()).collect())
}

/// The tree at `folder`.
pub(super) fn subtree<'r>(
    repository: &'r Repository,
    tree: &Tree<'_>,
    folder: &str,
) -> Result<Option<Tree<'r>>, git2::Error> {
    subtree_id(tree, folder)?.map(|id| repository.find_tree(id)).transpose()
}

/// Which tree is at `folder`; it is not opened.
pub(super) fn subtree_id(tree: &Tree<'_>, folder: &str) -> Result<Option<Oid>, git2::Error> {
    match tree.get_path(std::path::Path::new(folder)) {
        Ok(entry) => Ok((entry.kind() == Some(ObjectType::Tree)).then(|| entry.id())),
        Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The files of `folder`, links among them; none where there is no such folder.
pub(super) fn files(
    repository: &Repository,
    tree: &Tree<'_>,
    folder: &str,
) -> Result<Vec<(String, Oid)>, git2::Error> {
    let Some(folder) = subtree(repository, tree, folder)? else { return Ok(Vec::new()) };
    let files = folder.iter().filter(|entry| entry.kind() == Some(ObjectType::Blob));
    Ok(files.map(|entry| (String::from_utf8_lossy(entry.name_bytes()).into_owned(), entry.id())).collect())
}

/// The entries in which two folders differ, with what stands there in the second. What is no file, such as a folder or a
/// link, has an id too.
pub(super) fn changed_entries(
    old: Option<&Tree<'_>>,
    new: Option<&Tree<'_>>,
) -> BTreeMap<String, Option<Oid>> {
    let name = |entry: &TreeEntry<'_>| String::from_utf8_lossy(entry.name_bytes()).into_owned();
    // A file that makes room for a folder of its name is one change: what stands there now counts.
    let mut found = BTreeMap::new();
    let (mut old, mut new) = (old.into_iter().flatten().peekable(), new.into_iter().flatten().peekable());
    while let Some(order) = order(old.peek(), new.peek()) {
        match (order, old.next_if(|_| order.is_le()), new.next_if(|_| order.is_ge())) {
            (Ordering::Equal, Some(before), Some(after)) if before.id() == after.id() => {}
            (_, _, Some(after)) => drop(found.insert(name(&after), Some(after.id()))),
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

/// Every path that differs. Equal subtrees are never opened; renames are a deletion and an addition.
pub(super) fn diff(
    repository: &Repository,
    old: &Tree<'_>,
    new: &Tree<'_>,
) -> Result<Vec<FileChange>, git2::Error> {
    let mut options = git2::DiffOptions::new();
    options
        .include_typechange(true)
        .include_typechange_trees(true)
        .skip_binary_check(true)
        .ignore_submodules(false);
    let diff = repository.diff_tree_to_tree(Some(old), Some(new), Some(&mut options))?;
    let side = |side: git2::DiffFile<'_>| match side.exists() && !side.id().is_zero() {
        true => file(repository, side.id(), i32::from(side.mode())).map(Some),
        false => Ok(None),
    };
    let mut changes = Vec::new();
    for delta in diff.deltas() {
        let path = delta.new_file().path_bytes().or(delta.old_file().path_bytes()).unwrap_or_default();
        let path = String::from_utf8_lossy(path).into_owned();
        changes.push(FileChange { path, before: side(delta.old_file())?, after: side(delta.new_file())? });
    }
    Ok(changes)
}

/// A submodule's commit is not in this repository: it has a mode and no bytes.
fn file(repository: &Repository, id: Oid, mode: i32) -> Result<File, git2::Error> {
    let mode = FileMode::from_bits(u32::try_from(mode).unwrap_or_default());
    let bytes = match mode {
        FileMode::Submodule => id.to_string().into_bytes(),
        _ => repository.find_blob(id)?.content().to_vec(),
    };
    Ok(File { mode, bytes })
}

/// The tree that `edits` make of `tree`, written to the object database. A folder that becomes empty goes.
pub(super) fn apply(repository: &Repository, tree: &Tree<'_>, edits: &[Edit]) -> Result<Oid, GitError> {
    let mut root = tree.id();
    for edit in edits {
        let (path, blob) = match edit {
            Edit::Put { path, bytes } => (path, Some(repository.blob(bytes).map_err(failed)?)),
            Edit::Delete { path } => (path, None),
        };
        let parts: Vec<&str> = path.split('/').collect();
        root = set(repository, Some(root), &parts, blob, path)?.map_or_else(|| empty(repository), Ok)?;
    }
    Ok(root)
}

/// The tree with `parts` set to `blob` or removed; `None` where nothing is left.
fn set(
    repository: &Repository,
    tree: Option<Oid>,
    parts: &[&str],
    blob: Option<Oid>,
    path: &str,
) -> Result<Option<Oid>, GitError> {
    let Some((name, rest)) = parts.split_first() else { return Ok(tree) };
    let tree = tree.map(|id| repository.find_tree(id)).transpose().map_err(failed)?;
    let mut builder = repository.treebuilder(tree.as_ref()).map_err(failed)?;
    let entry = builder.get(name).map_err(failed)?.map(|entry| (entry.id(), entry.filemode()));
    let (id, mode) = match (rest.is_empty(), entry) {
        (true, Some((_, FOLDER))) => return Err(GitError::PathInTheWay(path.to_owned())),
        (true, _) => (blob, REGULAR),
        (false, Some((id, FOLDER))) => (set(repository, Some(id), rest, blob, path)?, FOLDER),
        (false, Some(_)) => return Err(GitError::PathInTheWay(path.to_owned())),
        (false, None) if blob.is_none() => (None, FOLDER),
        (false, None) => (set(repository, None, rest, blob, path)?, FOLDER),
    };
    match id {
        Some(id) => drop(builder.insert(name, id, mode).map_err(failed)?),
        None if entry.is_some() => builder.remove(name).map_err(failed)?,
        None => {}
    }
    if builder.is_empty() { Ok(None) } else { builder.write().map(Some).map_err(failed) }
}

fn empty(repository: &Repository) -> Result<Oid, GitError> {
    repository.treebuilder(None).and_then(|builder| builder.write()).map_err(failed)
}

fn failed(source: git2::Error) -> GitError {
    GitError::at("the object database", "writing a tree", source)
}
