//! What merging a branch would give. A merge of histories that cross has several bases, and what it gives depends on which one
//! a program takes. Not here: making merges ([`super::base_branch`]).

use git2::MergeOptions;

use super::{CommitId, GitError, Remote, TreeDiff};

/// What merging gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeResult {
    /// This, compared with base; with what is wrong with the trees of the branch.
    Merged(TreeDiff),
    /// The branch and base have several merge bases.
    SeveralBases(Vec<CommitId>),
    /// Both have changed these paths.
    Conflict(Vec<String>),
}

impl Remote {
    /// What merging `head` would change on `base`.
    ///
    /// # Errors
    /// [`GitError`] where they have nothing in common, or a tree cannot be read or written.
    pub fn merge_result(&self, base: CommitId, head: CommitId) -> Result<MergeResult, GitError> {
        let failed = |source| self.failed("finding where the branch left base", source);
        let bases = self.repository.merge_bases(base.0, head.0).map_err(failed)?;
        let left = match bases.iter().copied().map(CommitId).collect::<Vec<_>>().as_slice() {
            [only] => *only,
            several => return Ok(MergeResult::SeveralBases(several.to_vec())),
        };
        let own = self.diff(left, head)?;
        if left == base || own == TreeDiff::default() {
            return Ok(MergeResult::Merged(own));
        }
        let mut options = MergeOptions::new();
        // A file that was renamed on one side is judged where it stands.
        options.find_renames(false);
        let (old, ours, theirs) = (self.tree(left)?, self.tree(base)?, self.tree(head)?);
        let merged = self.repository.merge_trees(&old, &ours, &theirs, Some(&options));
        let failed = |source| self.failed("merging the branch", source);
        let mut merged = merged.map_err(failed)?;
        if merged.has_conflicts() {
            return conflicts(&merged).map(MergeResult::Conflict).map_err(failed);
        }
        let tree = merged.write_tree_to(&self.repository).map_err(failed)?;
        let files = super::tree::diff::diff(&self.repository, ours.id(), tree).map_err(failed)?.files;
        Ok(MergeResult::Merged(TreeDiff { files, flaws: own.flaws }))
    }
}

fn conflicts(merged: &git2::Index) -> Result<Vec<String>, git2::Error> {
    let path = |conflict: git2::IndexConflict| {
        let side = conflict.our.or(conflict.their).or(conflict.ancestor);
        side.map(|entry| String::from_utf8_lossy(&entry.path).into_owned()).unwrap_or_default()
    };
    let mut paths: Vec<String> =
        merged.conflicts()?.map(|conflict| conflict.map(path)).collect::<Result<_, _>>()?;
    paths.sort();
    paths.dedup();
    Ok(paths)
}
