//! In the cluster: making, changing, removing, looking at and importing a grant's two objects. What is right is decided
//! before ([`super::planning`]).

pub(super) mod create;
pub(super) mod import;
pub(super) mod objects;
pub(super) mod read;
pub(super) mod write;
