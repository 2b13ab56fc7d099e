//! The shape of a change: which files of a grants folder it touches, and how. Not here: what grants hold.

use std::collections::{BTreeMap, BTreeSet};

use p0_grant::mapping::Mapping;
use p0_grant::name::GrantId;

use super::{Base, Finding, Refusal, is_sentinel, listed_grants};
use crate::change::{File, FileChange, FileMode};
use crate::companion::{self, GrantsChange, mapping_of};
use crate::layout::{ClusterName, Companion, PathKind, path_kind};

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
    companions: BTreeMap<(ClusterName, Companion), &'c FileChange>,
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
            companions: BTreeMap::new(),
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
            PathKind::Companion(companion, cluster) => {
                self.companions.insert((cluster, companion), file);
            }
            // It may be put right, and a new cluster has one.
            PathKind::Sentinel(_) if regular(file).is_some_and(is_sentinel) => {}
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
            .chain(self.companions.keys().map(|(cluster, _)| cluster.clone()))
            .collect()
    }

    pub(super) fn touches_grants(&self) -> bool {
        let grants = self.added.len() + self.changed.len() + self.removed.len();
        grants > 0 || !self.findings.is_empty() || !self.companions.is_empty()
    }

    /// Everything about the shape that speaks against the change.
    pub(super) fn findings(&self, base: &Base) -> Vec<Finding> {
        let mut findings = self.findings.clone();
        if self.touches_grants() {
            let mixed = |file: &&FileChange| Finding { path: file.path.clone(), refusal: Refusal::Mixed };
            let others = self.elsewhere.iter().filter(|file| !self.is_companion(&file.path, base));
            findings.extend(others.map(mixed));
        }
        findings.extend(self.modes());
        findings.extend(self.doubles());
        findings.extend(self.companion_findings(base));
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

    /// Each touched cluster's companions must be base's with exactly what the grants of this change need in them.
    fn companion_findings(&self, base: &Base) -> Vec<Finding> {
        let clusters = self.clusters();
        let all = clusters.iter().flat_map(|cluster| Companion::ALL.map(|companion| (cluster, companion)));
        all.filter_map(|(cluster, companion)| {
            let known = base.clusters.get(cluster);
            let file = known.and_then(|known| known.companions.get(&companion));
            let changed = self.companions.get(&(cluster.clone(), companion)).copied();
            let changed = changed.or_else(|| self.elsewhere_at(&file?.path));
            let change = self.change_of(cluster, known.map(|known| &known.mapped));
            let after = changed.map_or(file.map(|file| file.text.as_bytes()), regular);
            let is_put_right = put_right(companion, file.map(|file| file.text.as_str()), after);
            let allowed = match (file, changed) {
                // A link would bring in what it points to.
                (_, Some(changed)) if changed.after.is_some() && after.is_none() => false,
                _ if is_put_right => true,
                (None, None) => !companion::is_needed(companion, &change),
                (None, Some(_)) => after.is_none(),
                (Some(file), _) => {
                    let found = after.and_then(|bytes| std::str::from_utf8(bytes).ok());
                    found.is_some_and(|found| companion::allows(companion, &file.text, &change, found))
                }
            };
            let own = || companion.path(cluster, None).unwrap_or_else(|| cluster.settings_path());
            let path = || file.map_or_else(own, |file| file.path.clone());
            (!allowed).then(|| Finding { path: path(), refusal: Refusal::Companion(companion) })
        })
        .collect()
    }

    /// What this change does to a cluster's grants.
    fn change_of(&self, cluster: &ClusterName, mapped: Option<&BTreeMap<GrantId, Mapping>>) -> GrantsChange {
        let added = self.added.iter().filter(|added| added.cluster == *cluster);
        let changed = self.changed.iter().filter(|changed| changed.cluster == *cluster);
        let written = added.clone().map(|added| (&added.id, added.file));
        let written = written.chain(changed.map(|changed| (&changed.id, changed.after)));
        GrantsChange {
            added: added.map(|added| added.id.clone()).collect(),
            removed: self
                .removed
                .iter()
                .filter(|(own, _)| own == cluster)
                .map(|(_, id)| id.clone())
                .collect(),
            mapped: mapped.cloned().unwrap_or_default(),
            mapping: written.filter_map(|(id, file)| Some((id.clone(), mapping_of(&file.bytes)?))).collect(),
        }
    }

    /// A change of a companion that stands outside of the grants folder.
    fn elsewhere_at(&self, path: &str) -> Option<&'c FileChange> {
        self.elsewhere.iter().find(|file| file.path == path).copied()
    }

    /// Whether a path is that of a companion of a cluster whose grants change.
    fn is_companion(&self, path: &str, base: &Base) -> bool {
        let known = self.clusters().into_iter().filter_map(|cluster| base.clusters.get(&cluster));
        known.flat_map(|known| known.companions.values()).any(|file| file.path == path)
    }
}

/// Whether a companion that grants what it should not becomes one that lists files, or goes; a first one may come.
fn put_right(companion: Companion, before: Option<&str>, after: Option<&[u8]>) -> bool {
    // `aws-auth` says who may enter, so it has no state that is right by itself.
    if companion == Companion::AwsAuth {
        return false;
    }
    let lists = |bytes: &[u8]| listed_grants(bytes).is_some();
    !before.is_some_and(|text| lists(text.as_bytes())) && after.is_some_and(lists)
        || before.is_some_and(|text| !lists(text.as_bytes())) && after.is_none()
}

/// What a file holds afterwards, if it is a regular file.
fn regular(file: &FileChange) -> Option<&[u8]> {
    let after = file.after.as_ref().filter(|file| file.mode == FileMode::Regular);
    after.map(|file| file.bytes.as_slice())
}
