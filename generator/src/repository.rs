//! The GitOps repository on its forge: the design's files read from commits, and grants proposed, judged, merged, reverted.
//!
//! Not here: Git itself ([`crate::git`]), what is decided (`p0-access`), and anything that is printed.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use p0_access::change::{Edit, File};
use p0_access::cluster::Cluster;
use p0_access::judge::{Base, ClusterBase, Finding, Judgement, MAX_CLOCK_SKEW, judge, needs};
use p0_access::kustomization::{self, KustomizationError};
use p0_access::layout::{ALLOWED_SIGNERS, ClusterName, grant_file};
use p0_grant::catalogue::Catalogue;
use p0_grant::manifest::{Claims, Manifest, ManifestError};
use p0_grant::name::GrantId;
use p0_grant::signers::AllowedSigners;

use crate::git::{
    AfterMerge, Change, CommitId, Ensured, Forge, GitError, Identity, MergeError, Merged, Message, Remote,
};

/// A repository of the design's layout.
pub struct Repository {
    forge: Forge,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// Git said no.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A file that must be there.
    #[error("`{path}` is not on `{base}`; `p0-gitops init` makes it")]
    Missing {
        /// Which.
        path: String,
        /// The base branch.
        base: String,
    },
    /// A file that cannot be used.
    #[error("`{path}` cannot be used: {problem}")]
    Unusable {
        /// Which.
        path: String,
        /// Why not.
        problem: String,
    },
    /// The kustomization cannot take another line.
    #[error(transparent)]
    Kustomization(#[from] KustomizationError),
    /// A grant that cannot be written or read.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// No such grant on base, and none was ever proposed.
    #[error("there is no grant `{id}` for `{cluster}`: neither on `{base}` nor proposed")]
    NoGrant {
        /// Which.
        id: GrantId,
        /// Of which cluster.
        cluster: ClusterName,
        /// The base branch.
        base: String,
    },
    /// The grant was on base and is gone.
    #[error("the grant `{0}` has ended: it was merged before and reverted")]
    Ended(GrantId),
    /// The judgement says no.
    #[error("refused: {} finding(s)", .0.len())]
    Refused(Vec<Finding>),
}

type Result<T> = std::result::Result<T, RepositoryError>;

impl Repository {
    /// The repository on `forge`.
    pub fn new(forge: Forge) -> Self {
        Self { forge }
    }

    /// The forge.
    pub fn forge(&self) -> &Forge {
        &self.forge
    }

    fn remote(&self) -> &Remote {
        self.forge.remote()
    }

    /// The cluster's settings on base.
    ///
    /// # Errors
    /// [`RepositoryError`] where the file is missing or cannot be read.
    pub fn settings(&self, cluster: &ClusterName) -> Result<Cluster> {
        let path = cluster.settings_path();
        let settings = settings(cluster, self.text(self.forge.head()?, &path)?);
        self.usable(settings, path)
    }

    /// The cluster's catalogue on base.
    ///
    /// # Errors
    /// [`RepositoryError`] where the file is missing or cannot be read.
    pub fn catalogue(&self, cluster: &ClusterName) -> Result<Catalogue> {
        let path = cluster.catalogue_path();
        let catalogue = catalogue(self.text(self.forge.head()?, &path)?);
        self.usable(catalogue, path)
    }

    fn usable<T>(&self, read: std::result::Result<T, Option<String>>, path: String) -> Result<T> {
        read.map_err(|problem| match problem {
            Some(problem) => RepositoryError::Unusable { path, problem },
            None => RepositoryError::Missing { path, base: self.forge.base().to_owned() },
        })
    }

    /// Proposes a signed grant: a branch `p0/grant/<id>` with one commit.
    ///
    /// # Errors
    /// [`RepositoryError`]; nothing was written.
    pub fn propose(&self, cluster: &ClusterName, manifest: &Manifest, by: Identity) -> Result<Ensured> {
        let bytes = manifest.to_yaml()?.into_bytes();
        let id = &manifest.claims().id;
        self.check_unused(manifest, cluster, &bytes)?;
        let change =
            Change { branch: grant_branch(id), message: grant_message("Grant", manifest.claims()), by };
        let done = self.forge.ensure_change(&change, |base| self.addition(base, cluster, id, bytes.clone()));
        done.map_err(flatten)
    }

