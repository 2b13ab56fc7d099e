//! The sweep: what has expired leaves base, from Git alone and whatever becomes of the bot; what must not stand there is put right.
//!
//! It only takes access away. A grant that stood on base longer than the grace allows is overdue: the bot should have removed it, and
//! somebody should look why it did not. Not here: when it runs.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use p0_access::change::FileMode;
use p0_access::expiry::stated;
use p0_access::layout::ClusterName;
use p0_access::verifier::Finding;
use p0_grant::name::GrantId;
use serde::Serialize;

use super::{LogHead, Removal, RemovalReason, Repository, Restored, Result};
use crate::git::{CommitId, FolderEntry, Identity};

/// What a sweep did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// How many grants stood on base.
    pub looked_at: usize,
    /// Those that it removed.
    pub removed: Vec<Ended>,
    /// What stood in grants folders and must not, and what was pushed past the verifier.
    pub findings: Vec<Finding>,
    /// Whether a head that an earlier sweep saw is not on base any more.
    pub rewritten: bool,
    /// The head of base afterwards.
    pub base: String,
}

/// A grant that a sweep removed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Ended {
    /// Of which cluster.
    pub cluster: ClusterName,
    /// Which.
    pub id: GrantId,
    /// When it expired; nothing where its file does not say so in a way that can be read.
    pub expired_at: Option<Timestamp>,
    /// Whether the bot should have removed it long before.
    pub overdue: bool,
}

impl Swept {
    /// Those that the bot should have removed.
    pub fn overdue(&self) -> impl Iterator<Item = &Ended> {
        self.removed.iter().filter(|ended| ended.overdue)
    }
}

impl Repository {
    /// Removes from base every grant that has expired, puts right what must not stand there, and leaves a heartbeat that anchors
    /// `log`.
    ///
    /// # Errors
    /// [`super::RepositoryError`]; base is where it was, or the heartbeat alone is missing.
    pub fn sweep(
        &self,
        grace: SignedDuration,
        log: Option<LogHead>,
        by: &Identity,
        now: Timestamp,
    ) -> Result<Swept> {
        let base = self.branch.head()?;
        let (looked_at, removed) = self.expired(base, grace, now)?;
        let of = |unreadable: bool| {
            let ended = removed.iter().filter(move |ended| ended.expired_at.is_none() == unreadable);
            ended.map(|ended| (ended.cluster.clone(), ended.id.clone()))
        };
        let mut base = base;
        for removal in
            [Removal::of(of(false), RemovalReason::Expired), Removal::of(of(true), RemovalReason::Tampered)]
        {
            if !removal.is_empty() {
                base = self.remove(&removal, by)?.unwrap_or(base);
            }
        }
        let Restored { findings, commit, rewritten } = self.restore(by, now)?;
        let base = commit.unwrap_or(base);
        self.beat((base, rewritten), (looked_at, removed.len()), log, by)?;
        Ok(Swept { looked_at, removed, findings, rewritten, base: base.to_string() })
    }

    /// How many grants `base` has, and those of them that have expired or do not say when they do.
    fn expired(&self, base: CommitId, grace: SignedDuration, now: Timestamp) -> Result<(usize, Vec<Ended>)> {
        let mut looked_at = 0;
        let mut ended = BTreeSet::new();
        for (cluster, id, entry) in self.grant_entries(base)? {
            looked_at += 1;
            let expired_at = match entry.mode {
                FileMode::Regular | FileMode::Executable => stated(&self.remote().blob(entry.id)?),
                // Whatever else is called so says no time, and must not stop the sweep.
                FileMode::Link | FileMode::Submodule | FileMode::Folder | FileMode::Other(_) => None,
            };
            if expired_at.is_none_or(|at| at <= now) {
                // Without a time it is not known how long it has been due.
                let due = expired_at.and_then(|at| at.checked_add(grace).ok());
                let overdue = due.is_none_or(|due| due <= now);
                ended.insert(Ended { cluster, id, expired_at, overdue });
            }
        }
        Ok((looked_at, ended.into_iter().collect()))
    }

    /// Everything in the grants folders that is called like a grant's file.
    fn grant_entries(&self, base: CommitId) -> Result<Vec<(ClusterName, GrantId, FolderEntry)>> {
        let mut all = Vec::new();
        for name in self.remote().list(base, "clusters")? {
            let Ok(cluster) = ClusterName::new(name) else { continue };
            for entry in self.remote().entries(base, &cluster.grants_folder())?.unwrap_or_default() {
                let name = std::str::from_utf8(&entry.name).ok().and_then(|name| name.strip_suffix(".yaml"));
                if let Some(id) = name.and_then(|id| GrantId::new(id).ok()) {
                    all.push((cluster.clone(), id, entry));
                }
            }
        }
        Ok(all)
    }
}
