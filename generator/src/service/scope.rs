//! What a revocation is about, and whether it is carried out.

use p0_access::layout::ClusterName;
use p0_access::name::PersonName;
use p0_access::request::RequestId;
use p0_grant::signature::{Fingerprint, Signature};

/// What is revoked.
#[derive(Clone, Debug)]
pub enum Scope {
    /// One request.
    One(RequestId),
    /// Everything that a person asked for or has.
    Person(PersonName),
    /// Everything that a key signed, as the bot or as an approver.
    Key(Fingerprint),
    /// Everything on a cluster.
    Cluster(ClusterName),
    /// Everything.
    All,
}

/// Whether a revocation is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// It is.
    Real,
    /// It is only said what it would come to.
    Dry,
}

/// Whether `armor` is a signature of `key`.
pub(super) fn is_armor_by(key: &Fingerprint, armor: &str) -> bool {
    Signature::read(armor).is_ok_and(|signature| signature.key() == *key)
}