    /// An id that ended never comes back; one that is live may be proposed again as it is.
    ///
    /// Only what happened since the grant was made is read, so that proposing stays quick in a long history; the
    /// judgement reads all of it.
    fn check_unused(&self, manifest: &Manifest, cluster: &ClusterName, bytes: &[u8]) -> Result<()> {
        let Claims { id, created_at, .. } = manifest.claims();
        let base = self.forge.head()?;
        match self.remote().read_file(base, &cluster.grant_path(id))? {
            Some(live) if live.bytes == bytes => return Ok(()),
            Some(_) => return Err(GitError::ForeignBranch(grant_branch(id)).into()),
            None => {}
        }
        let used = self.remote().used_since(base, &[cluster.grants_folder()], long_before(*created_at))?;
        let ended = used.trailers.contains(id.as_str()) || used.entries.contains(&grant_file(id));
        if ended { Err(RepositoryError::Ended(id.clone())) } else { Ok(()) }
    }

    /// Merges a proposed grant, judged on the head that it lands on.
    ///
    /// # Errors
    /// [`RepositoryError::Refused`] with every finding; base is where it was.
    pub fn merge(
        &self,
        cluster: &ClusterName,
        id: &GrantId,
        by: Identity,
        now: Timestamp,
    ) -> Result<(Merged, Option<Claims>)> {
        let branch = grant_branch(id);
        let path = cluster.grant_path(id);
        let Some(tip) = self.remote().tip(&branch)? else {
            return self.merged_before(cluster, id).map(|()| (Merged::Before, None));
        };
        let file = self.remote().read_file(tip, &path)?.ok_or_else(|| self.no_grant(cluster, id))?;
        let manifest = read(&path, &file)?;
        let message = grant_message("Merge grant", manifest.claims());
        let change = Change { branch, message, by };
        let edits = |base, _| self.addition(base, cluster, id, file.bytes.clone());
        let judged = |proposed: crate::git::Proposed| self.pass(proposed.base, proposed.head, now);
        let merged = self.forge.merge(&change, AfterMerge::DeleteBranch, edits, judged).map_err(flatten)?;
        if merged == Merged::Before {
            // An old branch that base contains: its grant is live, or it has ended.
            self.merged_before(cluster, id)?;
        }
        Ok((merged, Some(manifest.claims().clone())))
    }

    fn merged_before(&self, cluster: &ClusterName, id: &GrantId) -> Result<()> {
        let base = self.forge.head()?;
        if self.remote().read_file(base, &cluster.grant_path(id))?.is_some() {
            return Ok(());
        }
        match self.remote().used(base, &[], Timestamp::MAX)?.trailers.contains(id.as_str()) {
            true => Err(RepositoryError::Ended(id.clone())),
            false => Err(self.no_grant(cluster, id)),
        }
    }

    /// Removes a grant from base: exactly the paths that it added. A branch that is still open is closed.
    ///
    /// # Errors
    /// [`RepositoryError`]; base is where it was.
    pub fn revert(
        &self,
        cluster: &ClusterName,
        id: &GrantId,
        by: Identity,
        now: Timestamp,
    ) -> Result<Merged> {
        let trailers = vec![("Request-Id", id.to_string())];
        let message = Message { subject: format!("Revert grant {id}"), body: String::new(), trailers };
        let change = Change { branch: format!("p0/revoke/{id}"), message, by };
        let removal = |base| self.removal(base, cluster, id);
        if self.remote().read_file(self.forge.head()?, &cluster.grant_path(id))?.is_none() {
            return match self.merged_before(cluster, id) {
                Err(RepositoryError::Ended(_)) => Ok(Merged::Before),
                Err(error) => Err(error),
                Ok(()) => Ok(Merged::Before),
            };
        }
        self.forge.ensure_change(&change, removal).map_err(flatten)?;
        let judged = |proposed: crate::git::Proposed| self.pass(proposed.base, proposed.head, now);
        self.forge.merge(&change, AfterMerge::DeleteBranch, |base, _| removal(base), judged).map_err(flatten)
    }

