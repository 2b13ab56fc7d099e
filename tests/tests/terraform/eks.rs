//! Grants on a cluster that knows its users by `aws-auth`, through the real tools: two runs at once, a writer in between, and a
//! ConfigMap that ends byte for byte as it began.

use std::sync::atomic::{AtomicBool, Ordering};

use p0_tests::eks::{AwsAuthMap, NODES, alone};
use p0_tests::terraform::{Plugin, Tool, Workspace, unwrapped};
use p0_tests::{AwsReader, ControlPlane, SeenByAws};

use crate::world::World;

/// Fifty people of a team, each with a grant.
fn people(team: &str) -> String {
    format!(
        r#"
resource "p0_k8s_grant" "team" {{
  for_each   = toset([for number in range(50) : "{team}-${{number}}"])
  role       = {{ name = "view" }}
  locator    = "deployment / NAMESPACE / nginx"
  subject    = {{ kind = "User", name = "${{each.key}}@example.com" }}
  eks        = {{ iam_arn = "arn:aws:iam::123456789012:user/${{each.key}}" }}
  expires_at = "2099-01-01T00:00:00Z"
  timeouts   = {{ create = "10m", delete = "10m" }}
}}
"#
    )
}

fn team_of(seen: &SeenByAws, team: &str) -> usize {
    seen.users.iter().filter(|user| user.username.starts_with(&format!("{team}-"))).count()
}

#[test]
fn two_runs_at_once_and_a_foreign_writer_lose_nothing() {
    let _alone = alone();
    let (map, mut reader) = (AwsAuthMap::usual(), AwsReader::start());
    let before = map.data();
    let worlds = Tool::BOTH.map(World::with);
    for (world, team) in worlds.iter().zip(["red", "blue"]) {
        world.configure(&people(team));
    }
    let both = |arguments: &[&str]| {
        let done = AtomicBool::new(false);
        let change = |_: &str, number| format!("{NODES}# {number}\n");
        std::thread::scope(|scope| {
            let foreign = scope.spawn(|| map.change_beside(change, || done.load(Ordering::SeqCst)));
            for run in worlds.each_ref().map(|world| world.tool.start(arguments)) {
                run.wait().done();
            }
            done.store(true, Ordering::SeqCst);
            assert!(
                foreign.join().expect("the foreign writer ends well") > 0,
                "the foreign writer was there"
            );
        });
    };
    both(&["apply", "-auto-approve", "-parallelism=50"]);
    let seen = reader.read(&map.data());
    assert_eq!((team_of(&seen, "red"), team_of(&seen, "blue"), seen.error.as_str()), (50, 50, ""));
    for world in &worlds {
        world.tool.plan(&[]).ended(0);
    }
    both(&["destroy", "-auto-approve", "-parallelism=50"]);
    map.change("mapRoles", |_| NODES.to_owned());
    assert_eq!(map.data(), before, "byte for byte");
}

#[test]
fn drift_of_an_entry_is_repaired_and_what_is_refused_says_what_to_do() {
    for tool in Tool::BOTH {
        let _alone = alone();
        let map = AwsAuthMap::usual();
        let (before, world) = (map.data(), World::with(tool));
        let eks = |arn: &str| world.grant(&format!("eks = {{ iam_arn = \"{arn}\" }}\n duration = \"8h\""));
        eks("arn:aws:iam::123456789012:user/bob");
        let plan = world.tool.plan(&[]).ended(1);
        let said = unwrapped(&plan.said);
        assert!(said.contains("Use `bob@example.com` for this person"), "{said}");
        eks("arn:aws:iam::123456789012:user/alice");
        world.tool.apply().done();
        let with_entry = map.data();
        map.change("mapUsers", |_| before["mapUsers"].clone());
        let plan = world.tool.plan(&[]).ended(2);
        assert!(plan.json["resource_changes"].to_string().contains("aws-auth entry missing"));
        world.tool.apply_plan().done();
        assert_eq!(map.data(), with_entry);
        world.tool.plan(&[]).ended(0);
        // Another ARN for the person: the old entry goes before the new one comes.
        eks("arn:aws:iam::123456789012:user/team/alice");
        assert_eq!(world.tool.plan(&[]).ended(2).actions(crate::world::GRANT), ["delete", "create"]);
        world.tool.apply_plan().done();
        assert_eq!(map.data()["mapUsers"], with_entry["mapUsers"].replace("user/alice", "user/team/alice"));
        world.tool.destroy().done();
        assert_eq!(map.data(), before);
    }
}

#[test]
fn the_example_is_applied_and_destroyed() {
    let _alone = alone();
    let map = AwsAuthMap::usual();
    let before = map.data();
    let mut workspace = Workspace::new(Tool::Terraform, Plugin::P0);
    workspace.set("KUBE_CONFIG_PATH", ControlPlane::shared().kubeconfig().to_str().expect("UTF-8"));
    workspace.configure("");
    workspace.file("eks.tf", include_str!("../../../examples/resources/p0_k8s_grant/eks.tf"));
    workspace.run(&["fmt", "-check", "-diff"]).done();
    workspace.apply().done();
    let (people, roles) = (&map.data()["mapUsers"], &map.data()["mapRoles"]);
    assert!(
        people.contains("user/alice\n") && roles.contains("\"corp:{{SessionNameRaw}}\""),
        "{people}{roles}"
    );
    workspace.plan(&[]).ended(0);
    workspace.destroy().done();
    assert_eq!(map.data(), before);
}
