//! The audit's material: base's first-parent line, and the files that an answer needs. Not here: what follows from them
//! (`p0_access::audit`).

use jiff::Timestamp;
use p0_access::audit::{Commit, History, Odd, Oddity, Version, of_landing};
use p0_grant::manifest::{Claims, Manifest};

use super::{Repository, Result};
use crate::git::BlobId;

/// Base's history, replayed, with no file read yet.
pub struct Audit<'r> {
    repository: &'r Repository,
    history: History<BlobId>,
    rewritten: Vec<Odd>,
}

/// A version with what its file says.
pub struct Audited<'a> {
    /// The version.
    pub version: &'a Version<BlobId>,
    /// What its file says; nothing where that cannot be read.
    pub claims: Option<Claims>,
}

impl Repository {
    /// Replays base's first-parent line. `seen` are commits that somebody saw on base, and who; the sweep's heartbeat is one
    /// more.
    ///
    /// # Errors
    /// [`super::RepositoryError`] where history cannot be read, or is cut off.
    pub fn audit(&self, seen: &[(String, String)]) -> Result<Audit<'_>> {
        let head = self.branch.head()?;
        let line = self.remote().line(head, "clusters", "grants")?;
        let mut rewritten = Vec::new();
        let heartbeat = self.heartbeat()?.map(|beat| (beat.base, format!("the sweep at {}", beat.at)));
        for (commit, by) in seen.iter().cloned().chain(heartbeat) {
            if !line.iter().any(|step| step.commit.to_string() == commit) {
                let at = line.last().map_or(Timestamp::UNIX_EPOCH, |step| step.at);
                rewritten.push(Odd {
                    commit: head.to_string(),
                    at,
                    what: Oddity::Rewritten { seen: commit, by },
                });
            }
        }
        let commits = line.into_iter().map(|step| Commit {
            id: step.commit.to_string(),
            at: step.at,
            changes: step.changes,
        });
        Ok(Audit { repository: self, history: History::replay(commits), rewritten })
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
            self.rewritten.iter().chain(self.history.oddities()).cloned().chain(of_files).collect();
        odd.sort_by_key(|odd| odd.at);
        odd
    }

    fn read<'a>(&self, versions: Vec<&'a Version<BlobId>>) -> Result<Vec<Audited<'a>>> {
        let files: Vec<BlobId> = versions.iter().map(|version| version.file).collect();
        let claims = self.repository.remote().blobs(&files, claims)?;
        Ok(versions.into_iter().zip(claims).map(|(version, claims)| Audited { version, claims }).collect())
    }
}

fn claims(bytes: &[u8]) -> Option<Claims> {
    Some(Manifest::read(std::str::from_utf8(bytes).ok()?).ok()?.into_claims())
}
