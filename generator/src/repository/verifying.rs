//! What the verifier needs of base, and its answer. Not here: what it holds a change to (`p0_access::verifier`).

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use p0_access::change::FileChange;
use p0_access::layout::{CLUSTERS, ClusterName, GRANTS, grant_file};
use p0_access::name::PersonName;
use p0_access::verifier::{
    Base, Finding, Judgement, LiveGrant, LiveGrants, MAX_CLOCK_SKEW, Needs, Refusal, needs, verify,
};
use p0_grant::manifest::{Claims, Manifest};
use p0_grant::name::GrantId;

use super::{BaseSnapshot, Repository, RepositoryError, Result};
use crate::git::{CommitId, MergeResult, Traces, TreeDiff, TreeFlaw};

/// Who approves of a change on the forge, by the grants whose files they saw.
pub type Reviews = BTreeMap<GrantId, BTreeSet<PersonName>>;

/// By what a change is judged.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    /// The commit that the change starts from.
    pub(super) base: CommitId,
    /// The commit whose policy, persons, signers, owners, cluster files and catalogues count.
    pub(super) files: CommitId,
    /// A second commit by whose files grants are judged too.
    pub(super) also: Option<CommitId>,
    /// Where the change is on base already: the earliest moment at which it can have come there.
    pub(super) landed: Option<Timestamp>,
}

impl Rules {
    /// What is on `base`.
    pub(super) fn of(base: CommitId) -> Self {
        Self { base, files: base, also: None, landed: None }
    }
}

impl Repository {
    /// Judges the change that `head` makes since it left `base`, by what is on `base` now.
    ///
    /// # Errors
    /// [`RepositoryError`] where the repository cannot be read, which is no judgement and never a pass.
    pub fn verify(&self, base: CommitId, head: CommitId, now: Timestamp) -> Result<Judgement> {
        match self.remote().merge_result(base, head)? {
            MergeResult::Merged(change) => self.verify_change(Rules::of(base), &change, now),
            MergeResult::SeveralBases(_) => {
                let finding = Finding { path: ".".to_owned(), refusal: Refusal::SeveralBases };
                Ok(Judgement::Refused(vec![finding]))
            }
            MergeResult::Conflict(paths) => {
                let conflict = |path| Finding { path, refusal: Refusal::Conflict };
                Ok(Judgement::Refused(paths.into_iter().map(conflict).collect()))
            }
        }
    }

    /// Judges what differs between two trees, and the trees themselves.
    pub(super) fn verify_change(&self, rules: Rules, change: &TreeDiff, now: Timestamp) -> Result<Judgement> {
        self.verify_reviewed(rules, change, &Reviews::new(), now)
    }

    /// The same with what the forge says of reviews.
    pub(super) fn verify_reviewed(
        &self,
        rules: Rules,
        change: &TreeDiff,
        reviews: &Reviews,
        now: Timestamp,
    ) -> Result<Judgement> {
        let judgement = self.verify_files(rules, &change.files, reviews, now)?;
        match change.flaws.is_empty() {
            true => Ok(judgement),
            false => Ok(both(judgement, Judgement::Refused(change.flaws.iter().map(flawed).collect()))),
        }
    }

    /// Judges files that change.
    fn verify_files(
        &self,
        rules: Rules,
        change: &[FileChange],
        reviews: &Reviews,
        now: Timestamp,
    ) -> Result<Judgement> {
        let needs = needs(change);
        let mut known = Base { reviews: reviews.clone(), ..self.known(rules.files, &rules, &needs)? };
        for (cluster, id) in &needs.changed {
            let versions = self.remote().versions(rules.base, &cluster.grant_path(id))?;
            known.versions.insert(id.clone(), versions);
        }
        let touches_grants = !needs.added.is_empty() || !known.versions.is_empty();
        if touches_grants {
            known.used = self.used(rules.base, &needs.added, change)?;
        }
        let judgement = verify(change, &known, now);
        match rules.also.filter(|also| touches_grants && *also != rules.files) {
            None => Ok(judgement),
            Some(also) => {
                let other = self.known(also, &rules, &needs)?;
                let known =
                    Base { used: known.used, versions: known.versions, reviews: known.reviews, ..other };
                Ok(both(judgement, verify(change, &known, now)))
            }
        }
    }

