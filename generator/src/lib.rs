//! The shell of `p0-gitops`: everything that acts.
//!
//! What is decided is decided in `p0-grant` and `p0-access`; this crate brings them their data and acts on their answers.

pub mod cli;
pub mod cluster;
pub mod confirm;
pub mod desk;
pub mod git;
pub mod init;
pub mod interrupt;
pub mod reap;
pub mod repository;
pub mod serve;
pub mod signing;
pub mod store;
