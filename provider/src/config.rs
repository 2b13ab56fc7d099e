//! The provider block: which cluster, with whose credentials, and what holds for all its grants.
//!
//! The connection is what users of hashicorp/kubernetes know, with the same `KUBE_*` variables. A part that is not known
//! yet, is missing or contradicts another never leads to another cluster. Not here: talking to a cluster.

mod access;
mod connect;
mod credentials;
mod exec;
mod model;
mod schema;
mod settings;

pub use access::{Access, AccessLookup, Kubeconfig, find};
pub use connect::connect;
pub use exec::Exec;
pub use model::Block;
pub use schema::schema;
pub use settings::Settings;
