//! Terraform and OpenTofu providers in Rust.

pub mod wire;