    /// What a change is held to by the files of `files`.
    pub(super) fn known(&self, files: CommitId, rules: &Rules, needs: &Needs) -> Result<Base> {
        let (base, files) = (self.snapshot_at(rules.base)?, self.snapshot_at(files)?);
        let (mut clusters, mut live) = (needs.clusters.clone(), Vec::new());
        if needs.live == LiveGrants::Needed {
            clusters.extend(base.clusters().cloned());
            live = self.live(&base)?;
        }
        Ok(Base { landed: rules.landed, live, ..base.for_verifier(&files, &clusters) })
    }

    /// The grants that stand on `base`. What cannot be read is no grant, and goes for that reason.
    fn live(&self, base: &BaseSnapshot) -> Result<Vec<LiveGrant>> {
        let of = |cluster: &'_ ClusterName| base.grants(cluster).map(|(_, blob)| blob).collect::<Vec<_>>();
        let mut live = Vec::new();
        for cluster in base.clusters() {
            let read = self.remote().blobs(&of(cluster), |bytes| {
                let text = std::str::from_utf8(bytes).ok()?;
                Some(LiveGrant { cluster: cluster.clone(), claims: Manifest::read(text).ok()?.into_claims() })
            })?;
            live.extend(read.into_iter().flatten());
        }
        Ok(live)
    }

    /// Those ids of added grants, in their files' names or in the files, that base's history has had, on whichever cluster.
    ///
    /// Trailers are read from the beginning. Trees are compared since the oldest added grant was made: its signature
    /// holds that time, so nothing that stood there before can have been this grant.
    fn used(
        &self,
        base: CommitId,
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
        let ids: BTreeSet<&GrantId> = added.iter().chain(claims.iter().map(|claims| &claims.id)).collect();
        let used = self.remote().used(base, since, &traces(ids.iter().copied()))?;
        Ok(ids.into_iter().filter(|id| used.contains(id.as_str())).cloned().collect())
    }

    pub(super) fn pass(&self, base: CommitId, head: CommitId, now: Timestamp) -> Result<()> {
        match self.verify(base, head, now)? {
            Judgement::Passed { .. } => Ok(()),
            Judgement::Refused(findings) => Err(RepositoryError::Refused(findings)),
        }
    }
}

/// What is wrong with a folder's tree.
pub(super) fn flawed((path, flaw): &(String, TreeFlaw)) -> Finding {
    Finding { path: path.clone(), refusal: Refusal::Tree(flaw.to_string()) }
}

/// What both say: a change passes where both let it.
fn both(one: Judgement, other: Judgement) -> Judgement {
    match (one, other) {
        (Judgement::Refused(mut findings), Judgement::Refused(others)) => {
            findings.extend(others);
            findings.sort();
            findings.dedup();
            Judgement::Refused(findings)
        }
        (refused @ Judgement::Refused(_), _) | (_, refused) => refused,
    }
}

/// A time before which nothing of a grant made at `created_at` can have landed, however wrong somebody's clock was.
pub(super) fn long_before(created_at: Timestamp) -> Timestamp {
    created_at.checked_sub(MAX_CLOCK_SKEW + SignedDuration::from_hours(1)).unwrap_or(Timestamp::MIN)
}

/// What these ids leave behind in history.
pub(super) fn traces<'a>(ids: impl IntoIterator<Item = &'a GrantId>) -> Traces<'static> {
    let files = ids.into_iter().map(|id| (id.to_string(), grant_file(id))).collect();
    Traces { root: CLUSTERS, leaf: GRANTS, files }
}
