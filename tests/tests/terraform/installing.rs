//! The ways in which the tools start a provider: from its build, from a mirror, as a running process, without TLS, with logs.

use std::sync::mpsc::channel;

use p0_tests::terraform::{Debugged, Plugin, Tool, Workspace, lives};
use p0_tests::{ControlPlane, Fate, PATIENCE};

use crate::world::{TERMS, World, grant};

const FAR: &str = "expires_at = \"2099-01-01T00:00:00Z\"";

#[test]
fn from_a_mirror_in_the_file_system() {
    for tool in Tool::BOTH {
        let world = World::around(Workspace::mirrored(tool, Plugin::P0, "0.1.0"));
        world.grant(FAR);
        world.tool.run(&["init"]).done();
        let lock = std::fs::read_to_string(world.tool.path(".terraform.lock.hcl")).expect("a lock file");
        assert!(lock.contains("h1:") && lock.contains(tool.registry()), "{lock}");
        world.tool.run(&["validate"]).done();
        world.tool.apply().done();
        world.tool.plan(&[]).ended(0);
        world.tool.destroy().done();
    }
}

#[test]
fn as_a_process_that_already_runs() {
    let debugged = Debugged::start(Plugin::P0, &[]);
    for tool in Tool::BOTH {
        let world = World::around(Workspace::attached(tool, &debugged));
        world.grant(FAR);
        world.tool.apply().done();
        world.tool.plan(&[]).ended(0);
        world.tool.destroy().done();
        assert!(lives(&debugged.id()), "it outlives those who attach");
    }
}

#[test]
fn without_tls_where_the_tool_says_so() {
    for tool in Tool::BOTH {
        let mut world = World::with(tool);
        world.tool.set("TF_DISABLE_PLUGIN_TLS", "1");
        world.grant(FAR);
        world.tool.apply().done();
        world.tool.destroy().done();
    }
}

#[test]
fn logs_come_at_the_level_asked_for_and_hold_no_secret() {
    let mut world = World::new();
    let token = ControlPlane::shared().token();
    world.grant(FAR);
    world.tool.set("TF_LOG_PROVIDER", "TRACE");
    let run = world.tool.apply();
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.err.contains("provider.terraform-provider-p0"), "lines of the provider: {}", run.err);
    for text in [&run.out, &run.err, &world.tool.state_text()] {
        assert!(!text.contains(token), "{text}");
    }
    world.tool.set("TF_LOG_PROVIDER", "ERROR");
    let run = world.tool.run(&["plan"]);
    assert!(run.code == 0 && !run.err.contains("[DEBUG] provider.terraform-provider-p0"), "{}", run.err);
}

#[test]
fn nothing_is_left_running() {
    let world = World::new();
    world.configure_with("request_timeout = \"5s\"", &grant(&format!("{TERMS}{FAR}")));
    // The first question gets no answer, so that a provider is still there when it is looked for; it is asked again.
    let (tell, told) = channel();
    let mut tell = Some(tell);
    world.proxy.judge(move |_| match tell.take() {
        Some(tell) => {
            let _nobody_waits_any_more = tell.send(());
            Fate::Stalled
        }
        None => Fate::Served,
    });
    let run = world.tool.start(&["plan"]);
    told.recv_timeout(PATIENCE).expect("the cluster is asked");
    let seen = run.providers();
    assert!(!seen.is_empty(), "a provider runs");
    let run = run.wait();
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    p0_tests::eventually("its end", || !seen.iter().any(|id| lives(id)));
}

#[test]
fn by_the_environment_as_users_of_the_kubernetes_provider_have_it() {
    let mut world = World::new();
    let body = grant(&format!("{TERMS}{FAR}")).replace("NAMESPACE", &world.namespace);
    world.tool.configure(&body);
    let kubeconfig = ControlPlane::shared().kubeconfig();
    world.tool.set("KUBE_CONFIG_PATH", kubeconfig.to_str().expect("UTF-8"));
    world.tool.set("KUBE_CTX", "test");
    world.tool.apply().done();
    world.tool.destroy().done();
    world.tool.set("KUBE_CTX", "no-such-context");
    let plan = world.tool.plan(&[]).ended(1);
    assert!(plan.said.contains("no-such-context"), "{}", plan.said);
}
