//! The arrows of the design, read from Cargo: which crate may see which, and what the pure ones never see. Circles inside of a crate
//! are in `circles.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

mod circles;

/// Crates whose presence below a pure crate means that it acts.
const ACTING: &[&str] = &[
    "axum",
    "getrandom",
    "git2",
    "hyper",
    "kube",
    "mio",
    "native-tls",
    "octocrab",
    "reqwest",
    "rustls",
    "sqlx",
    "tokio",
    "tonic",
];

/// Each member and the members it may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("p0-grant", &[]),
    ("p0-access", &["p0-grant"]),
    ("p0-cluster", &["p0-grant"]),
    ("gitea-client", &[]),
    ("github-client", &[]),
    ("pagerduty-client", &[]),
    ("slack-client", &[]),
    ("fake-slack", &[]),
    (
        "p0-gitops",
        &[
            "fake-slack",
            "gitea-client",
            "github-client",
            "p0-access",
            "p0-cluster",
            "p0-grant",
            "pagerduty-client",
            "slack-client",
        ],
    ),
    ("terraform-provider-p0", &["p0-cluster", "p0-grant", "tfplugin"]),
    ("tfplugin", &[]),
    ("p0-upstream", &[]),
    (
        "p0-tests",
        &[
            "fake-slack",
            "gitea-client",
            "github-client",
            "p0-access",
            "p0-gitops",
            "p0-grant",
            "p0-upstream",
            "pagerduty-client",
            "slack-client",
            "terraform-provider-p0",
            "tfplugin",
        ],
    ),
];

struct Graph {
    /// Package name → names of its direct dependencies, of every kind.
    declared: BTreeMap<String, BTreeSet<String>>,
}

fn cargo(arguments: &[&str]) -> String {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--offline", "--locked", "--manifest-path", manifest])
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo speaks UTF-8")
}

fn graph() -> Graph {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--no-deps"])).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    let dependencies = |package: &Value| {
        package["dependencies"].as_array().expect("dependencies").iter().map(name).collect()
    };
    Graph { declared: packages.iter().map(|package| (name(package), dependencies(package))).collect() }
}

#[test]
fn members_use_only_the_members_they_may() {
    let graph = graph();
    let members: BTreeSet<&str> = graph.declared.keys().map(String::as_str).collect();
    let listed: BTreeSet<&str> = ARROWS.iter().map(|(member, _)| *member).collect();
    assert_eq!(members, listed, "a new member needs its arrows here");
    for (member, allowed) in ARROWS {
        let used = graph.declared[*member].iter().map(String::as_str).filter(|name| members.contains(name));
        let stray: Vec<&str> = used.filter(|name| !allowed.contains(name)).collect();
        assert!(stray.is_empty(), "{member} uses {stray:?}");
    }
}

#[test]
fn pure_crates_have_nothing_that_acts_below_them() {
    for member in ["p0-grant", "p0-access"] {
        let tree =
            cargo(&["tree", "--package", member, "--edges", "normal", "--prefix", "none", "--format", "{p}"]);
        let below: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
        assert!(below.contains("serde"), "the tree of {member} was read");
        let acting: Vec<&&str> = ACTING.iter().filter(|name| below.contains(**name)).collect();
        assert!(acting.is_empty(), "{member} has {acting:?} below it");
    }
}

/// The rooms of `grant/`, each of which may use those before it.
const ROOMS: &[(&str, &[&str])] = &[
    ("kubernetes", &["alias", "covers", "evaluate", "group", "name", "request", "role", "rule", "subject"]),
    ("eks", &["arn", "aws_auth", "mapping", "username"]),
    ("picking", &["catalogue", "discovery", "locator", "nearest", "resource", "selection"]),
    ("planning", &["danger", "offer", "plan", "restrict", "subset"]),
    (
        "granting",
        &[
            "approval",
            "digest",
            "grant",
            "lifetime",
            "manifest",
            "on_call",
            "signature",
            "signers",
            "statement",
        ],
    ),
];

#[test]
fn rooms_of_the_engine_use_only_those_before_them() {
    for (index, (room, _)) in ROOMS.iter().enumerate() {
        let later: Vec<&str> =
            ROOMS.iter().skip(index + 1).flat_map(|(_, modules)| modules.iter().copied()).collect();
        for (path, text) in sources(&format!("grant/src/{room}")) {
            let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            let code = code.join("\n");
            let used = code.split("crate::").skip(1).map(|rest| {
                rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
                    .next()
                    .unwrap_or_default()
            });
            let stray: Vec<&str> = used.filter(|module| later.contains(module)).collect();
            assert!(stray.is_empty(), "{path} uses {stray:?} of a later room");
        }
    }
}

#[test]
fn no_error_prints_its_source() {
    // A chain printer shows each source once; `{0}` of a `#[source]` or `#[from]` would show it twice.
    for folder in [
        "grant/src",
        "cluster/src",
        "generator/core/src",
        "generator/src",
        "generator/clients/slack/src",
        "provider/src",
        "provider/tfplugin/src",
    ] {
        for (path, text) in sources(folder) {
            for (number, line) in text.lines().enumerate() {
                let tail: String = text.lines().skip(number + 1).take(2).collect();
                let prints = line.contains("#[error(\"") && line.contains("{0}");
                let doubled = prints && (tail.contains("(#[source]") || tail.contains("(#[from]"));
                assert!(!doubled, "{path}:{}: prints its source", number + 1);
            }
        }
    }
}

fn sources(folder: &str) -> Vec<(String, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let mut found = Vec::new();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        for entry in
            std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path())
        {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|ending| ending == "rs") {
                found.push((entry.display().to_string(), std::fs::read_to_string(&entry).expect("a source")));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has sources");
    found
}
