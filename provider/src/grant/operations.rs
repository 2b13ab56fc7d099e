//! What Terraform does with a planned or existing grant in the cluster: create, read, update, delete, import.
//!
//! Not here: what is planned ([`super::planning`]).

pub(super) mod create;
pub(super) mod delete;
pub(super) mod import;
mod objects;
pub(super) mod read;
pub(super) mod update;
mod write;
