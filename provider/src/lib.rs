//! The provider `p0`: grants as Terraform resources.
//!
//! What a grant is and which rules it gets is the engine's (`p0-grant`), how Terraform is spoken with is `tfplugin`'s. Here:
//! the provider block, the cluster, and what Terraform may do with a grant.

pub mod cluster;
pub mod config;
pub mod data_sources;
pub mod ephemeral;
pub mod functions;
pub mod grant;
pub mod lists;
pub mod session;
pub mod source;

mod discovered;
mod grant_filter;
mod plain;
mod provider;
mod subset_report;
mod text;

pub use provider::{P0, provider};
