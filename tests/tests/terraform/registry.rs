//! What the registry shows: its own tool accepts the documentation, and the examples can be applied as they stand.

use std::path::{Path, PathBuf};

use p0_tests::ControlPlane;
use p0_tests::terraform::{Plugin, Tool, Workspace};
use p0_tests::upstream::Module;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn the_documentation_is_valid_to_the_registry_s_own_tool() {
    let workspace = Workspace::new(Tool::Terraform, Plugin::P0);
    workspace.configure("");
    let schema = workspace.run(&["providers", "schema", "-json"]).done();
    // The tool looks for a provider of HashiCorp's; whose it is makes no difference to the schema.
    workspace.file("schema.json", &schema.replace("p0-gitops/p0", "hashicorp/p0"));
    let mut tool = Module::TfPluginDocs.command();
    tool.args(["validate", "--provider-name", "p0", "--provider-dir"]).arg(root());
    tool.arg("--providers-schema").arg(workspace.path("schema.json"));
    let output = tool.output().expect("it starts");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// The examples that stand by themselves: one folder each.
const EXAMPLES: [&str; 7] = [
    "resources/p0_k8s_grant/resource.tf",
    "data-sources/p0_k8s_grants/data-source.tf",
    "data-sources/p0_k8s_roles/data-source.tf",
    "data-sources/p0_k8s_role_subset/data-source.tf",
    "functions/grant_manifest/function.tf",
    "functions/parse_locator/function.tf",
    "functions/subset_rules/function.tf",
];

#[test]
fn every_example_is_applied_and_destroyed_by_both_tools() {
    // What others have in the cluster meanwhile would be in the data sources.
    let plane = ControlPlane::start();
    let kubeconfig = plane.kubeconfig();
    for tool in Tool::BOTH {
        let mut workspace = Workspace::new(tool, Plugin::P0);
        workspace.set("KUBE_CONFIG_PATH", kubeconfig.to_str().expect("UTF-8"));
        // One run for all: names differ where it matters.
        workspace.configure("");
        for example in EXAMPLES {
            let text = std::fs::read_to_string(root().join("examples").join(example)).expect(example);
            workspace.file(&example.replace('/', "-"), &text);
        }
        workspace.run(&["fmt", "-check", "-diff"]).done();
        workspace.apply().done();
        // The list of grants is read before those are made that stand beside it.
        workspace.apply().done();
        workspace.plan(&[]).ended(0);
        workspace.destroy().done();
    }
}

#[test]
fn the_guide_to_expiry_is_applied_too() {
    let kubeconfig = ControlPlane::shared().kubeconfig();
    let mut workspace = Workspace::new(Tool::Terraform, Plugin::P0);
    workspace.set("KUBE_CONFIG_PATH", kubeconfig.to_str().expect("UTF-8"));
    let text = std::fs::read_to_string(root().join("examples/guides/expiry/main.tf")).expect("a guide");
    workspace.configure("");
    workspace.file("guide.tf", &text);
    workspace.apply().done();
    workspace.plan(&[]).ended(0);
    workspace.destroy().done();
}

/// All Rust text below a folder.
fn text_below(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let text = entries.map(|path| match path.extension() {
        Some(extension) if extension == "rs" => std::fs::read_to_string(&path).expect("a file"),
        _ if path.is_dir() => text_below(&path),
        _ => String::new(),
    });
    text.collect()
}

#[test]
fn what_is_said_to_be_shown_names_tests_that_there_are() {
    let tests = text_below(&root().join("tests/tests")) + &text_below(&root().join("provider"));
    let pages = ["provider-proof", "plugin-rules"].map(|name| {
        std::fs::read_to_string(root().join("docs").join(name).with_extension("md")).expect("a page")
    });
    let rows = pages.iter().flat_map(|page| page.lines()).filter(|line| line.starts_with("| "));
    let cells = rows.filter_map(|row| row.trim_end_matches(" |").rsplit(" | ").next());
    let names: Vec<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    assert!(names.len() > 150, "{names:?}");
    for name in names {
        assert!(tests.contains(&format!("fn {name}(")), "{name}");
    }
}
