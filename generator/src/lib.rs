//! The shell of `p0-gitops`: everything that acts.
//!
//! What is decided is decided in `p0-grant` and `p0-access`; this crate brings them their data and acts on their answers.

pub mod cli;
pub mod cluster;
pub mod doctor;
pub mod forge;
pub mod git;
pub mod http;
pub mod init;
pub mod interrupt;
pub mod log_export;
pub mod metrics;
pub mod notify;
pub mod on_call;
pub mod post;
pub mod reap;
pub mod reconcile;
pub mod repository;
pub mod serve;
pub mod service;
pub mod signing;
pub mod slack;
pub mod store;
mod when;
pub mod workflow;
