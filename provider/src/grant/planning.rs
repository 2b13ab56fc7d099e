//! Before anything is written: what the configuration wishes, what that means in the cluster, and what becomes of a grant
//! that exists. Nothing here writes.

pub(super) mod change;
pub(super) mod deciding;
mod picked;
pub(crate) mod resolve;
pub(crate) mod wish;

pub(crate) use picked::Picked;
