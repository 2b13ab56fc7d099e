//! Ctrl-C, killed providers, a killed tool: the state tells the truth, and what is left can be seen and taken over.

use std::sync::mpsc::{Receiver, channel};

use p0_tests::terraform::lives;
use p0_tests::{Fate, PATIENCE, eventually};
use serde_json::Value;

use crate::world::{GRANT, TERMS, World, grant};

/// From now on, the first write to bindings meets `fate`, and is told of.
fn at_the_binding(world: &World, fate: Fate) -> Receiver<()> {
    let (tell, told) = channel();
    let mut fate = Some(fate);
    world.proxy.judge(move |asked| match fate.take() {
        Some(fate) if asked.writes() && asked.path.contains("rolebindings") => {
            let _nobody_waits_any_more = tell.send(());
            fate
        }
        kept => {
            fate = kept;
            Fate::Served
        }
    });
    told
}

fn is_asked_for(told: &Receiver<()>) {
    told.recv_timeout(PATIENCE).expect("the binding was asked for");
}

/// The ids of the grants in the world's namespace, by their bindings.
fn bound(world: &World) -> Vec<String> {
    let path = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings", world.namespace);
    let items = world.api().call("GET", &path).1["items"].as_array().cloned().unwrap_or_default();
    items
        .iter()
        .map(|item| item["metadata"]["labels"]["p0.dev/grant"].as_str().expect("an id").to_owned())
        .collect()
}

fn ends_well(world: &World) {
    world.proxy.judge(|_| Fate::Served);
    world.tool.apply().done();
    world.tool.plan(&[]).ended(0);
    let id = world.state()["id"].as_str().expect("an id").to_owned();
    assert_eq!(bound(world), [id], "one grant lives, and the state knows it");
    world.tool.destroy().done();
    assert!(bound(world).is_empty());
}

#[test]
fn ctrl_c_in_the_middle_of_an_apply_leaves_a_state_that_tells_the_truth() {
    let world = World::new();
    world.grant("expires_at = \"2099-01-01T00:00:00Z\"");
    let told = at_the_binding(&world, Fate::Stalled);
    let run = world.tool.start(&["apply", "-auto-approve"]);
    is_asked_for(&told);
    run.interrupt();
    let run = run.wait();
    assert_ne!(run.code, 0, "{}{}", run.out, run.err);
    let id = world.state()["id"].as_str().expect("the role was written, so it is in the state").to_owned();
    let kinds: Vec<Value> =
        world.objects(&id).into_iter().map(|(_, object)| object["rules"].clone()).collect();
    assert_eq!(kinds.len(), 1, "the role alone, which grants nothing");
    assert!(!world.may("get", "apps/deployments", "nginx"));
    ends_well(&world);
}

#[test]
fn a_provider_that_is_killed_leaves_nothing_that_grants() {
    let world = World::new();
    world.grant("expires_at = \"2099-01-01T00:00:00Z\"");
    let told = at_the_binding(&world, Fate::Stalled);
    let run = world.tool.start(&["apply", "-auto-approve"]);
    is_asked_for(&told);
    assert!(run.kill_providers() > 0);
    assert_eq!(run.wait().code, 1);
    assert!(!world.may("get", "apps/deployments", "nginx"));
    ends_well(&world);
}

#[test]
fn what_a_killed_tool_leaves_is_taken_over_by_import() {
    let world = World::new();
    // In full, as an import says it: the spelling of the configuration is not in the cluster.
    let terms = TERMS.replace("deployment /", "deployments.apps /");
    world.configure(&grant(&format!("{terms}expires_at = \"2099-01-01T00:00:00Z\"")));
    let told = at_the_binding(&world, Fate::Silent);
    let run = world.tool.start(&["apply", "-auto-approve"]);
    is_asked_for(&told);
    eventually("the binding", || !bound(&world).is_empty());
    let providers = run.providers();
    run.kill();
    drop(run.wait());
    eventually("the end of the orphaned provider", || !providers.iter().any(|id| lives(id)));
    assert_eq!(world.state(), Value::Null, "the state was never written");
    let ids = bound(&world);
    world.proxy.judge(|_| Fate::Served);
    world.tool.run(&["import", GRANT, &ids[0]]).done();
    world.tool.plan(&[]).ended(0);
    ends_well(&world);
}
