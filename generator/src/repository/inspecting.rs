//! What stands in the grants folders of a commit and must not, and the edits that put it right.
//!
//! It asks no history but for the sentinel and the list of files to put back. Not here: what a push did ([`super::pushing`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use p0_access::change::{Edit, FileMode};
use p0_access::companion::{self, CompanionFile, GrantsChange};
use p0_access::layout::{ALLOWED_SIGNERS, CLUSTERS, ClusterName, Companion, PathKind, path_kind};
use p0_access::verifier::{Finding, Refusal, in_place, is_sentinel, listed_grants, standing_grant};
use p0_grant::name::GrantId;
use p0_grant::signers::AllowedSigners;

use super::verifying::flawed;
use super::{Repository, Result};
use crate::git::{BlobId, CommitId, FolderEntry};

/// What was found, and what puts it right.
#[derive(Default)]
pub(super) struct Inspection {
    pub(super) findings: Vec<Finding>,
    pub(super) edits: Vec<Edit>,
    /// Grants that go.
    pub(super) gone: BTreeSet<GrantId>,
}

/// What was found sound before; it is forgotten when the signers change.
#[derive(Default)]
pub(super) struct Sound {
    signers: Option<Arc<AllowedSigners>>,
    grants: BTreeSet<(ClusterName, GrantId, BlobId)>,
    /// Clusters whose history has no sentinel.
    bare: BTreeSet<ClusterName>,
}

/// One grants folder: what of it stays.
struct Folder<'r> {
    repository: &'r Repository,
    base: CommitId,
    cluster: &'r ClusterName,
    names: BTreeSet<String>,
    grants: BTreeSet<GrantId>,
    gone: BTreeSet<GrantId>,
    findings: Vec<Finding>,
    puts: Vec<Edit>,
}

impl Repository {
    /// Looks into the grants folders of `base`, by the signers of `trusted`. Grants that are `refused` go too.
    pub(super) fn inspect(
        &self,
        base: CommitId,
        trusted: CommitId,
        refused: &BTreeMap<ClusterName, BTreeSet<GrantId>>,
    ) -> Result<Inspection> {
        let mut inspection = Inspection::default();
        let signers = self.signers_of(trusted, &mut inspection.findings)?;
        inspection.findings.extend(self.remote().flaws(base, CLUSTERS)?.iter().map(flawed));
        let Some(entries) = self.remote().entries(base, CLUSTERS)? else {
            if self.remote().entry(base, CLUSTERS)?.is_some() {
                inspection.remove(CLUSTERS.to_owned());
            }
            return Ok(inspection);
        };
        for entry in entries {
            let Some(name) = String::from_utf8(entry.name).ok().and_then(|name| ClusterName::new(name).ok())
            else {
                continue;
            };
            if entry.mode != FileMode::Folder {
                inspection.remove(format!("{CLUSTERS}/{name}"));
            }
            let none = BTreeSet::new();
            let refused = refused.get(&name).unwrap_or(&none);
            inspection.take(Folder::of(self, base, &name).inspected(signers.as_deref(), refused)?);
        }
        inspection.findings.sort();
        inspection.findings.dedup();
        Ok(inspection)
    }

    /// The signers by whom grants are judged. Without them no signature can be verified, and that is a finding.
    fn signers_of(&self, base: CommitId, findings: &mut Vec<Finding>) -> Result<Option<Arc<AllowedSigners>>> {
        let signers = match self.snapshot_at(base)?.signers() {
            Ok(signers) => Some(signers),
            Err(problem) => {
                let (file, problem) = (ALLOWED_SIGNERS.to_owned(), problem.sentence().to_owned());
                findings.push(Finding { path: file.clone(), refusal: Refusal::Base { file, problem } });
                None
            }
        };
        let mut sound = self.sound.borrow_mut();
        let is_same = match (&sound.signers, &signers) {
            (Some(before), Some(now)) => Arc::ptr_eq(before, now),
            _ => false,
        };
        if !is_same {
            sound.grants.clear();
            sound.signers.clone_from(&signers);
        }
        Ok(signers)
    }
}

impl Inspection {
    /// What is in the way of a folder goes.
    fn remove(&mut self, path: String) {
        self.findings.push(Finding { path: path.clone(), refusal: Refusal::Foreign });
        self.edits.push(Edit::Delete { path });
    }

