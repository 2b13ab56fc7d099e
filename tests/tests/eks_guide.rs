//! The guide to EKS: its walkthrough run as it stands, each version of the ConfigMap applied to the test cluster and read by AWS' own
//! reader, and its Terraform and examples checked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use p0_grant::arn::IamIdentity;
use p0_grant::username::check_access_entry;
use p0_tests::eks::{AwsAuthMap, alone};
use p0_tests::program::program;
use p0_tests::terraform::{Plugin, Tool, Workspace};
use p0_tests::{AwsReader, ControlPlane};
use serde_json::{Value, json};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect(path)
}

fn git(repository: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").arg("-C").arg(repository).args(arguments).output().expect("git");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn the_walkthrough_ends_with_aws_auth_as_it_began_in_git_and_in_the_cluster() {
    let page = read("docs/eks.md");
    let script =
        page.split("\n```sh\n").nth(1).and_then(|block| block.split_once("\n```")).expect("a block").0;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let programs = program().parent().expect("a folder").display().to_string();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", script]).current_dir(folder.path()).env("PATH", path);
    let inherited = std::env::vars().map(|(name, _)| name);
    inherited.filter(|name| name.starts_with("P0_") || name == "SSH_AUTH_SOCK").for_each(|name| {
        shell.env_remove(name);
    });
    let done = shell.output().expect("bash");
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && said.contains("aws-auth is as it began"), "{said}");

    let repository = folder.path().join("access.git");
    let file = "infra/prod/aws-auth.yaml";
    let commits =
        git(&repository, &["log", "--first-parent", "--reverse", "--format=%H", "main", "--", file]);
    let _alone = alone();
    let (map, mut reader, api) = (AwsAuthMap::absent(), AwsReader::start(), ControlPlane::shared().admin());
    let mut counts = Vec::new();
    let mut first = None;
    for commit in commits.lines() {
        let text = git(&repository, &["show", &format!("{commit}:{file}")]);
        let [object] =
            <[Value; 1]>::try_from(p0_grant::yaml::read_all(&text, p0_grant::yaml::Limits::FILE).unwrap())
                .unwrap();
        let (status, body) = api.apply(&object);
        assert!(status < 300, "{body}");
        let seen = reader.read(&map.data());
        assert_eq!(seen.error, "");
        assert_eq!(seen.roles[0].arn, "arn:aws:iam::123456789012:role/eksNodeRole", "nodes stay");
        counts.push((seen.users.len(), seen.roles.len()));
        first.get_or_insert_with(|| map.data());
    }
    // Alice, Carol's role, and then both go again; the second grant of Alice changes nothing.
    assert_eq!(counts, [(0, 1), (1, 1), (1, 2), (1, 1), (0, 1)]);
    assert_eq!(Some(map.data()), first, "byte for byte");
}

#[test]
fn the_access_entries_of_the_example_are_valid() {
    let text = read("examples/eks/access-entries.tf");
    let block =
        |from: &str| text.split_once(from).and_then(|(_, rest)| rest.split_once("\n}\n")).expect(from).0;
    let outputs = "output \"entries\" {\n  value = merge(local.users, local.permission_sets)\n}\n";
    for tool in Tool::BOTH {
        let workspace = Workspace::new(tool, Plugin::P0);
        workspace.file("access-entries.tf", &text);
        workspace.run(&["fmt", "-check", "-diff"]).done();
        let workspace = Workspace::new(tool, Plugin::P0);
        workspace.configure("");
        workspace.file("entries.tf", &format!("locals {{{}\n}}\n{outputs}", block("locals {")));
        workspace.apply().done();
        let entries: BTreeMap<String, String> = serde_json::from_value(workspace.output("entries")).unwrap();
        assert_eq!(entries.len(), 2);
        for (username, arn) in &entries {
            check_access_entry(username).unwrap();
            let is_role = IamIdentity::of_role(arn, "carol@example.com").is_ok();
            assert_eq!(is_role, username.contains("{{SessionName}}"), "{username}: {arn}");
            assert!(is_role || IamIdentity::read(arn).is_ok(), "{arn}");
        }
    }
    let schema: Value = serde_json::from_str(include_str!("../data/aws-eks-access-entry.json")).unwrap();
    let attributes = schema["attributes"].as_object().unwrap();
    let resource = block("resource \"aws_eks_access_entry\" \"person\" {");
    let set: Vec<&str> = resource.lines().filter_map(|line| Some(line.split_once('=')?.0.trim())).collect();
    for name in &set {
        // Terraform's own, as in every resource.
        assert!(*name == "for_each" || attributes.contains_key(*name), "hashicorp/aws has no `{name}`");
        let of = attributes.get(*name).map_or("string", |attribute| attribute["type"].as_str().unwrap());
        assert_eq!(of, "string", "`{name}` is given as one text");
    }
    let required = attributes.iter().filter(|(_, attribute)| attribute["required"] == true);
    required.for_each(|(name, _)| assert!(set.contains(&name.as_str()), "`{name}` is required"));
    assert!(!set.contains(&"kubernetes_groups"), "a standing entry gives no rights");
    assert!(!text.contains("aws_eks_access_policy_association"));
}

#[test]
fn the_appliers_examples_never_remove_what_they_do_not_know() {
    let objects = |path: &str| -> Vec<Value> {
        p0_grant::yaml::read_all(&read(path), p0_grant::yaml::Limits::FILE).unwrap()
    };
    let flux = objects("examples/eks/flux.yaml");
    assert_eq!((&flux[1]["spec"]["prune"], &flux[1]["spec"]["force"]), (&false.into(), &false.into()));
    let argo = objects("examples/eks/argo-cd.yaml");
    let policy = &argo[0]["spec"]["syncPolicy"];
    assert_eq!(policy["automated"], json!({ "prune": false, "selfHeal": false }));
    assert!(!policy["syncOptions"].to_string().contains("Replace"));
}

/// Every test that the guide names for an outage is there, and is a test.
#[test]
fn the_table_of_outages_names_tests_that_exist() {
    let guide = read("docs/eks.md");
    let (_, table) = guide.split_once("## What has gone wrong elsewhere").expect("the table");
    let files = String::from_utf8(
        Command::new("git").args(["ls-files", "*.rs"]).current_dir(root()).output().expect("git").stdout,
    )
    .expect("UTF-8");
    let sources: String = files.lines().map(read).collect();
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() >= 16, "{} outages", rows.len());
    for row in rows {
        let tests = row.rsplit('|').nth(1).expect("a third column");
        let names: Vec<&str> = tests.split('`').filter(|word| word.contains('_')).collect();
        assert!(!names.is_empty(), "no test: {row}");
        for name in names {
            let Some(at) = sources.find(&format!("fn {name}()")) else { panic!("no test `{name}`: {row}") };
            let before = sources[..at].trim_end();
            assert!(before.ends_with("#[test]") || before.ends_with("async"), "`{name}` is no test");
        }
    }
}
