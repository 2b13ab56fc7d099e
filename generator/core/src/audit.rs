//! The audit: who was meant to be able to do what at a time, from base's first-parent history alone.
//!
//! History comes in as data, oldest commit first. A grant counts from the commit that brought it to the one that took it
//! away, and never past the expiry that was signed. What was meant is not what was: whether the cluster followed is told
//! apart by whoever has confirmations. Not here: Git, and checking signatures (the judgement did, when it landed).

use std::collections::BTreeMap;

use jiff::Timestamp;
use p0_grant::manifest::{Claims, Manifest};
use p0_grant::name::GrantId;

use crate::layout::{ClusterName, Place, place};

mod oddity;
mod record;

pub use oddity::{Odd, Oddity};
pub use record::{Asked, Meant, Standing};

/// One commit of base's first-parent line, as far as grants go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its name.
    pub id: String,
    /// When it says it was made.
    pub at: Timestamp,
    /// Paths in grants folders that it changed, with what they held afterwards; nothing where it took them away.
    pub changes: Vec<(String, Option<Vec<u8>>)>,
}

/// One version of one grant, from the commit that brought it to the one that took it away.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// The cluster.
    pub cluster: ClusterName,
    /// The id in the file's name.
    pub id: GrantId,
    /// Which commit brought it.
    pub landed: Landed,
    /// Which commit took it away or replaced it.
    pub left: Option<Landed>,
    /// What the file says; nothing where it cannot be read as a grant.
    pub claims: Option<Box<Claims>>,
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
#[derive(Clone, Debug, Default)]
pub struct History {
    versions: Vec<Version>,
    /// Where each grant's last version is among them.
    last: BTreeMap<(ClusterName, GrantId), usize>,
    now: Option<Timestamp>,
    odd: Vec<Odd>,
}

impl History {
    /// Replays commits, oldest first.
    pub fn replay(commits: impl IntoIterator<Item = Commit>) -> Self {
        let mut history = Self::default();
        commits.into_iter().for_each(|commit| history.push(commit));
        history
    }

    fn push(&mut self, commit: Commit) {
        // A clock that goes back must not make a grant end before it began.
        let at = self.now.map_or(commit.at, |now| now.max(commit.at));
        if at > commit.at {
            self.note(&commit.id, at, Oddity::ClockBack { says: commit.at });
        }
        self.now = Some(at);
        let landed = Landed { commit: commit.id, at };
        for (path, after) in commit.changes {
            match place(&path) {
                Place::Grant { cluster, id } => self.change(cluster, id, after.as_deref(), &landed),
                Place::ForeignToGrants if after.is_some() => {
                    self.note(&landed.commit, at, Oddity::Foreign { path });
                }
                _ => {}
            }
        }
    }

    fn change(&mut self, cluster: ClusterName, id: GrantId, after: Option<&[u8]>, landed: &Landed) {
        let key = (cluster, id);
        let before = self.last.get(&key).and_then(|index| self.versions.get_mut(*index));
        let ended = before.as_ref().is_some_and(|version| version.left.is_some());
        if let Some(version) = before.filter(|version| version.left.is_none()) {
            version.left = Some(landed.clone());
        }
        let Some(bytes) = after else { return };
        if ended {
            self.note(&landed.commit, landed.at, Oddity::Rose { id: key.1.clone() });
        }
        let claims = read(bytes);
        let (commit, at) = (landed.commit.clone(), landed.at);
        for oddity in oddity::of_landing(&key.1, claims.as_deref(), at) {
            self.note(&commit, at, oddity);
        }
        self.last.insert(key.clone(), self.versions.len());
        let (cluster, id) = key;
        self.versions.push(Version { cluster, id, landed: landed.clone(), left: None, claims });
    }

    fn note(&mut self, commit: &str, at: Timestamp, what: Oddity) {
        self.odd.push(Odd { commit: commit.to_owned(), at, what });
    }

    /// Every version, in the order in which they landed.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// What is not as the judgement lets it be.
    pub fn oddities(&self) -> &[Odd] {
        &self.odd
    }

    /// Who was meant to be able to do what at `time`.
    pub fn at(&self, time: Timestamp) -> impl Iterator<Item = Meant<'_>> {
        self.versions.iter().filter_map(move |version| Meant::at(version, time))
    }

    /// Who was meant to be able to do what at any moment from `from` until `until`.
    pub fn between(&self, from: Timestamp, until: Timestamp) -> impl Iterator<Item = Meant<'_>> {
        self.versions.iter().filter_map(move |version| Meant::between(version, from, until))
    }
}

fn read(bytes: &[u8]) -> Option<Box<Claims>> {
    let manifest = std::str::from_utf8(bytes).ok().and_then(|text| Manifest::read(text).ok())?;
    Some(Box::new(manifest.claims().clone()))
}
