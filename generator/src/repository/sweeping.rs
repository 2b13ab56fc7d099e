//! The sweep: what has expired leaves base, from Git alone and whatever becomes of the bot.
//!
//! It only deletes. A grant that stood on base longer than the grace allows is overdue: the bot should have removed it, and
//! somebody should look why it did not. Not here: when it runs.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use p0_access::expiry::stated;
use p0_access::layout::{ClusterName, PathKind, path_kind};
use p0_grant::name::GrantId;
use serde::Serialize;

use super::{Removal, RemovalReason, Repository, Result};
use crate::git::{CommitId, Identity};

/// What a sweep did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// How many grants stood on base.
    pub looked_at: usize,
    /// Those that it removed.
    pub removed: Vec<Ended>,
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
    /// Removes from base every grant that has expired, and leaves a heartbeat.
    ///
    /// # Errors
    /// [`super::RepositoryError`]; base is where it was, or the heartbeat alone is missing.
    pub fn sweep(&self, grace: SignedDuration, by: &Identity, now: Timestamp) -> Result<Swept> {
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
                base = self.remove(&removal, by, now)?.unwrap_or(base);
            }
        }
        self.beat(base, looked_at, removed.len(), by)?;
        Ok(Swept { looked_at, removed, base: base.to_string() })
    }

    /// How many grants `base` has, and those of them that have expired or do not say when they do.
    fn expired(&self, base: CommitId, grace: SignedDuration, now: Timestamp) -> Result<(usize, Vec<Ended>)> {
        let mut looked_at = 0;
        let mut ended = BTreeSet::new();
        for (path, blob) in self.remote().files(base, "clusters", "grants")? {
            let PathKind::Grant { cluster, id } = path_kind(&path) else { continue };
            looked_at += 1;
            let expired_at = stated(&self.remote().blob(blob)?);
            if expired_at.is_none_or(|at| at <= now) {
                // Without a time nobody knows how long it has been due.
                let due = expired_at.and_then(|at| at.checked_add(grace).ok());
                let overdue = due.is_none_or(|due| due <= now);
                ended.insert(Ended { cluster, id, expired_at, overdue });
            }
        }
        Ok((looked_at, ended.into_iter().collect()))
    }
}
