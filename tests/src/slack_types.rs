//! Slack's own types, as a judge of what is sent to Slack: TypeScript compares JSON with what `@slack/types` and `@slack/web-api` allow.

use std::fmt::Write;
use std::process::Command;

use serde_json::Value;

use crate::upstream::npm;

/// A thing that Slack gets, and the name of its type in `@slack/types` or `@slack/web-api`.
pub struct Typed<'a> {
    /// What it is called in messages.
    pub name: &'a str,
    /// Its type, such as `KnownBlock[]`, `ModalView`, `HomeView` or `Manifest`.
    pub kind: &'static str,
    /// The thing.
    pub value: Value,
}

/// What TypeScript has against them; empty where nothing. Fields that Slack's types do not have are a fault.
///
/// # Panics
/// Where Node or the packages are missing.
pub fn faults(all: &[Typed<'_>]) -> String {
    let packages = npm::installed("slack-app");
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::os::unix::fs::symlink(packages.join("node_modules"), folder.path().join("node_modules"))
        .expect("a link");
    let mut source = String::from(
        "import type { HomeView, KnownBlock, ModalView } from \"@slack/types\";\n\
         import type { AppsManifestCreateArguments } from \"@slack/web-api\";\n\
         type Manifest = AppsManifestCreateArguments[\"manifest\"];\n",
    );
    for (place, Typed { name, kind, value }) in all.iter().enumerate() {
        writeln!(source, "// {name}\nexport const value{place}: {kind} = {value};").expect("text");
    }
    std::fs::write(folder.path().join("sent.mts"), source).expect("a file");
    let output = Command::new("node")
        .arg(packages.join("node_modules/typescript/bin/tsc"))
        .args(["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext"])
        .arg("sent.mts")
        .current_dir(folder.path())
        .output()
        .expect("Node is installed (apt-get install nodejs)");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.success() {
        true => String::new(),
        false => said + &String::from_utf8_lossy(&output.stderr),
    }
}
