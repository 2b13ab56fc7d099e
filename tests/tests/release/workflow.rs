//! The workflow that makes a release, under the linters of workflows.

use std::process::Command;

use p0_tests::program::finish;
use p0_tests::upstream::{Module, python};

use crate::root;

#[test]
fn two_linters_accept_it() {
    let file = root().join(".github/workflows/release.yml");
    finish(Module::ActionLint.command().arg(&file)).done();
    let zizmor = python().with_file_name("zizmor");
    finish(Command::new(zizmor).args(["--offline", "--no-progress", "--persona", "pedantic"]).arg(&file))
        .done();
}

#[test]
fn every_action_is_pinned_to_a_commit() {
    let text = std::fs::read_to_string(root().join(".github/workflows/release.yml")).expect("the workflow");
    let used: Vec<&str> =
        text.lines().filter_map(|line| line.trim().split_once("uses: ")).map(|(_, action)| action).collect();
    assert!(!used.is_empty());
    for action in used {
        let (_, commit) = action.split_once('@').unwrap_or_else(|| panic!("{action}"));
        assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{action}");
    }
}
