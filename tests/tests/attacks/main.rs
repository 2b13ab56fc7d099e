//! Attacks by a person who may push: each case is one way past the verifier, tried with real Git. Not here: what rises again
//! (`replays.rs`).

mod after_the_push;
mod before_the_push;
mod documented_tests;
mod history;
mod in_the_cluster;
mod mistakes;
mod out_of_place;
mod owners;
mod without_policy;

use p0_tests::clone::GitClone;

/// The id of a grant.
const A: &str = "aaaaaaaaaaaaaaaaaaaa";
/// A grant's role, selection and subject.
const VIEW: &[&str] = &["--role", "view", "--locator", "deploy / default / web", "--to", "alice@example.com"];

/// Commits an entry of a folder, or another one under its name, past what Git's index takes. The root is called nothing.
fn plant(clone: &GitClone, folder: &str, mode: &str, name: &[u8], object: &str) {
    let mut tree = clone.with_entry(&format!("HEAD:{folder}"), mode, name, object);
    let mut above = folder;
    while !above.is_empty() {
        let (parent, name) = above.rsplit_once('/').unwrap_or(("", above));
        tree = clone.with_entry(&format!("HEAD:{parent}"), "40000", name.as_bytes(), &tree);
        above = parent;
    }
    let commit = clone.git(&["commit-tree", "-p", "HEAD", "-m", "raw", &tree]);
    clone.git(&["reset", "-q", "--soft", &commit]);
}
