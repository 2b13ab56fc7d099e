//! Argo CD's sync engine, confirmed by the grant's own objects: the engine alone has no Application to ask.

use std::process::Command;

use p0_tests::appliers::ArgoCd;
use p0_tests::eventually;

use crate::rig::*;

/// A clone that follows base, as Argo CD's repository server has it.
struct Clone(tempfile::TempDir);

impl Clone {
    fn of(world: &World) -> Self {
        let clone = Self(tempfile::tempdir().unwrap());
        let repository = world.team.site().repository();
        clone.git(&["clone", "-q", repository.to_str().unwrap(), "."]);
        clone
    }

    fn git(&self, arguments: &[&str]) {
        let done = Command::new("git").arg("-C").arg(self.0.path()).args(arguments).status().unwrap();
        assert!(done.success(), "git {arguments:?}");
    }
}

#[test]
fn asked_for_applied_used_given_back_and_pruned() {
    let world = World::new("argo", "{by: objects}");
    let clone = Clone::of(&world);
    let agent = ArgoCd::start(plane(), clone.0.path(), "clusters/prod/grants");
    let follow = |what: &str, is_there: &dyn Fn() -> bool| {
        clone.git(&["pull", "-q"]);
        let began = std::time::Instant::now();
        agent.sync();
        eventually(&format!("{what}: {}", agent.said()), is_there);
        let took = began.elapsed();
        // The server's tick asks who has access.
        plane().admin().wait_for_authorizer();
        took
    };
    let id = world.granted("deployment / default / argo", &[]);
    world.tick(T2).done();
    assert_eq!(world.state(T2, &id), "merged");
    let applied = follow("applied", &|| objects(&id).len() == 2);
    world.tick(T2).done();
    assert_eq!(world.state(T2, &id), "active");
    assert!(may_get("default", "argo"));
    // Somebody else's binding gives her the same.
    plane().admin().must_create(&binding("argo-other", "view", "alice@example.com"));
    world.team.acts_alone("alice", T2, &["relinquish", &id]).done();
    world.tick(T3).done();
    assert_eq!(world.state(T3, &id), "revoking");
    let pruned = follow("pruned", &|| objects(&id).is_empty());
    world.tick(T3).done();
    assert_eq!(world.state(T3, &id), "revoked");
    let shown = world.team.show(T3, &id).to_string();
    assert!(shown.contains("still has access (get deployments.apps) through ClusterRoleBinding"), "{shown}");
    let path = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/argo-other";
    assert!(plane().admin().call("DELETE", path).0 < 300);
    assert!(!may_get("default", "argo"));
    println!("from base to the cluster: applied in {applied:.1?}, pruned in {pruned:.1?}");
}
