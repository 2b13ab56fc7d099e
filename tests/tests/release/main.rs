//! What is shipped: the artifacts of `./release`, the workflow that publishes them, and the chart.
//!
//! The programs are those of the tests, not optimised and linked with the system's libraries; everything that is made of them is made as
//! for a release. `./release --dry-run` makes the rest, which takes too long for a test.

mod artifacts;
mod chart;
mod workflow;

use std::path::{Path, PathBuf};

/// The folder of the checkout.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
