//! Removing many grants at once: one commit on base that takes away and does nothing else.
//!
//! What sweeps, revocations of everything, and tampered files need. It waits for no branch and no approval. Not here: which
//! grants go.

use std::collections::{BTreeMap, BTreeSet};

use p0_access::change::Edit;
use p0_access::companion::GrantsChange;
use p0_access::layout::ClusterName;
use p0_grant::name::GrantId;

use super::{Repository, Result, flatten};
use crate::git::{CommitId, Identity, Message};

/// What is to go, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// The grants of each cluster.
    pub grants: BTreeMap<ClusterName, BTreeSet<GrantId>>,
    /// Other files: preapprovals, and what must not be in a grants folder.
    pub files: BTreeSet<String>,
    /// Why.
    pub why: RemovalReason,
    /// How each grant ended, in words, for who reads Git.
    pub endings: BTreeMap<GrantId, String>,
}

/// The trailer of [`Removal::endings`]: the grant's id, and how it ended.
pub(super) const ENDED: &str = "Ended";

/// Why grants go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RemovalReason {
    /// Their time is over.
    Expired,
    /// Somebody takes them back.
    Revoked,
    /// The judgement refuses what is on base.
    Tampered,
    /// The applier cannot apply them.
    Unappliable,
}

impl RemovalReason {
    /// The word in the commit's `Reason` trailer.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Tampered => "tampered",
            Self::Unappliable => "unappliable",
        }
    }
}

impl Removal {
    /// Grants of several clusters.
    pub fn of(grants: impl IntoIterator<Item = (ClusterName, GrantId)>, why: RemovalReason) -> Self {
        let mut all: BTreeMap<ClusterName, BTreeSet<GrantId>> = BTreeMap::new();
        for (cluster, id) in grants {
            all.entry(cluster).or_default().insert(id);
        }
        Self { grants: all, files: BTreeSet::new(), why, endings: BTreeMap::new() }
    }

    /// Files that are no grants.
    pub fn of_files(files: BTreeSet<String>, why: RemovalReason) -> Self {
        Self { grants: BTreeMap::new(), files, why, endings: BTreeMap::new() }
    }

    /// The same, with how each grant ended.
    #[must_use]
    pub fn with_endings(self, endings: BTreeMap<GrantId, String>) -> Self {
        Self { endings, ..self }
    }

    /// Whether nothing is to go.
    pub fn is_empty(&self) -> bool {
        self.grants.is_empty() && self.files.is_empty()
    }

    fn ids(&self) -> impl Iterator<Item = &GrantId> {
        self.grants.values().flatten()
    }

    pub(super) fn message(&self) -> Message {
        let count = self.ids().count();
        let subject = match (self.ids().next(), count) {
            (Some(id), 1) => format!("Remove grant {id}: {}", self.why.as_str()),
            (None, _) => format!("Remove {} file(s): {}", self.files.len(), self.why.as_str()),
            _ => format!("Remove {count} grants: {}", self.why.as_str()),
        };
        let mut trailers: Vec<_> = self.ids().map(|id| ("Request-Id", id.to_string())).collect();
        trailers.push(("Reason", self.why.as_str().to_owned()));
        trailers.extend(self.endings.iter().map(|(id, words)| (ENDED, format!("{id} {words}"))));
        Message { subject, body: String::new(), trailers }
    }
}

impl Repository {
    /// Removes what is there of `removal` in one commit on base; nothing where nothing of it is there.
    ///
    /// # Errors
    /// [`super::RepositoryError`]; base is where it was.
    pub fn remove(&self, removal: &Removal, by: &Identity) -> Result<Option<CommitId>> {
        let edits = |base| self.removals(base, removal);
        // It only takes away, by construction: what somebody else did to the tree is no reason to refuse it.
        self.branch.land(by, &removal.message(), edits, |_| Ok(())).map_err(flatten)
    }

    pub(super) fn removals(&self, base: CommitId, removal: &Removal) -> Result<Vec<Edit>> {
        let mut edits: Vec<Edit> =
            removal.files.iter().map(|path| Edit::Delete { path: path.clone() }).collect();
        for (cluster, ids) in &removal.grants {
            edits.extend(ids.iter().map(|id| Edit::Delete { path: cluster.grant_path(id) }));
            let change = GrantsChange { removed: ids.clone(), ..GrantsChange::default() };
            edits.extend(self.companions(base, cluster, change)?);
        }
        Ok(edits)
    }
}
