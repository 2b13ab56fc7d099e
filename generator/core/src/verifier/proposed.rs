//! A grant that a change adds or extends, as the verifier's steps pass it on. Not here: what is verified of it.

use jiff::Timestamp;
use p0_grant::manifest::Manifest;

use crate::layout::ClusterName;

/// A grant file in a cluster's folder.
pub(super) struct ProposedGrant<'c> {
    /// The cluster whose folder it is in.
    pub(super) cluster: &'c ClusterName,
    /// The file.
    pub(super) manifest: &'c Manifest,
    /// When its first version was made.
    pub(super) first_created_at: Timestamp,
}
