//! The audit: who was meant to be able to do what at a time, from base's first-parent history alone.
//!
//! History comes in as data, oldest commit first. A grant counts from the commit that brought it to the one that took it
//! away, and never past the expiry that was signed. What was meant is not what was: whether the cluster followed is told
//! apart by whoever has confirmations. Files are handles here, so that only those are read that an answer needs. Not here:
//! Git, and checking signatures (the judgement did, when it landed).

use std::collections::BTreeMap;

use jiff::Timestamp;
use p0_grant::name::GrantId;

use crate::layout::{ClusterName, PathKind, path_kind};

mod oddity;
mod record;

pub use oddity::{Odd, Oddity, of_landing};
pub use record::{GrantSummary, Meant, Standing};

/// One commit of base's first-parent line, as far as grants go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit<F> {
    /// Its name.
    pub id: String,
    /// When it says it was made.
    pub at: Timestamp,
    /// Paths that it changed in grants folders, with the file that stood there afterwards; nothing where it took one away.
    pub changes: Vec<(String, Option<F>)>,
}

/// One version of one grant, from the commit that brought it to the one that took it away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version<F> {
    /// The cluster.
    pub cluster: ClusterName,
    /// The id in the file's name.
    pub id: GrantId,
    /// What brought it.
    pub landed: Landed,
    /// What took it away or replaced it.
    pub left: Option<Landed>,
    /// The file.
    pub file: F,
}

/// A commit and its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landed {
    /// The commit.
    pub commit: String,
    /// When, by base's own clock: never earlier than the commits before it.
    pub at: Timestamp,
}

/// Base's history of grants.
#[derive(Clone, Debug)]
pub struct History<F> {
    versions: Vec<Version<F>>,
    /// Where each grant's last version is among them.
    last: BTreeMap<(ClusterName, GrantId), usize>,
    now: Option<Timestamp>,
    odd: Vec<Odd>,
}

impl<F> Default for History<F> {
    fn default() -> Self {
        Self { versions: Vec::new(), last: BTreeMap::new(), now: None, odd: Vec::new() }
    }
}

impl<F> History<F> {
    /// Replays commits, oldest first.
    pub fn replay(commits: impl IntoIterator<Item = Commit<F>>) -> Self {
        let mut history = Self::default();
        commits.into_iter().for_each(|commit| history.push(commit));
        history
    }

    fn push(&mut self, commit: Commit<F>) {
        // A clock that goes back must not make a grant end before it began.
        let at = self.now.map_or(commit.at, |now| now.max(commit.at));
        let landed = Landed { commit: commit.id, at };
        if at > commit.at {
            self.note(&landed, Oddity::ClockBack { says: commit.at });
        }
        self.now = Some(at);
        for (path, after) in commit.changes {
            match path_kind(&path) {
                PathKind::Grant { cluster, id } => self.change((cluster, id), after, &landed),
                PathKind::ForeignToGrants if after.is_some() => self.note(&landed, Oddity::Foreign { path }),
                _ => {}
            }
        }
    }

    fn change(&mut self, key: (ClusterName, GrantId), after: Option<F>, landed: &Landed) {
        let before = self.last.get(&key).and_then(|index| self.versions.get_mut(*index));
        let ended = before.as_ref().is_some_and(|version| version.left.is_some());
        if let Some(version) = before.filter(|version| version.left.is_none()) {
            version.left = Some(landed.clone());
        }
        let Some(file) = after else { return };
        if ended {
            self.note(landed, Oddity::Rose { id: key.1.clone() });
        }
        self.last.insert(key.clone(), self.versions.len());
        let (cluster, id) = key;
        self.versions.push(Version { cluster, id, landed: landed.clone(), left: None, file });
    }

    fn note(&mut self, landed: &Landed, what: Oddity) {
        self.odd.push(Odd { commit: landed.commit.clone(), at: landed.at, what });
    }

    /// What is not as the judgement lets it be, as far as it shows without reading files.
    pub fn oddities(&self) -> &[Odd] {
        &self.odd
    }

    /// Every version, in the order in which they landed.
    pub fn versions(&self) -> &[Version<F>] {
        &self.versions
    }

    /// The versions that stood on base at `time`.
    pub fn at(&self, time: Timestamp) -> impl Iterator<Item = &Version<F>> {
        self.versions.iter().filter(move |version| version.stood_at(time))
    }

    /// The versions that stood on base at any moment from `from` until `until`.
    pub fn between(&self, from: Timestamp, until: Timestamp) -> impl Iterator<Item = &Version<F>> {
        self.versions.iter().filter(move |version| version.stood_between(from, until))
    }
}

impl<F> Version<F> {
    fn stood_at(&self, time: Timestamp) -> bool {
        self.landed.at <= time && self.left.as_ref().is_none_or(|left| left.at > time)
    }

    fn stood_between(&self, from: Timestamp, until: Timestamp) -> bool {
        self.landed.at <= until && self.left.as_ref().is_none_or(|left| left.at > from)
    }
}
