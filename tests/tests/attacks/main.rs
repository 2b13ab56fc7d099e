//! Attacks by a person who may push: each case is one way past the verifier, tried with real Git. Not here: what rises again
//! (`replays.rs`).

mod after_the_push;
mod before_the_push;
mod history;
mod in_the_cluster;
mod mistakes;
mod owners;

/// The id of a grant.
const A: &str = "aaaaaaaaaaaaaaaaaaaa";
/// A grant's role, selection and subject.
const VIEW: &[&str] = &["--role", "view", "--locator", "deploy / default / web", "--to", "alice@example.com"];
