//! Terraform and OpenTofu providers in Rust.

pub mod conform;
pub mod diagnostics;
mod plugin;
pub mod provider;
pub mod schema;
pub mod server;
pub mod testing;
pub mod value;
pub mod wire;

pub use plugin::{Options, serve};
