//! The audit: who was meant to be able to do what at a time, from base's first-parent history alone.
//!
//! History comes in as data, oldest commit first. A grant counts from the commit that brought it to the one that took it
//! away, and never past the expiry that was signed. What was meant is not what was: whether the cluster followed is told
//! apart by a reader who has confirmations. Files are handles here, so that only those are read that an answer needs. Not here:
//! Git, and checking signatures (the judgement did, when it landed).

use std::collections::BTreeMap;

use jiff::Timestamp;
use p0_grant::name::GrantId;

use crate::layout::{ClusterName, PathKind, path_kind};
use clock::{Landing, landings};

mod clock;
mod oddity;
mod record;
mod review;

pub use oddity::{Odd, Oddity, of_landing};
pub use record::{GrantSummary, Meant, Standing};
pub use review::Reviewed;

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
    /// When. Where the commit's date does not fit the others': for what came, the earliest time that does, and for what went, the
    /// latest.
    pub at: Timestamp,
}

/// Base's history of grants.
#[derive(Clone, Debug)]
pub struct History<F> {
    versions: Vec<Version<F>>,
    /// Where each grant's last version is among them.
    last: BTreeMap<(ClusterName, GrantId), usize>,
    odd: Vec<Odd>,
}

impl<F> Default for History<F> {
    fn default() -> Self {
        Self { versions: Vec::new(), last: BTreeMap::new(), odd: Vec::new() }
    }
}

impl<F> History<F> {
    /// Replays commits, oldest first, as they are seen at `now`.
    pub fn replay(commits: impl IntoIterator<Item = Commit<F>>, now: Timestamp) -> Self {
        let mut history = Self::default();
        let commits: Vec<Commit<F>> = commits.into_iter().collect();
        let dates: Vec<Timestamp> = commits.iter().map(|commit| commit.at).collect();
        for (commit, landing) in commits.into_iter().zip(landings(&dates, now)) {
            history.push(commit, landing, now);
        }
        history
    }

    fn push(&mut self, commit: Commit<F>, landing: Landing, now: Timestamp) {
        let at = |at| Landed { commit: commit.id.clone(), at };
        let (came, went) = (at(landing.earliest), at(landing.latest));
        match landing.is_believed {
            true => {}
            false if commit.at > now => self.note(&came, Oddity::FromTheFuture { says: commit.at }),
            false => self.note(&came, Oddity::ClockBack { says: commit.at }),
        }
        for (path, after) in commit.changes {
            match path_kind(&path) {
                PathKind::Grant { cluster, id } => self.change((cluster, id), after, &came, &went),
                PathKind::ForeignToGrants if after.is_some() => self.note(&came, Oddity::Foreign { path }),
                _ => {}
            }
        }
    }

    fn change(&mut self, key: (ClusterName, GrantId), after: Option<F>, came: &Landed, went: &Landed) {
        let before = self.last.get(&key).and_then(|index| self.versions.get_mut(*index));
        let ended = before.as_ref().is_some_and(|version| version.left.is_some());
        if let Some(version) = before.filter(|version| version.left.is_none()) {
            version.left = Some(went.clone());
        }
        let Some(file) = after else { return };
        if ended {
            self.note(came, Oddity::Rose { id: key.1.clone() });
        }
        self.last.insert(key.clone(), self.versions.len());
        let (cluster, id) = key;
        self.versions.push(Version { cluster, id, landed: came.clone(), left: None, file });
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

    /// When each grant first came to base.
    pub fn first_landings(&self) -> BTreeMap<(&ClusterName, &GrantId), Timestamp> {
        let mut first = BTreeMap::new();
        for version in &self.versions {
            first.entry((&version.cluster, &version.id)).or_insert(version.landed.at);
        }
        first
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
