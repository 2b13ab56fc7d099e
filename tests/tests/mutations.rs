//! The engine's tests must notice the faults that would hurt most.
//!
//! Each mutation is put into a copy of the `grant` crate, whose own tests must then fail. A tool that invents mutations
//! (`cargo mutants -p p0-grant`, see CONTRIBUTING.md) finds more; these are the ones that must never come back.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Mutation {
    name: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
}

const MUTATIONS: &[Mutation] = &[
    Mutation {
        name: "the alias table forgets which resource it is about",
        file: "kubernetes/alias.rs",
        from: "() if plural != resource => None,",
        to: "() if plural.is_empty() => None,",
    },
    Mutation {
        name: "a whole kind is emitted as the empty name",
        file: "planning/subset.rs",
        from: "None => Some(rule.resource_names().to_vec()),",
        to: "None => Some(vec![String::new()]),",
    },
    Mutation {
        name: "`pods/*` is read as a glob",
        file: "planning/subset.rs",
        from: "|| listed == entry",
        to: "|| listed == entry || listed.strip_suffix('*').is_some_and(|glob| entry.starts_with(glob))",
    },
    Mutation {
        name: "the rule's own resourceNames are ignored",
        file: "planning/subset.rs",
        from: "(rule.resource_names().is_empty() || rule.resource_names().contains(&name))",
        to: "(rule.resource_names().is_empty() || !name.is_empty())",
    },
    Mutation {
        name: "a wildcard group is kept",
        file: "planning/subset.rs",
        from: "groups.insert(0, resource.group().to_owned());",
        to: "groups.insert(0, ALL.to_owned());",
    },
    Mutation {
        name: "a Role counts outside its namespace",
        file: "planning/subset.rs",
        from: "if selection.target().namespace() != Some(own)",
        to: "if own.as_str().is_empty()",
    },
    Mutation {
        name: "privileged verbs stay",
        file: "planning/restrict.rs",
        from: "verb.starts_with(\"impersonate\")",
        to: "verb.starts_with(\"impersonation\")",
    },
    Mutation {
        name: "a named owner covers the unnamed servant",
        file: "kubernetes/covers.rs",
        from: "owner.is_empty() || (!servant.is_empty() && servant",
        to: "owner.is_empty() || (servant",
    },
];

/// A copy of the crate beside a workspace of its own, with a target folder that outlives the test.
struct Copy {
    root: tempfile::TempDir,
    target: PathBuf,
}

impl Copy {
    fn new() -> Self {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let root = tempfile::tempdir().expect("a temporary folder");
        let workspace = std::fs::read_to_string(repository.join("Cargo.toml")).expect("the workspace");
        let (before, members) = workspace.split_once("members = [").expect("members");
        let (_, after) = members.split_once(']').expect("their end");
        let alone = format!("{before}members = [\"grant\"]{after}");
        std::fs::write(root.path().join("Cargo.toml"), alone).expect("written");
        std::fs::copy(repository.join("Cargo.lock"), root.path().join("Cargo.lock")).expect("copied");
        copy_folder(&repository.join("grant"), &root.path().join("grant"));
        Self { root, target: Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutations") }
    }

    fn test(&self) -> Output {
        Command::new(env!("CARGO"))
            .args(["test", "--offline", "--quiet", "--package", "p0-grant", "--lib", "--tests"])
            .current_dir(self.root.path())
            .env("CARGO_TARGET_DIR", &self.target)
            .env("PROPTEST_FAILURE_PERSISTENCE", "off")
            // `./check` has lints hold what is compiled; here tests have to fail, and not lints.
            .env_remove("RUSTC_WORKSPACE_WRAPPER")
            .output()
            .expect("cargo starts")
    }

    fn source(&self, file: &str) -> PathBuf {
        self.root.path().join("grant/src").join(file)
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("a folder").map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

#[test]
fn every_named_mutation_is_caught() {
    let copy = Copy::new();
    let clean = copy.test();
    assert!(clean.status.success(), "the copy fails unchanged:\n{}", String::from_utf8_lossy(&clean.stdout));
    for Mutation { name, file, from, to } in MUTATIONS {
        let path = copy.source(file);
        let source = std::fs::read_to_string(&path).expect("a source");
        assert_eq!(source.matches(from).count(), 1, "`{from}` stands once in {file}");
        std::fs::write(&path, source.replace(from, to)).expect("written");
        let output = copy.test();
        let words = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success(), "not caught: {name}");
        assert!(
            words.contains("test result: FAILED"),
            "no test ran with: {name}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        std::fs::write(&path, source).expect("written back");
    }
}
