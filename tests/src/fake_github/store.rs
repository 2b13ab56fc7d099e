//! The Git repositories behind it: branches, commits, merges.

use std::path::Path;

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, Oid, Repository, Signature};

pub(crate) fn open(path: &Path) -> Repository {
    Repository::open_bare(path).expect("a repository")
}

pub(crate) fn tip(repo: &Repository, branch: &str) -> Option<Oid> {
    repo.find_reference(&format!("refs/heads/{branch}")).ok()?.target()
}

pub(crate) fn point(repo: &Repository, branch: &str, at: Oid) {
    set(repo, &format!("refs/heads/{branch}"), at);
}

pub(crate) fn set(repo: &Repository, name: &str, at: Oid) {
    repo.reference(name, at, true, "").expect("a reference");
}

pub(crate) fn delete(repo: &Repository, branch: &str) {
    repo.find_reference(&format!("refs/heads/{branch}")).expect("a branch").delete().expect("it goes");
}

/// Whether `commit` is `of`, or comes before it.
pub(crate) fn is_in(repo: &Repository, commit: Oid, of: Oid) -> bool {
    commit == of || repo.graph_descendant_of(of, commit).unwrap_or(false)
}

/// A commit on `parent`; the path of a file that is to go and is not there, where there is one.
pub(crate) fn commit(
    repo: &Repository,
    parent: Oid,
    files: &[(String, Option<Vec<u8>>)],
    message: &str,
    author: &str,
) -> Result<Oid, String> {
    let parent = repo.find_commit(parent).expect("a commit");
    let tree = parent.tree().expect("a tree");
    let mut builder = TreeUpdateBuilder::new();
    for (path, bytes) in files {
        match bytes {
            Some(bytes) => {
                builder.upsert(path.as_str(), repo.blob(bytes).expect("a blob"), FileMode::Blob);
            }

            None if tree.get_path(Path::new(path)).is_err() => return Err(path.clone()),
            None => {
                builder.remove(path.as_str());
            }
        }
    }
    let tree = builder.create_updated(repo, &tree).expect("a tree");
    let tree = repo.find_tree(tree).expect("a tree");
    let author = Signature::now(author, &format!("{author}@users.noreply.github.com")).expect("a name");
    let github = Signature::now("GitHub", "noreply@github.com").expect("a name");
    Ok(repo.commit(None, &author, &github, message, &tree, &[&parent]).expect("a commit"))
}

/// The merge of two commits; `None` where they conflict.
pub(crate) fn merge(repo: &Repository, into: Oid, from: Oid, message: &str, squash: bool) -> Option<Oid> {
    let (into, from) = (repo.find_commit(into).expect("a commit"), repo.find_commit(from).expect("a commit"));
    let mut index = repo.merge_commits(&into, &from, None).ok().filter(|index| !index.has_conflicts())?;
    let tree = repo.find_tree(index.write_tree_to(repo).expect("a tree")).expect("a tree");
    let github = Signature::now("GitHub", "noreply@github.com").expect("a name");
    let parents: Vec<_> = if squash { vec![&into] } else { vec![&into, &from] };
    Some(repo.commit(None, &github, &github, message, &tree, &parents).expect("a commit"))
}
