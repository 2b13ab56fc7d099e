//! The walkthroughs of the documentation, run as they stand there.

use std::process::Command;

use p0_tests::program::program;

/// The blocks of a page that are for a shell.
fn blocks(page: &str) -> Vec<&str> {
    let parts = page.split("\n```sh\n").skip(1);
    parts.map(|part| part.split_once("\n```").expect("a block ends").0).collect()
}

#[test]
fn a_reader_gets_through_by_the_page_alone() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/walkthrough.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = blocks(&page).join("\n");
    let programs = program().parent().expect("a folder").display().to_string();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", &script]).current_dir(folder.path()).env("PATH", path);
    let inherited = std::env::vars().map(|(name, _)| name);
    inherited.filter(|name| name.starts_with("P0_") || name == "SSH_AUTH_SOCK").for_each(|name| {
        shell.env_remove(name);
    });
    let done = shell.output().expect("bash");
    let (said, errors) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}\n{errors}");
    for words in ["merged until", "it was given back, by alice", "its time was over", "the audit log holds"] {
        assert!(said.contains(words), "{words} in {said}\n{errors}");
    }
}
