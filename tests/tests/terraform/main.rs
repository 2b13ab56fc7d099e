//! Real Terraform and real OpenTofu with the provider, against a real API server.
//!
//! `P0_TERRAFORM=/path/to/terraform` tries another version than the one that the test world builds.

mod bad_input;
mod changes;
mod disturbed;
mod drift;
mod eks;
mod expiry;
mod installing;
mod logins;
mod pets;
mod reading;
mod registry;
mod world;
