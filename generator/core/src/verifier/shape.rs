//! The shape of a change: which files of a grants folder it touches, and how. Not here: what grants hold.

use std::collections::{BTreeMap, BTreeSet};

use p0_grant::name::GrantId;

use super::{Base, Finding, Refusal};
use crate::change::{File, FileChange, FileMode};
use crate::kustomization;
use crate::layout::{ClusterName, PathKind, path_kind};

/// A grant that a change adds.
pub(super) struct Added<'c> {
    pub(super) path: &'c str,
    pub(super) cluster: ClusterName,
    pub(super) id: GrantId,
    pub(super) file: &'c File,
}

/// A live grant that a change puts into other words.
pub(super) struct Changed<'c> {
    pub(super) path: &'c str,
    pub(super) cluster: ClusterName,
    pub(super) id: GrantId,
    pub(super) before: &'c File,
    pub(super) after: &'c File,
}

/// A change sorted by what its paths are for.
pub(super) struct Shape<'c> {
    added: Vec<Added<'c>>,
    changed: Vec<Changed<'c>>,
    removed: Vec<(ClusterName, GrantId)>,
    kustomizations: Vec<(ClusterName, &'c FileChange)>,
    elsewhere: Vec<&'c FileChange>,
    /// What can be said without base.
    findings: Vec<Finding>,
}

impl<'c> Shape<'c> {
    pub(super) fn of(change: &'c [FileChange]) -> Self {
        let mut shape = Self {
            added: Vec::new(),
            changed: Vec::new(),
            removed: Vec::new(),
            kustomizations: Vec::new(),
            elsewhere: Vec::new(),
            findings: Vec::new(),
        };
        change.iter().for_each(|file| shape.sort_in(file));
        shape
    }

    fn sort_in(&mut self, file: &'c FileChange) {
        match path_kind(&file.path) {
            PathKind::Grant { cluster, id } => match (&file.before, &file.after) {
                (None, Some(after)) => self.added.push(Added { path: &file.path, cluster, id, file: after }),
                (Some(_), None) => self.removed.push((cluster, id)),
                (Some(before), Some(after)) => {
                    self.changed.push(Changed { path: &file.path, cluster, id, before, after });
                }
                (None, None) => {}
            },
            PathKind::Kustomization(cluster) => self.kustomizations.push((cluster, file)),
            PathKind::Sentinel(_) => self.refuse(file, Refusal::Sentinel),
            // What does not belong there may go.
            PathKind::ForeignToGrants if file.after.is_none() => {}
            PathKind::ForeignToGrants => self.refuse(file, Refusal::Foreign),
            PathKind::Elsewhere => self.elsewhere.push(file),
        }
    }

    fn refuse(&mut self, file: &FileChange, refusal: Refusal) {
        self.findings.push(Finding { path: file.path.clone(), refusal });
    }

    pub(super) fn added(&self) -> &[Added<'c>] {
        &self.added
    }

    pub(super) fn changed(&self) -> &[Changed<'c>] {
        &self.changed
    }

    pub(super) fn added_ids(&self) -> BTreeSet<GrantId> {
        self.added.iter().map(|added| added.id.clone()).collect()
    }

    pub(super) fn removed_ids(&self) -> BTreeSet<GrantId> {
        self.removed.iter().map(|(_, id)| id.clone()).collect()
    }

    pub(super) fn clusters(&self) -> BTreeSet<ClusterName> {
        let added = self.added.iter().map(|added| added.cluster.clone());
        let changed = self.changed.iter().map(|changed| changed.cluster.clone());
        let removed = self.removed.iter().map(|(cluster, _)| cluster.clone());
        added
            .chain(changed)
            .chain(removed)
            .chain(self.kustomizations.iter().map(|(cluster, _)| cluster.clone()))
            .collect()
    }

    fn touches_grants(&self) -> bool {
        let grants = self.added.len() + self.changed.len() + self.removed.len();
        grants > 0 || !self.findings.is_empty() || !self.kustomizations.is_empty()
    }

    /// Everything about the shape that speaks against the change.
    pub(super) fn findings(&self, base: &Base) -> Vec<Finding> {
        let mut findings = self.findings.clone();
        if self.touches_grants() {
            let mixed = |file: &&FileChange| Finding { path: file.path.clone(), refusal: Refusal::Mixed };
            findings.extend(self.elsewhere.iter().map(mixed));
        }
        findings.extend(self.modes());
        findings.extend(self.doubles());
        findings.extend(self.kustomization_findings(base));
        findings
    }

    fn modes(&self) -> impl Iterator<Item = Finding> + '_ {
        let added = self.added.iter().map(|added| (added.path, added.file));
        let files = added.chain(self.changed.iter().map(|changed| (changed.path, changed.after)));
        let strange = files.filter(|(_, file)| file.mode != FileMode::Regular);
        strange.map(|(path, _)| Finding { path: path.to_owned(), refusal: Refusal::Mode })
    }

    fn doubles(&self) -> impl Iterator<Item = Finding> + '_ {
        let mut seen = BTreeSet::new();
        let doubles = self.added.iter().filter(move |added| !seen.insert(&added.id));
        doubles.map(|added| Finding {
            path: added.path.to_owned(),
            refusal: Refusal::Twice(added.id.to_string()),
        })
    }

    /// Each touched cluster's kustomization must be base's with exactly the lines of this change.
    fn kustomization_findings(&self, base: &Base) -> Vec<Finding> {
        let changed: BTreeMap<&ClusterName, &FileChange> =
            self.kustomizations.iter().map(|(cluster, file)| (cluster, *file)).collect();
        let wrong = |cluster: &ClusterName| {
            let text = base
                .clusters
                .get(cluster)
                .and_then(|cluster| cluster.kustomization.as_deref().map(String::as_str));
            let found = match changed.get(cluster) {
                Some(file) => file
                    .after
                    .as_ref()
                    .filter(|file| file.mode == FileMode::Regular)
                    .map(|file| file.bytes.as_slice()),
                None => text.map(str::as_bytes),
            };
            self.expected_kustomization(cluster, text) != Ok(found.map(<[u8]>::to_vec))
        };
        let wrong = self.clusters().into_iter().filter(wrong);
        wrong
            .map(|cluster| Finding { path: cluster.kustomization_path(), refusal: Refusal::Kustomization })
            .collect()
    }

    fn expected_kustomization(
        &self,
        cluster: &ClusterName,
        text: Option<&str>,
    ) -> Result<Option<Vec<u8>>, kustomization::KustomizationError> {
        let Some(text) = text else { return Ok(None) };
        let added = self
            .added
            .iter()
            .filter(|added| added.cluster == *cluster)
            .map(|added| added.id.clone())
            .collect();
        let removed =
            self.removed.iter().filter(|(own, _)| own == cluster).map(|(_, id)| id.clone()).collect();
        kustomization::edit(text, &added, &removed).map(|text| Some(text.into_bytes()))
    }
}
