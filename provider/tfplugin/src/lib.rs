//! Terraform and OpenTofu providers in Rust.

pub mod conform;
pub mod diagnostics;
pub mod provider;
pub mod schema;
pub mod stop;
pub mod value;
pub mod wire;
