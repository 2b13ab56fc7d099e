//! What a push did to base, judged step by step. Not here: putting it right ([`super::restoring`]).

use std::collections::BTreeMap;

use jiff::Timestamp;
use p0_access::change::{Edit, File, FileChange, FileMode};
use p0_access::layout::{PathKind, is_owned, path_kind};
use p0_access::verifier::{Finding, Judgement};

use super::verifying::Rules;
use super::{Removal, RemovalReason, Repository, Result};
use crate::git::{CommitId, TreeDiff};

/// What is wrong with a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// Everything that speaks against it; empty where nothing does.
    pub findings: Vec<Finding>,
    /// What of it must not stand on base.
    pub removal: Removal,
    /// Owned files that it changed without their owners, as they were before.
    pub(super) unowned: BTreeMap<String, Option<File>>,
    /// The last commit whose owned files all have their owners' will.
    pub(super) trusted: Option<CommitId>,
    /// Whether base was moved to where the former head is not behind it.
    pub rewritten: bool,
}

/// What moved base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// Nothing yet: one push asks for it, and a hook judges it. Otherwise as [`Moved::InOnePush`].
    NotYet,
    /// One push: its grants are judged by the files before it too, so that what it does to them gives it nothing.
    InOnePush,
    /// Any number of pushes since somebody looked.
    SinceLastLook,
}

impl Repository {
    /// Judges what moved base from `old` to `new`: each commit of the first-parent line by the files of the one before it, as
    /// far as owners agree to them. `landed` is the earliest moment at which it can have been pushed; what commits say about their
    /// time decides nothing.
    ///
    /// # Errors
    /// [`super::RepositoryError`] where the repository cannot be read, which is no judgement and never a pass.
    pub fn verify_push(
        &self,
        (old, new): (CommitId, CommitId),
        moved: Moved,
        landed: Timestamp,
        now: Timestamp,
    ) -> Result<Pushed> {
        let steps = self.remote().since(old, new)?;
        let mut pushed = Pushed { rewritten: steps.is_none(), ..Pushed::nothing() };
        let also = (moved != Moved::SinceLastLook).then_some(old);
        // Of a change that is merged, the merge was the review.
        let counts = |finding: &Finding| moved == Moved::NotYet || !finding.refusal.awaits_review();
        let mut rules = Rules { also, landed: Some(landed.min(now)), ..Rules::of(old) };
        for commit in steps.unwrap_or_else(|| vec![new]) {
            let change = pushed.as_owners_left_it(self.remote().diff(rules.base, commit)?);
            let findings = match self.verify_change(rules, &change, now)? {
                Judgement::Passed { .. } => Vec::new(),
                Judgement::Refused(findings) => findings,
            };
            let findings: Vec<Finding> = findings.into_iter().filter(counts).collect();
            pushed.take_out(&change.files, &findings);
            pushed.findings.extend(findings);
            rules.base = commit;
            // Files that no owner agreed to decide nothing.
            if pushed.unowned.is_empty() {
                rules.files = commit;
            }
        }
        pushed.trusted = Some(rules.files);
        Ok(pushed)
    }
}

impl Pushed {
    /// Nothing is wrong.
    pub(super) fn nothing() -> Self {
        let removal = Removal::of([], RemovalReason::Tampered);
        Self { findings: Vec::new(), removal, unowned: BTreeMap::new(), trusted: None, rewritten: false }
    }

    /// The change with owned files held to what they last were with their owners' will; one that is put back does not change.
    fn as_owners_left_it(&mut self, change: TreeDiff) -> TreeDiff {
        let held = |mut file: FileChange| {
            if let Some(good) = self.unowned.get(&file.path) {
                file.before.clone_from(good);
                if file.before == file.after {
                    self.unowned.remove(&file.path);
                    return None;
                }
            }
            Some(file)
        };
        TreeDiff { files: change.files.into_iter().filter_map(held).collect(), flaws: change.flaws }
    }

    fn take_out(&mut self, change: &[FileChange], findings: &[Finding]) {
        let about_owned = |finding: &&Finding| finding.refusal.is_about_owned_files();
        let is_guarded = |path: &str| {
            is_owned(path) || findings.iter().filter(about_owned).any(|finding| finding.path == path)
        };
        let guarded = change.iter().filter(|file| is_guarded(&file.path));
        if findings.iter().filter(about_owned).any(|finding| is_guarded(&finding.path)) {
            for file in guarded {
                self.unowned.entry(file.path.clone()).or_insert_with(|| file.before.clone());
            }
        } else {
            guarded.for_each(|file| drop(self.unowned.remove(&file.path)));
        }
        if !findings.is_empty() {
            change.iter().for_each(|file| self.take_out_of_grants(file));
        }
    }

    /// Of a refused step everything goes that it brought to a grants folder: which part of it was meant well cannot be known.
    fn take_out_of_grants(&mut self, file: &FileChange) {
        if file.after.is_none() {
            return;
        }
        match path_kind(&file.path) {
            PathKind::Grant { cluster, id } => {
                self.removal.grants.entry(cluster).or_default().insert(id);
            }
            PathKind::ForeignToGrants => drop(self.removal.files.insert(file.path.clone())),
            PathKind::Companion(..) | PathKind::Sentinel(_) | PathKind::Elsewhere => {}
        }
    }

    /// The edits that take out what is foreign.
    pub(super) fn take_foreign(&self) -> impl Iterator<Item = Edit> + '_ {
        self.removal.files.iter().map(|path| Edit::Delete { path: path.clone() })
    }

    /// The edits that put owned files back. What was not there goes first: it may be a folder or a link in a file's place.
    pub(super) fn put_back(&self) -> impl Iterator<Item = Edit> + '_ {
        // What a submodule names is in another repository.
        let good = |file: &'_ &File| file.mode != FileMode::Submodule;
        let gone = self.unowned.iter().filter(move |(_, file)| file.as_ref().filter(good).is_none());
        let back =
            self.unowned.iter().filter_map(move |(path, file)| Some((path, file.as_ref().filter(good)?)));
        gone.map(|(path, _)| Edit::Delete { path: path.clone() })
            .chain(back.map(|(path, file)| Edit::PutBack { path: path.clone(), file: file.clone() }))
    }
}
