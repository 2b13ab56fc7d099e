//! The audit's material: base's first-parent line, and the files that an answer needs. Not here: what follows from them
//! (`p0_access::audit`).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use p0_access::audit::{Commit, History, Odd, Oddity, Version, of_landing};
use p0_access::layout::{CLUSTERS, GRANTS};
use p0_access::verifier::Finding;
use p0_grant::manifest::{Claims, Manifest};
use p0_grant::name::GrantId;

use super::removal::ENDED;
use super::{Repository, Result};
use crate::git::{BlobId, Remote, Told};
use crate::when::written;

/// Base's history, replayed, with no file read yet.
pub struct Audit<'r> {
    repository: &'r Repository,
    history: History<BlobId>,
    /// What is odd of base as a whole.
    odd: Vec<Odd>,
}

/// A version with what its file says.
pub struct Audited<'a> {
    /// The version.
    pub version: &'a Version<BlobId>,
    /// When the grant's first version came to base.
    pub since: Timestamp,
    /// What its file says; nothing where that cannot be read.
    pub claims: Option<Claims>,
    /// How it left base and who ended it, as the commit that took it away says; nothing where it stands, or was replaced.
    pub ended: Option<String>,
}

impl Repository {
    /// Replays base's first-parent line as it is seen at `now`. `seen` are commits that somebody saw on base, and who; the sweep's heartbeat is one
    /// more.
    ///
    /// # Errors
    /// [`super::RepositoryError`] where history cannot be read, or is cut off.
    pub fn audit(&self, seen: &[(String, String)], now: Timestamp) -> Result<Audit<'_>> {
        let head = self.branch.head()?;
        let line = self.remote().line(head, CLUSTERS, GRANTS)?;
        let at_present = |what| Odd { commit: head.to_string(), at: now, what };
        let mut odd = Vec::new();
        let heartbeat =
            self.heartbeat()?.map(|beat| (beat.base, format!("the sweep at {}", written(beat.at))));
        for (commit, by) in seen.iter().cloned().chain(heartbeat) {
            if !line.iter().any(|step| step.commit.to_string() == commit) {
                odd.push(at_present(Oddity::Rewritten { seen: commit, by }));
            }
        }
        for Finding { path, refusal } in self.inspect(head, head, &BTreeMap::new())?.findings {
            odd.push(at_present(Oddity::Standing { path, problem: refusal.sentence() }));
        }
        let commits = line.into_iter().map(|step| Commit {
            id: step.commit.to_string(),
            at: step.at,
            changes: step.changes,
        });
        Ok(Audit { repository: self, history: History::replay(commits, now), odd })
    }
}

impl Audit<'_> {
    /// The versions that stood on base at `time`.
    ///
    /// # Errors
    /// [`super::RepositoryError`] where a file cannot be read.
    pub fn at(&self, time: Timestamp) -> Result<Vec<Audited<'_>>> {
        self.read(self.history.at(time).collect())
    }

    /// The versions that stood on base between two times.
    ///
    /// # Errors
    /// [`super::RepositoryError`] where a file cannot be read.
    pub fn between(&self, from: Timestamp, until: Timestamp) -> Result<Vec<Audited<'_>>> {
        self.read(self.history.between(from, until).collect())
    }

    /// What is odd: of history as a whole, and of the versions that were read.
    pub fn oddities(&self, read: &[Audited<'_>]) -> Vec<Odd> {
        let of_files = read.iter().flat_map(|own| of_landing(own.version, own.claims.as_ref()));
        let mut odd: Vec<Odd> =
            self.odd.iter().chain(self.history.oddities()).cloned().chain(of_files).collect();
        odd.sort_by_key(|odd| odd.at);
        odd
    }

    fn read<'a>(&self, versions: Vec<&'a Version<BlobId>>) -> Result<Vec<Audited<'a>>> {
        let files: Vec<BlobId> = versions.iter().map(|version| version.file).collect();
        let claims = self.repository.remote().blobs(&files, claims)?;
        let mut endings = Endings::of(self);
        let first = self.history.first_landings();
        let mut audited = Vec::with_capacity(versions.len());
        for (version, claims) in versions.into_iter().zip(claims) {
            let ended = endings.of_version(version)?;
            let since = first.get(&(&version.cluster, &version.id)).copied().unwrap_or(version.landed.at);
            audited.push(Audited { version, since, claims, ended });
        }
        Ok(audited)
    }
}

/// How grants left base, as the commits that took them away say. Each commit is read once.
struct Endings<'a> {
    remote: &'a Remote,
    /// Which commits brought a version of which grant.
    landings: BTreeSet<(&'a GrantId, &'a str)>,
    read: BTreeMap<&'a str, CommitEndings>,
}

/// What one commit says.
struct CommitEndings {
    by_grant: BTreeMap<String, String>,
    of_others: String,
}

impl<'a> Endings<'a> {
    fn of(audit: &'a Audit<'_>) -> Self {
        let landings =
            audit.history.versions().iter().map(|version| (&version.id, version.landed.commit.as_str()));
        Self { remote: audit.repository.remote(), landings: landings.collect(), read: BTreeMap::new() }
    }

    fn of_version(&mut self, version: &'a Version<BlobId>) -> Result<Option<String>> {
        let Some(left) = &version.left else { return Ok(None) };
        let commit = left.commit.as_str();
        if self.landings.contains(&(&version.id, commit)) {
            return Ok(Some("its file was replaced".to_owned()));
        }
        let told = match self.read.entry(commit) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(place) => place.insert(CommitEndings::of(&self.remote.told(commit)?)),
        };
        let own = told.by_grant.get(version.id.as_str());
        Ok(Some(own.unwrap_or(&told.of_others).clone()))
    }
}

impl CommitEndings {
    /// The `Ended` trailers; else the subject and the author.
    fn of(told: &Told) -> Self {
        let trailers = told.message.lines().filter_map(|line| line.strip_prefix(ENDED)?.strip_prefix(": "));
        let by_grant = trailers.filter_map(|line| line.split_once(' '));
        let by_grant = by_grant.map(|(id, words)| (id.to_owned(), words.to_owned())).collect();
        let subject = told.message.lines().next().unwrap_or_default();
        Self { by_grant, of_others: format!("{subject}, by {}", told.author) }
    }
}

fn claims(bytes: &[u8]) -> Option<Claims> {
    Some(Manifest::read(std::str::from_utf8(bytes).ok()?).ok()?.into_claims())
}