    fn take(&mut self, folder: Folder<'_>) {
        if folder.findings.is_empty() && folder.gone.is_empty() {
            return;
        }
        let Folder { cluster, names, gone, findings, puts, .. } = folder;
        self.edits.push(Edit::Retain { folder: cluster.grants_folder(), names });
        self.edits.extend(puts);
        self.gone.extend(gone);
        self.findings.extend(findings);
    }
}

impl<'r> Folder<'r> {
    fn of(repository: &'r Repository, base: CommitId, cluster: &'r ClusterName) -> Self {
        Self {
            repository,
            base,
            cluster,
            names: BTreeSet::new(),
            grants: BTreeSet::new(),
            gone: BTreeSet::new(),
            findings: Vec::new(),
            puts: Vec::new(),
        }
    }

    fn inspected(mut self, signers: Option<&AllowedSigners>, refused: &BTreeSet<GrantId>) -> Result<Self> {
        let (remote, folder) = (self.repository.remote(), self.cluster.grants_folder());
        self.findings.extend(remote.flaws(self.base, &folder)?.iter().map(flawed));
        let entries = remote.entries(self.base, &folder)?;
        if entries.is_none() && remote.entry(self.base, &folder)?.is_some() {
            self.finds(folder.clone(), Refusal::Foreign);
        }
        let (mut grants, mut seen) = (Vec::new(), BTreeSet::new());
        let (mut sentinel, mut list) = (None, None);
        for entry in entries.unwrap_or_default() {
            let path = format!("{folder}/{}", String::from_utf8_lossy(&entry.name));
            if !seen.insert(entry.name.clone()) {
                self.finds(path, Refusal::Foreign);
                continue;
            }
            match path_kind(&path) {
                // A name that is no text may look like one that is.
                _ if std::str::from_utf8(&entry.name).is_err() => self.finds(path, Refusal::Foreign),
                PathKind::Grant { id, .. } if refused.contains(&id) => drop(self.gone.insert(id)),
                PathKind::Grant { id, .. } if entry.mode == FileMode::Regular => grants.push((id, entry.id)),
                PathKind::Grant { id, .. } => self.refuses(id, Refusal::Mode),
                PathKind::Sentinel(_) => sentinel = Some(entry),
                PathKind::Companion(..) => list = Some(entry),
                PathKind::ForeignToGrants | PathKind::Elsewhere => self.finds(path, Refusal::Foreign),
            }
        }
        self.inspect_grants(grants, signers)?;
        self.inspect_sentinel(sentinel.as_ref())?;
        self.inspect_list(list)?;
        self.inspect_aws_auth(signers.is_some())?;
        Ok(self)
    }

    /// Grants that were sound before are not read again.
    fn inspect_grants(
        &mut self,
        grants: Vec<(GrantId, BlobId)>,
        signers: Option<&AllowedSigners>,
    ) -> Result<()> {
        let key = |(id, blob): &(GrantId, BlobId)| (self.cluster.clone(), id.clone(), *blob);
        let (known, new): (Vec<_>, Vec<_>) =
            grants.into_iter().partition(|grant| self.repository.sound.borrow().grants.contains(&key(grant)));
        known.into_iter().for_each(|(id, _)| self.keeps(id));
        let files: Vec<BlobId> = new.iter().map(|(_, blob)| *blob).collect();
        let read = self.repository.remote().blobs(&files, |bytes| standing_grant(bytes, signers))?;
        for ((id, blob), grant) in new.into_iter().zip(read) {
            match grant.and_then(|grant| in_place(&grant, self.cluster, &id)) {
                Err(refusal) => self.refuses(id, refusal),
                Ok(()) => {
                    let key = (self.cluster.clone(), id.clone(), blob);
                    self.repository.sound.borrow_mut().grants.insert(key);
                    self.keeps(id);
                }
            }
        }
        Ok(())
    }

    /// One that grants something, or is gone, is put back as history last had it.
    fn inspect_sentinel(&mut self, entry: Option<&FolderEntry>) -> Result<()> {
        let path = self.cluster.sentinel_path();
        if self.content(entry)?.is_some_and(|bytes| is_sentinel(&bytes)) {
            self.keep(&path);
            return Ok(());
        }
        if entry.is_none() && self.repository.sound.borrow().bare.contains(self.cluster) {
            return Ok(());
        }
        match self.repository.remote().last_content(self.base, &path, is_sentinel)? {
            Some(bytes) => {
                self.puts.push(Edit::Put { path: path.clone(), bytes });
                self.finds(path, Refusal::Sentinel);
            }
            None if entry.is_some() => self.finds(path, Refusal::Sentinel),
            None => drop(self.repository.sound.borrow_mut().bare.insert(self.cluster.clone())),
        }
        Ok(())
    }

