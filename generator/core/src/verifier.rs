//! The judgement of a change: may it land on base?
//!
//! Everything it is held to comes from base only; the head is data. Every grant that is added or extended is made anew from
//! base and must be equal byte for byte. Deletions of grants, and going back to an earlier version that ends earlier, always
//! pass: nothing that takes access away waits for anything. Not here: Git.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use p0_grant::catalogue::Catalogue;
use p0_grant::name::GrantId;
use p0_grant::signers::AllowedSigners;

use crate::change::FileChange;
use crate::cluster::Cluster;
use crate::identity::Identities;
use crate::layout::ClusterName;
use crate::name::PersonName;
use crate::policy::Policy;
use crate::preapproval::Opened;

mod access;
mod grant;
mod proposed;
mod refusal;
mod renewal;
mod shape;

pub use grant::{MAX_CLOCK_SKEW, recompute};
pub use refusal::{Finding, Refusal};
pub use renewal::file_digest;

/// What base says, as far as the change needs it.
#[derive(Clone, Debug, Default)]
pub struct Base {
    /// `p0/allowed_signers`; an error says why it cannot be used.
    pub signers: Option<Result<Arc<AllowedSigners>, String>>,
    /// The clusters whose grants the change touches.
    pub clusters: BTreeMap<ClusterName, ClusterBase>,
    /// Ids that base's history has had.
    pub used: BTreeSet<GrantId>,
    /// Every version that base has had of each live grant that the change puts into other words.
    pub versions: BTreeMap<GrantId, Vec<Vec<u8>>>,
    /// `p0/policy.yaml`; an error says why it cannot be used.
    pub policy: Option<Result<Arc<Policy>, String>>,
    /// `p0/identities.yaml`; an error says why it cannot be used.
    pub identities: Option<Result<Arc<Identities>, String>>,
    /// The preapprovals of `p0/preapprovals/`; an error says why one opens nothing.
    pub preapprovals: BTreeMap<GrantId, Result<Opened, String>>,
    /// Who the forge says reviewed the change of a grant, and approves of it. A plain Git remote knows none.
    pub reviews: BTreeMap<GrantId, BTreeSet<PersonName>>,
}

/// A cluster's two files on base. An error says why one cannot be used.
#[derive(Clone, Debug)]
pub struct ClusterBase {
    /// `p0-cluster.yaml`.
    pub settings: Result<Arc<Cluster>, String>,
    /// `catalogue.yaml`.
    pub catalogue: Result<Arc<Catalogue>, String>,
    /// `grants/kustomization.yaml`, where the site has one.
    pub kustomization: Option<Arc<String>>,
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
}

/// What of base is needed to judge `change`.
pub fn needs(change: &[FileChange]) -> Needs {
    let shape = shape::Shape::of(change);
    let changed = shape.changed().iter().map(|changed| (changed.cluster.clone(), changed.id.clone()));
    Needs { clusters: shape.clusters(), added: shape.added_ids(), changed: changed.collect() }
}

/// Judges `change` against `base` at `now`.
pub fn verify(change: &[FileChange], base: &Base, now: Timestamp) -> Judgement {
    let shape = shape::Shape::of(change);
    let mut findings = shape.findings(base);
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