    /// Judges the change that `head` makes since it left `base`, by what is on `base` now.
    ///
    /// # Errors
    /// [`GitError`] where the repository cannot be read, which is no judgement and never a pass.
    pub fn judge(&self, base: CommitId, head: CommitId, now: Timestamp) -> Result<Judgement> {
        let change = self.remote().diff(self.remote().merge_base(base, head)?, head)?;
        let (clusters, added) = needs(&change);
        let mut known = Base::default();
        for cluster in &clusters {
            let read = |path: &str| self.text(base, path);
            known.clusters.insert(
                cluster.clone(),
                ClusterBase {
                    settings: told(settings(cluster, read(&cluster.settings_path())?)),
                    catalogue: told(catalogue(read(&cluster.catalogue_path())?)),
                    kustomization: read(&cluster.kustomization_path())?,
                },
            );
        }
        if !added.is_empty() {
            known.signers = self
                .text(base, ALLOWED_SIGNERS)?
                .map(|text| AllowedSigners::read(&text).map_err(|error| error.to_string()));
            known.used = self.used(base, &clusters, &change)?;
        }
        Ok(judge(&change, &known, now))
    }

    /// Ids that base's history has had, as far as the added grants could be among them.
    ///
    /// Trailers are read from the beginning. Trees are compared since the oldest added grant was made: its signature
    /// holds that time, so nothing that stood there before can have been this grant.
    fn used(
        &self,
        base: CommitId,
        clusters: &BTreeSet<ClusterName>,
        change: &[p0_access::change::FileChange],
    ) -> Result<BTreeSet<GrantId>> {
        let created = change
            .iter()
            .filter_map(|file| file.after.as_ref())
            .filter_map(|file| std::str::from_utf8(&file.bytes).ok());
        let created = created
            .filter_map(|text| Manifest::read(text).ok())
            .map(|manifest| manifest.claims().created_at)
            .min();
        let since = long_before(created.unwrap_or(Timestamp::MAX));
        let folders: Vec<String> = clusters.iter().map(ClusterName::grants_folder).collect();
        let used = self.remote().used(base, &folders, since)?;
        let names = used.entries.iter().filter_map(|name| name.strip_suffix(".yaml"));
        let live = self.live(base, clusters)?;
        let ids = names
            .chain(used.trailers.iter().map(String::as_str))
            .chain(live.iter().filter_map(|name| name.strip_suffix(".yaml")));
        Ok(ids.filter_map(|name| GrantId::new(name).ok()).collect())
    }

    fn live(&self, base: CommitId, clusters: &BTreeSet<ClusterName>) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for cluster in clusters {
            names.extend(self.remote().list(base, &cluster.grants_folder())?);
        }
        Ok(names)
    }

    fn pass(&self, base: CommitId, head: CommitId, now: Timestamp) -> Result<()> {
        match self.judge(base, head, now)? {
            Judgement::Passed { .. } => Ok(()),
            Judgement::Refused(findings) => Err(RepositoryError::Refused(findings)),
        }
    }

    fn addition(
        &self,
        base: CommitId,
        cluster: &ClusterName,
        id: &GrantId,
        bytes: Vec<u8>,
    ) -> Result<Vec<Edit>> {
        let mut edits = vec![Edit::Put { path: cluster.grant_path(id), bytes }];
        edits.extend(self.kustomization(base, cluster, &[id.clone()].into(), &BTreeSet::new())?);
        Ok(edits)
    }

    fn removal(&self, base: CommitId, cluster: &ClusterName, id: &GrantId) -> Result<Vec<Edit>> {
        let mut edits = vec![Edit::Delete { path: cluster.grant_path(id) }];
        edits.extend(self.kustomization(base, cluster, &BTreeSet::new(), &[id.clone()].into())?);
        Ok(edits)
    }