    /// A kustomization that does more than list what stays is put back as history last had it, with what stays.
    fn inspect_list(&mut self, entry: Option<FolderEntry>) -> Result<()> {
        let Some(entry) = entry else { return Ok(()) };
        let path = self.list_path();
        let lists = |bytes: &[u8]| listed_grants(bytes).is_some();
        let present = self.content(Some(&entry))?.filter(|bytes| lists(bytes));
        let listed = present.as_deref().and_then(listed_grants);
        if listed.is_some_and(|listed| listed.is_subset(&self.grants)) {
            self.keep(&path);
            return Ok(());
        }
        let is_sound = present.is_some();
        let text = match present {
            Some(bytes) => Some(bytes),
            None => self.repository.remote().last_content(self.base, &path, lists)?,
        };
        if let Some(bytes) = text.and_then(|bytes| self.relisted(&bytes, is_sound)) {
            self.puts.push(Edit::Put { path: path.clone(), bytes });
        }
        if !is_sound || self.gone.is_empty() {
            self.finds(path, Refusal::Companion(Companion::Kustomization));
        }
        Ok(())
    }

    /// The list without what is gone; one from history lists everything that stays.
    fn relisted(&self, bytes: &[u8], is_present: bool) -> Option<Vec<u8>> {
        let (text, listed) = (std::str::from_utf8(bytes).ok()?, listed_grants(bytes)?);
        let added = if is_present { BTreeSet::new() } else { &self.grants - &listed };
        let change = GrantsChange { added, removed: &listed - &self.grants, ..GrantsChange::default() };
        companion::edit(Companion::Kustomization, text, &change).ok().map(String::into_bytes)
    }

    /// The entries of `aws-auth` that are ours are those that the grants which stay need: a missing one is added, another one goes.
    /// A manifest that cannot be edited stays as it is, and keeps no grant.
    fn inspect_aws_auth(&mut self, are_signatures_verified: bool) -> Result<()> {
        let snapshot = self.repository.snapshot_at(self.base)?;
        let Some(CompanionFile { path, text }) =
            snapshot.companions(self.cluster).remove(&Companion::AwsAuth)
        else {
            return Ok(());
        };
        let mapped = snapshot.mapped(self.cluster);
        let removed = mapped.keys().filter(|id| !self.grants.contains(*id)).cloned().collect();
        let change = GrantsChange { removed, mapped, ..GrantsChange::default() };
        // Where no signature can be verified, a grant that lacks its entry does not get it; what is gone loses it all the same.
        let is_due = are_signatures_verified || !self.gone.is_empty();
        let edited = companion::edit(Companion::AwsAuth, &text, &change).ok();
        let Some(edited) = edited.filter(|edited| is_due && *edited != *text) else { return Ok(()) };
        if self.gone.is_empty() {
            self.finds(path.clone(), Refusal::Companion(Companion::AwsAuth));
        }
        self.puts.push(Edit::Put { path, bytes: edited.into_bytes() });
        Ok(())
    }

    fn list_path(&self) -> String {
        Companion::Kustomization.path(self.cluster, None).unwrap_or_default()
    }

    fn content(&self, entry: Option<&FolderEntry>) -> Result<Option<Vec<u8>>> {
        let file = entry.filter(|entry| entry.mode == FileMode::Regular);
        Ok(file.map(|entry| self.repository.remote().blob(entry.id)).transpose()?)
    }

    fn keeps(&mut self, id: GrantId) {
        self.keep(&self.cluster.grant_path(&id));
        self.grants.insert(id);
    }

    fn keep(&mut self, path: &str) {
        self.names.extend(path.rsplit('/').next().map(str::to_owned));
    }

    fn refuses(&mut self, id: GrantId, refusal: Refusal) {
        self.finds(self.cluster.grant_path(&id), refusal);
        self.gone.insert(id);
    }

    fn finds(&mut self, path: String, refusal: Refusal) {
        self.findings.push(Finding { path, refusal });
    }
}
