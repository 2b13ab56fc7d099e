//! What the verifier needs of base, and its answer. Not here: what it holds a change to (`p0_access::verifier`).

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use p0_access::change::FileChange;
use p0_access::layout::{ClusterName, grant_file};
use p0_access::verifier::{Judgement, MAX_CLOCK_SKEW, Needs, needs, verify};
use p0_grant::manifest::{Claims, Manifest};
use p0_grant::name::GrantId;

use super::{Repository, RepositoryError, Result};
use crate::git::{CommitId, Used};

impl Repository {
    /// Judges the change that `head` makes since it left `base`, by what is on `base` now.
    ///
    /// # Errors
    /// [`RepositoryError`] where the repository cannot be read, which is no judgement and never a pass.
    pub fn verify(&self, base: CommitId, head: CommitId, now: Timestamp) -> Result<Judgement> {
        let change = self.remote().diff(self.remote().merge_base(base, head)?, head)?;
        self.verify_files(base, &change, now)
    }

    /// Judges files that change, by what is on `base`.
    pub(super) fn verify_files(
        &self,
        base: CommitId,
        change: &[FileChange],
        now: Timestamp,
    ) -> Result<Judgement> {
        let Needs { clusters, added, changed } = needs(change);
        let mut known = self.snapshot_at(base)?.for_verifier(&clusters);
        for (cluster, id) in changed {
            let versions = self.remote().versions(base, &cluster.grant_path(&id))?;
            known.versions.insert(id, versions);
        }
        if !added.is_empty() || !known.versions.is_empty() {
            known.used = self.used(base, &clusters, &added, change)?;
        }
        Ok(verify(change, &known, now))
    }

    /// Those ids of added grants, in their files' names or in the files, that base's history has had.
    ///
    /// Trailers are read from the beginning. Trees are compared since the oldest added grant was made: its signature
    /// holds that time, so nothing that stood there before can have been this grant.
    fn used(
        &self,
        base: CommitId,
        clusters: &BTreeSet<ClusterName>,
        added: &BTreeSet<GrantId>,
        change: &[FileChange],
    ) -> Result<BTreeSet<GrantId>> {
        let texts = change
            .iter()
            .filter_map(|file| file.after.as_ref())
            .filter_map(|file| std::str::from_utf8(&file.bytes).ok());
        let claims: Vec<Claims> =
            texts.filter_map(|text| Manifest::read(text).ok()).map(Manifest::into_claims).collect();
        let since =
            long_before(claims.iter().map(|claims| claims.created_at).min().unwrap_or(Timestamp::MAX));
        let folders: Vec<String> = clusters.iter().map(ClusterName::grants_folder).collect();
        let ids: BTreeSet<&GrantId> = added.iter().chain(claims.iter().map(|claims| &claims.id)).collect();
        let used = self.remote().used(base, &folders, since, &traces(ids.iter().copied()))?;
        let is_used =
            |id: &&GrantId| used.trailers.contains(id.as_str()) || used.entries.contains(&grant_file(id));
        Ok(ids.into_iter().filter(is_used).cloned().collect())
    }

    pub(super) fn pass(&self, base: CommitId, head: CommitId, now: Timestamp) -> Result<()> {
        match self.verify(base, head, now)? {
            Judgement::Passed { .. } => Ok(()),
            Judgement::Refused(findings) => Err(RepositoryError::Refused(findings)),
        }
    }
}

/// A time before which nothing of a grant made at `created_at` can have landed, however wrong somebody's clock was.
pub(super) fn long_before(created_at: Timestamp) -> Timestamp {
    created_at.checked_sub(MAX_CLOCK_SKEW + SignedDuration::from_hours(1)).unwrap_or(Timestamp::MIN)
}

/// What these ids leave behind in history.
pub(super) fn traces<'a>(ids: impl IntoIterator<Item = &'a GrantId>) -> Used {
    let (trailers, entries) = ids.into_iter().map(|id| (id.to_string(), grant_file(id))).unzip();
    Used { trailers, entries }
}
