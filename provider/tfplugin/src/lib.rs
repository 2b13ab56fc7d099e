//! Terraform and OpenTofu providers in Rust.

pub mod value;
pub mod wire;
