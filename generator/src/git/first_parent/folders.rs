//! The folders `root/*/leaf` of one commit, and what another commit has changed in them. Not here: which commits.

use std::collections::BTreeMap;

use git2::{Oid, Repository, Tree, TreeEntry};

use super::super::tree::{changed_entries, raw, subtree};
use super::BlobId;

/// The folders of one commit, kept open: a large one costs more to read than the commit.
pub(super) struct Folders<'r> {
    place: GrantsFolders<'r>,
    /// The tree at `root`.
    root: Option<Oid>,
    by_name: ByName<'r>,
}

type ByName<'r> = BTreeMap<String, Folder<'r>>;

/// Where the folders are.
#[derive(Clone, Copy)]
struct GrantsFolders<'r> {
    repository: &'r Repository,
    root: &'r str,
    leaf: &'r str,
}

/// What stands at `root/name`, and the tree at `root/name/leaf`.
#[derive(Clone)]
struct Folder<'r> {
    id: Oid,
    leaf: Option<Tree<'r>>,
}

impl<'r> Folders<'r> {
    /// Those of a commit that has none.
    pub(super) fn new(repository: &'r Repository, root: &'r str, leaf: &'r str) -> Self {
        Self { place: GrantsFolders { repository, root, leaf }, root: None, by_name: ByName::new() }
    }

    /// Goes on to the commit whose tree is `tree`: every path that differs there, with what stands there then. What is as
    /// it was is not opened.
    pub(super) fn advance(&mut self, tree: Oid) -> Result<Vec<(String, Option<BlobId>)>, git2::Error> {
        let found = raw::find(self.place.repository, tree, self.place.root.as_bytes())?;
        let root = found.filter(raw::RawEntry::is_folder).map(|entry| entry.id);
        if root == self.root {
            return Ok(Vec::new());
        }
        let by_name = self.opened(root)?;
        let changes = changes(self.place, &self.by_name, &by_name);
        (self.root, self.by_name) = (root, by_name);
        Ok(changes)
    }

    fn opened(&self, root: Option<Oid>) -> Result<ByName<'r>, git2::Error> {
        let GrantsFolders { repository, leaf, .. } = self.place;
        let Some(root) = root else { return Ok(ByName::new()) };
        let root = repository.find_tree(root)?;
        let folder = |entry: TreeEntry<'_>| {
            let (id, name) = (entry.id(), String::from_utf8_lossy(entry.name_bytes()).into_owned());
            let folder = match self.by_name.get(&name).filter(|folder| folder.id == id) {
                Some(known) => known.clone(),
                None => Folder { id, leaf: subtree(repository, &root, &format!("{name}/{leaf}"))? },
            };
            Ok((name, folder))
        };
        root.iter().map(folder).collect()
    }
}

fn changes(
    place: GrantsFolders<'_>,
    before: &ByName<'_>,
    after: &ByName<'_>,
) -> Vec<(String, Option<BlobId>)> {
    let mut changes = Vec::new();
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    for name in after.keys().chain(gone) {
        let old = before.get(name).and_then(|folder| folder.leaf.as_ref());
        let new = after.get(name).and_then(|folder| folder.leaf.as_ref());
        if old.map(Tree::id) != new.map(Tree::id) {
            let changed = changed_entries(old, new).into_iter();
            let path = |entry: String| format!("{}/{name}/{}/{entry}", place.root, place.leaf);
            changes.extend(changed.map(|(entry, now)| (path(entry), now.map(BlobId))));
        }
    }
    changes
}
