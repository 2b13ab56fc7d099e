//! The arrows of the design, read from Cargo: which crate may see which, and what the pure ones never see.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

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
    ("p0-gitops", &["p0-access", "p0-cluster", "p0-grant"]),
    ("terraform-provider-p0", &["p0-cluster", "p0-grant", "tfplugin"]),
    ("tfplugin", &[]),
    ("p0-upstream", &[]),
    ("p0-tests", &["p0-access", "p0-gitops", "p0-grant", "p0-upstream", "terraform-provider-p0", "tfplugin"]),
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
    ("granting", &["approval", "digest", "grant", "lifetime", "manifest", "signature", "signers"]),
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

/// The modules that import each other in a circle, as `a → b → a`, if there are any.
fn circle(arrows: &BTreeMap<String, BTreeSet<String>>) -> Option<String> {
    fn visit(
        module: &str,
        arrows: &BTreeMap<String, BTreeSet<String>>,
        path: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Option<String> {
        if let Some(start) = path.iter().position(|earlier| earlier == module) {
            let circle = path[start..].iter().map(String::as_str).chain([module]);
            return Some(circle.collect::<Vec<_>>().join(" → "));
        }
        if !done.insert(module.to_owned()) {
            return None;
        }
        path.push(module.to_owned());
        let next = arrows.get(module).into_iter().flatten();
        let found = next.into_iter().find_map(|next| visit(next, arrows, path, done));
        path.pop();
        found
    }
    let mut done = BTreeSet::new();
    arrows.keys().find_map(|module| visit(module, arrows, &mut Vec::new(), &mut done))
}

/// The names after `prefix` in the `use` lines of a file's code, tests left out.
fn imported(text: &str, prefix: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let code =
        code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let names = code.split(prefix).skip(1).map(|rest| {
        let word = rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next();
        word.unwrap_or_default().to_owned()
    });
    names.filter(|name| !name.is_empty()).collect()
}

#[test]
fn modules_of_the_pure_core_import_each_other_in_no_circle() {
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in sources("generator/core/src") {
        let (_, inside) = path.split_once("core/src/").expect("a source of the core");
        let module = inside.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
        if module == "lib" || inside.contains("/tests") {
            continue;
        }
        let own = module.clone();
        let used = imported(&text, "crate::").into_iter().filter(|name| *name != own);
        arrows.entry(module).or_default().extend(used);
    }
    assert!(arrows["verifier"].contains("policy"), "the imports were read: {arrows:?}");
    assert_eq!(circle(&arrows), None);
}

/// Folders of the core whose files form layers, each importing files beside it.
#[test]
fn files_of_policy_and_verifier_import_each_other_in_no_circle() {
    for (room, one, uses) in [("policy", "decide", "matching"), ("verifier", "grant", "access")] {
        let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (path, text) in sources(&format!("generator/core/src/{room}")) {
            let (_, inside) = path.split_once(&format!("src/{room}/")).expect("a source of the room");
            if inside.contains("tests") {
                continue;
            }
            let used = imported(&text, "super::");
            arrows.entry(inside.trim_end_matches(".rs").to_owned()).or_default().extend(used);
        }
        assert!(arrows[one].contains(uses), "the imports were read: {arrows:?}");
        assert_eq!(circle(&arrows), None, "{room}");
    }
}

#[test]
fn a_circle_is_found_and_named() {
    let arrows = |pairs: &[(&str, &str)]| {
        let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in pairs {
            arrows.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        arrows
    };
    assert_eq!(circle(&arrows(&[("a", "b"), ("b", "c"), ("a", "c")])), None);
    let found = circle(&arrows(&[("a", "b"), ("b", "c"), ("c", "b")]));
    assert_eq!(found.as_deref(), Some("b → c → b"));
}

#[test]
fn no_error_prints_its_source() {
    // A chain printer shows each source once; `{0}` of a `#[source]` or `#[from]` would show it twice.
    for folder in [
        "grant/src",
        "cluster/src",
        "generator/core/src",
        "generator/src",
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
