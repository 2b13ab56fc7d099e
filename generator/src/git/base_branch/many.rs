//! Many changes merged at once: one merge commit for each, judged together, and one move of base.
//!
//! What lands is what would have landed one by one, so that a thousand approvals cost a few judgements and not a
//! thousand. Not here: what becomes of those that are refused.

use std::collections::BTreeMap;

use p0_access::change::Edit;

use super::{BaseBranch, Change, CommitId, GitError, MergeError, Proposed, TRIES};
use crate::git::remote::Unmoved;

impl BaseBranch {
    /// Merges the branches of `changes` into base, in their order; all of them or none.
    ///
    /// `edits` makes the edits of the change with that index for a commit; `verify` sees base as it is, and as it would be
    /// with all of them. The answer has each branch's merge commit; the branches are deleted.
    ///
    /// # Errors
    /// [`MergeError`]; base is where it was.
    pub fn merge_many<E: std::error::Error>(
        &self,
        changes: &[Change],
        mut edits: impl FnMut(CommitId, usize) -> Result<Vec<Edit>, E>,
        mut verify: impl FnMut(Proposed) -> Result<(), E>,
    ) -> Result<BTreeMap<String, CommitId>, MergeError<E>> {
        for _ in 0..TRIES {
            let base = self.head()?;
            let (mut head, mut merges) = (base, BTreeMap::new());
            for (index, change) in changes.iter().enumerate() {
                let tip = self.own_tip(change, base, |parent| edits(parent, index))?;
                let tree = self.edited(head, &edits(head, index).map_err(MergeError::Refused)?)?;
                head = self.commit(&change.by, &change.message.text(), tree, &[head, tip])?;
                merges.insert(change.branch.clone(), (tip, head));
            }
            verify(Proposed { base, head }).map_err(MergeError::Refused)?;
            match self.remote.move_branch(&self.base, Some(base), Some(head)) {
                Ok(()) => {
                    for (branch, (tip, _)) in &merges {
                        self.tidy(branch, *tip)?;
                    }
                    return Ok(merges.into_iter().map(|(branch, (_, merge))| (branch, merge)).collect());
                }
                Err(Unmoved::Lost) => {}
                Err(Unmoved::Failed(error)) => return Err(error.into()),
            }
        }
        Err(GitError::LostRace { branch: self.base.clone(), tries: TRIES }.into())
    }

    /// The tip of the change's branch, which holds the change alone, on a commit of base.
    fn own_tip<E: std::error::Error>(
        &self,
        change: &Change,
        base: CommitId,
        edits: impl FnOnce(CommitId) -> Result<Vec<Edit>, E>,
    ) -> Result<CommitId, MergeError<E>> {
        let tip = self.remote.head(&change.branch)?;
        let parent = self.only_parent(&change.branch, tip)?;
        if !self.remote.contains(base, parent)? {
            return Err(self.foreign(&change.branch, "its parent is not on base").into());
        }
        let alone = self.edited(parent, &edits(parent).map_err(MergeError::Refused)?)?;
        match alone == self.remote.tree(tip)?.id() {
            true => Ok(tip),
            false => Err(self.foreign(&change.branch, "it holds more than its change").into()),
        }
    }
}
