//! The judgement of a change: may it land on base?
//!
//! Signers, cluster files and catalogues come from base only; the head is data. Every grant that is added is made anew
//! from base and must be equal byte for byte. Deletions of grants always pass: nothing that takes access away waits for
//! anything. Not here: Git, and who may have a grant (policy).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use p0_grant::catalogue::Catalogue;
use p0_grant::name::GrantId;
use p0_grant::signers::AllowedSigners;

use crate::change::FileChange;
use crate::cluster::Cluster;
use crate::layout::ClusterName;

mod grant;
mod refusal;
mod shape;

pub use grant::{MAX_CLOCK_SKEW, recompute};
pub use refusal::{Finding, Refusal};

/// What base says, as far as the change needs it.
#[derive(Clone, Debug, Default)]
pub struct Base {
    /// `p0/allowed_signers`; an error says why it cannot be used.
    pub signers: Option<Result<AllowedSigners, String>>,
    /// The clusters whose grants the change touches.
    pub clusters: BTreeMap<ClusterName, ClusterBase>,
    /// Ids that base's history has had.
    pub used: BTreeSet<GrantId>,
}

/// A cluster's two files on base. An error says why one cannot be used.
#[derive(Clone, Debug)]
pub struct ClusterBase {
    /// `p0-cluster.yaml`.
    pub settings: Result<Cluster, String>,
    /// `catalogue.yaml`.
    pub catalogue: Result<Catalogue, String>,
    /// `grants/kustomization.yaml`, where the site has one.
    pub kustomization: Option<String>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Nothing speaks against it.
    Passed {
        /// Grants it adds.
        added: BTreeSet<GrantId>,
        /// Grants it removes.
        removed: BTreeSet<GrantId>,
    },
    /// It must not land; never empty.
    Refused(Vec<Finding>),
}

/// Clusters whose files on base are needed to judge `change`, and ids whose history is.
pub fn needs(change: &[FileChange]) -> (BTreeSet<ClusterName>, BTreeSet<GrantId>) {
    let shape = shape::Shape::of(change);
    (shape.clusters(), shape.added_ids())
}

/// Judges `change` against `base` at `now`.
pub fn judge(change: &[FileChange], base: &Base, now: Timestamp) -> Judgement {
    let shape = shape::Shape::of(change);
    let mut findings = shape.findings(base);
    for added in shape.added() {
        let found = grant::findings(added, base, now);
        findings.extend(found.into_iter().map(|refusal| Finding { path: added.path.to_owned(), refusal }));
    }
    if findings.is_empty() {
        return Judgement::Passed { added: shape.added_ids(), removed: shape.removed_ids() };
    }
    findings.sort();
    findings.dedup();
    Judgement::Refused(findings)
}