    fn kustomization(
        &self,
        base: CommitId,
        cluster: &ClusterName,
        added: &BTreeSet<GrantId>,
        removed: &BTreeSet<GrantId>,
    ) -> Result<Option<Edit>> {
        let path = cluster.kustomization_path();
        let Some(text) = self.text(base, &path)? else { return Ok(None) };
        let bytes = kustomization::edit(&text, added, removed)?.into_bytes();
        Ok(Some(Edit::Put { path, bytes }))
    }

    /// The text at `path`; `None` where there is none.
    fn text(&self, commit: CommitId, path: &str) -> Result<Option<String>> {
        let Some(File { bytes, .. }) = self.remote().read_file(commit, path)? else { return Ok(None) };
        let text = String::from_utf8(bytes);
        text.map(Some).map_err(|_| RepositoryError::Unusable {
            path: path.to_owned(),
            problem: "it is not UTF-8 text".to_owned(),
        })
    }

    fn no_grant(&self, cluster: &ClusterName, id: &GrantId) -> RepositoryError {
        RepositoryError::NoGrant {
            id: id.clone(),
            cluster: cluster.clone(),
            base: self.forge.base().to_owned(),
        }
    }
}

/// A time before which nothing of a grant made at `created_at` can have landed, however wrong somebody's clock was.
fn long_before(created_at: Timestamp) -> Timestamp {
    created_at.checked_sub(MAX_CLOCK_SKEW + SignedDuration::from_hours(1)).unwrap_or(Timestamp::MIN)
}

/// The branch that proposes a grant: the key that makes proposing twice one change.
pub fn grant_branch(id: &GrantId) -> String {
    format!("p0/grant/{id}")
}

/// `Err(None)`: there is no file. `Err(Some(problem))`: it cannot be used.
fn settings(cluster: &ClusterName, text: Option<String>) -> std::result::Result<Cluster, Option<String>> {
    let read = Cluster::read(&text.ok_or(None)?).map_err(|error| Some(error.to_string()))?;
    if read.name == *cluster {
        Ok(read)
    } else {
        Err(Some(format!("it is the file of the cluster `{}`", read.name)))
    }
}

fn catalogue(text: Option<String>) -> std::result::Result<Catalogue, Option<String>> {
    Catalogue::read(&text.ok_or(None)?).map_err(|error| Some(chain(&error)))
}

fn told<T>(read: std::result::Result<T, Option<String>>) -> std::result::Result<T, String> {
    read.map_err(|problem| problem.unwrap_or_else(|| "there is none".to_owned()))
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn read(path: &str, file: &File) -> Result<Manifest> {
    let unusable = |problem| RepositoryError::Unusable { path: path.to_owned(), problem };
    let text = std::str::from_utf8(&file.bytes).map_err(|_| unusable("it is not UTF-8 text".to_owned()))?;
    Manifest::read(text).map_err(|error| unusable(chain(&error)))
}

/// What a grant's commits say; the trailers are for reading, the signature is the evidence.
fn grant_message(verb: &str, claims: &Claims) -> Message {
    let mut trailers = vec![("Request-Id", claims.id.to_string())];
    if let Some(flow) = &claims.workflow {
        trailers.push(("Requested-by", flow.requester.clone()));
        trailers.extend(flow.approvers.iter().map(|approver| ("Approved-by", approver.clone())));
        trailers.extend(flow.policy_rule.iter().map(|rule| ("Policy-rule", rule.clone())));
    }
    trailers.push(("Expires-at", claims.expires_at.to_string()));
    let subject = format!("{verb}: {} on {} to {}", claims.role, claims.selection, claims.subject);
    Message { subject, body: String::new(), trailers }
}

fn flatten(error: MergeError<RepositoryError>) -> RepositoryError {
    match error {
        MergeError::Git(error) => error.into(),
        MergeError::Refused(error) => error,
    }
}
