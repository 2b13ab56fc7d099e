//! Flux' own controllers.

use p0_tests::eventually;
use p0_tests::postgres::Postgres;
use p0_tests::program::program;
use p0_tests::serving::Serving;
use p0_tests::team::{READERS, Team};

use crate::rig::*;

#[test]
fn asked_for_applied_used_given_back_and_pruned() {
    let world = World::with_flux("life", None);
    world.sync();
    let id = world.granted("deployment / default / life", &["--reason", "rollout hangs"]);
    world.tick(T2).done();
    assert_eq!(world.state(T2, &id), "merged", "Flux has not applied it yet");
    assert!(!may_get("default", "life"));
    let applied = world.sync();
    world.tick(T2).done();
    assert_eq!(world.state(T2, &id), "active");
    assert!(may_get("default", "life"));
    assert_eq!(objects(&id).len(), 2);
    world.team.acts_alone("alice", T2, &["relinquish", &id]).done();
    world.tick(T3).done();
    assert!(world.team.grants().is_empty());
    assert_eq!(world.state(T3, &id), "revoking", "gone from Git, and Flux has not applied that");
    let pruned = world.sync();
    world.tick(T3).done();
    assert_eq!(world.state(T3, &id), "revoked");
    assert!(objects(&id).is_empty(), "the last grant is really pruned");
    assert!(!may_get("default", "life"));
    let told = world.told(&id);
    for words in ["access is live", "access is gone"] {
        assert!(told.contains(words), "{words} in {told}");
    }
    println!("from base to the cluster: applied in {applied:.1?}, pruned in {pruned:.1?}");
}

#[test]
fn the_server_says_active_and_gone_on_flux_word() {
    let database = Postgres::shared();
    let team = Team::new(READERS).with_store(&database.database());
    let world = World::team_with_flux(team, "served", None);
    let server = Serving::start(program(), &world.team, Some(&witness()));
    let now = || jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap().to_string();
    let locator = "deployment / default / served";
    let ask = ["request", "k8s", "resource", "view", "--cluster", "prod", "--locator", locator, "-o", "json"];
    let asked = world.team.acts_alone("alice", &now(), &ask).done();
    let asked: serde_json::Value = serde_json::from_str(&asked).unwrap();
    let id = asked["id"].as_str().unwrap();
    world.team.acts_alone("bob", &now(), &["approve", id]).done();
    eventually("it is merged", || world.team.grants() == [id]);
    world.sync();
    eventually("it is active", || world.state(&now(), id) == "active");
    assert!(may_get("default", "served"));
    world.team.acts_alone("alice", &now(), &["relinquish", id]).done();
    eventually("it is off base", || world.team.grants().is_empty());
    world.sync();
    eventually("it is gone", || world.state(&now(), id) == "revoked");
    assert!(objects(id).is_empty());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_, metrics) = runtime.block_on(server.get("/metrics"));
    let delays =
        metrics.lines().filter(|line| line.contains("_seconds_sum") || line.contains("_seconds_count"));
    delays.for_each(|line| println!("{line}"));
    assert_eq!(server.stop().0.code(), Some(0));
}

#[test]
fn a_kustomization_is_kept_in_step() {
    let world = World::with_flux("listed", None);
    let file = "clusters/prod/grants/kustomization.yaml";
    let listed =
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- sentinel.yaml\n";
    world.team.publish(file, listed);
    world.sync();
    let id = world.granted("deployment / default / listed", &[]);
    world.sync();
    assert_eq!(objects(&id).len(), 2, "Flux applies only what is listed");
    world.team.acts_alone("alice", T2, &["relinquish", &id]).done();
    world.tick(T2).done();
    world.sync();
    assert!(objects(&id).is_empty());
    assert_eq!(world.team.site().git(&["show", &format!("main:{file}")]), listed);
}

#[test]
fn variables_in_a_reason_stay_as_they_are() {
    let substitutes = serde_json::json!({ "substitute": { "who": "mallory", "p0": "x" } });
    let world = World::with_flux("plain", Some(substitutes));
    let locator = "deployment / default / plain";
    let ask = ["request", "k8s", "resource", "view", "--cluster", "prod", "--locator", locator];
    let refused = world.team.acts_alone("alice", T0, &[&ask[..], &["--reason", "${who} asks"]].concat());
    assert_ne!(refused.code, 0, "{}", refused.out);
    assert!(refused.err.contains("${"), "{}", refused.err);
    let id = world.granted(locator, &["--reason", "$who asks for $(who)"]);
    world.sync();
    let named = objects(&id).into_iter().find(|name| name.ends_with("-binding")).unwrap();
    let path = format!("/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings/{named}");
    let (_, binding) = plane().admin().call("GET", &path);
    let annotations = &binding["metadata"]["annotations"];
    assert_eq!(annotations["p0.dev/reason"], "$who asks for $(who)", "{binding}");
    assert_eq!(annotations["kustomize.toolkit.fluxcd.io/substitute"], "disabled");
}
