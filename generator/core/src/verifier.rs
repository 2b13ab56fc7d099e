//! The judgement of a change: may it land on base?
//!
//! Everything it is held to comes from base only; the head is data. Every grant that is added or extended is made anew from
//! base and must be equal byte for byte. Deletions of grants, and going back to an earlier version that ends earlier, always
//! pass: nothing that takes access away waits for anything. Not here: Git.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use p0_grant::catalogue::Catalogue;
use p0_grant::mapping::Mapping;
use p0_grant::name::GrantId;
use p0_grant::signers::AllowedSigners;

use crate::change::FileChange;
use crate::cluster::Cluster;
use crate::companion::CompanionFile;
use crate::identity::Identities;
use crate::layout::{ClusterName, Companion};
use crate::name::{GroupName, PersonName};
use crate::owners::{OwnerChange, Owners};
use crate::policy::Policy;
use crate::preapproval::Opened;
use crate::repository_id::RepositoryFile;

mod access;
mod after;
mod answerable;
mod finding;
mod grant;
mod owned;
mod proposed;
mod refusal;
mod renewal;
mod shape;
mod standing;
mod usable_after;

pub use answerable::LiveGrant;
pub use finding::Finding;
pub use grant::recompute;
pub use owned::asked_of_owners;
pub use refusal::Refusal;
pub use renewal::file_digest;
pub use standing::{in_place, is_sentinel, listed_grants, standing_grant};

/// How far ahead the proposer's clock may be.
pub const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What base says, as far as the change needs it.
#[derive(Clone, Debug, Default)]
pub struct Base {
    /// `p0/allowed_signers`; an error says why it cannot be used.
    pub signers: Option<Result<Arc<AllowedSigners>, String>>,
    /// `p0/owners`; an error says why it cannot be used. Without it, the verifier lets every change of owned files pass.
    pub owners: Option<Result<Arc<Owners>, String>>,
    /// `p0/owner-signatures.yaml`: the change that owners signed last.
    pub owner_change: Option<Result<Arc<OwnerChange>, String>>,
    /// `p0/repository.yaml`; an error says why it cannot be used.
    pub repository: Option<Result<Arc<RepositoryFile>, String>>,
    /// The manifests of `aws-auth` that any cluster has as a companion file: owned where no grant changes with them.
    pub aws_auth: BTreeSet<String>,
    /// The clusters whose grants the change touches.
    pub clusters: BTreeMap<ClusterName, ClusterBase>,
    /// Ids that base's history has had.
    pub used: BTreeSet<GrantId>,
    /// Every version that base has had of each live grant that the change puts into other words.
    pub versions: BTreeMap<GrantId, Vec<Vec<u8>>>,
    /// `p0/policy.yaml`; an error says why it cannot be used.
    pub policy: Option<Result<Arc<Policy>, String>>,
    /// The groups whose members may revoke everything, also where the rest of the policy cannot be used.
    pub trusted: BTreeSet<GroupName>,
    /// `p0/identities.yaml`; an error says why it cannot be used.
    pub identities: Option<Result<Arc<Identities>, String>>,
    /// The preapprovals of `p0/preapprovals/`; an error says why one opens nothing.
    pub preapprovals: BTreeMap<GrantId, Result<Opened, String>>,
    /// The grants that stand on base, where the change touches what says who may take them away ([`Needs::live`]).
    pub live: Vec<LiveGrant>,
    /// Who the forge says reviewed the change of a grant, and approves of it. A plain Git remote knows none.
    pub reviews: BTreeMap<GrantId, BTreeSet<PersonName>>,
    /// For a change that is on base already: the earliest moment at which it can have come there. Whether it was in time is
    /// held to that; keys are held to the present.
    pub landed: Option<Timestamp>,
}

/// A cluster's two files on base. An error says why one cannot be used.
#[derive(Clone, Debug)]
pub struct ClusterBase {
    /// `p0-cluster.yaml`.
    pub settings: Result<Arc<Cluster>, String>,
    /// `catalogue.yaml`.
    pub catalogue: Result<Arc<Catalogue>, String>,
    /// The companion files that the site has.
    pub companions: BTreeMap<Companion, CompanionFile>,
    /// What `aws-auth` must map for the grants on base, where the site keeps it in a companion file.
    pub mapped: BTreeMap<GrantId, Mapping>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Nothing speaks against it.
    Passed {
        /// Grants it adds.
        added: BTreeSet<GrantId>,
        /// Grants it extends.
        extended: BTreeSet<GrantId>,
        /// Grants it puts back to an earlier version, which ends earlier.
        shortened: BTreeSet<GrantId>,
        /// Grants it removes.
        removed: BTreeSet<GrantId>,
    },
    /// It must not land; never empty.
    Refused(Vec<Finding>),
}

/// What of base is needed to judge a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Clusters whose files are.
    pub clusters: BTreeSet<ClusterName>,
    /// Ids whose history is.
    pub added: BTreeSet<GrantId>,
    /// Live grants all of whose versions are.
    pub changed: BTreeSet<(ClusterName, GrantId)>,
    /// Whether what stands in every cluster is.
    pub live: LiveGrants,
}

/// Whether the grants that stand on base are needed, and with them every cluster's files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LiveGrants {
    /// The change says anew who may take them away.
    Needed,
    /// It does not.
    #[default]
    NotNeeded,
}

/// What of base is needed to judge `change`.
pub fn needs(change: &[FileChange]) -> Needs {
    let shape = shape::Shape::of(change);
    let changed = shape.changed().iter().map(|changed| (changed.cluster.clone(), changed.id.clone()));
    let live = match change.iter().any(|file| answerable::is_answer(&file.path)) {
        true => LiveGrants::Needed,
        false => LiveGrants::NotNeeded,
    };
    Needs { clusters: shape.clusters(), added: shape.added_ids(), changed: changed.collect(), live }
}

/// Judges `change` against `base` at `now`.
pub fn verify(change: &[FileChange], base: &Base, now: Timestamp) -> Judgement {
    let shape = shape::Shape::of(change);
    let mut findings = shape.findings(base);
    findings.extend(owned::findings(change, shape.touches_grants(), base, now));
    for added in shape.added() {
        let found = grant::findings_of_new(added, base, now);
        findings.extend(found.into_iter().map(|refusal| Finding { path: added.path.to_owned(), refusal }));
    }
    let (mut extended, mut shortened) = (BTreeSet::new(), BTreeSet::new());
    for changed in shape.changed() {
        match grant::findings_of_changed(changed, base, now) {
            Ok(grant::Passed::Extended) => drop(extended.insert(changed.id.clone())),
            Ok(grant::Passed::Shortened) => drop(shortened.insert(changed.id.clone())),
            Err(found) => {
                let at = |refusal| Finding { path: changed.path.to_owned(), refusal };
                findings.extend(found.into_iter().map(at));
            }
        }
    }
    if findings.is_empty() {
        let (added, removed) = (shape.added_ids(), shape.removed_ids());
        return Judgement::Passed { added, extended, shortened, removed };
    }
    findings.sort();
    findings.dedup();
    Judgement::Refused(findings)
}
