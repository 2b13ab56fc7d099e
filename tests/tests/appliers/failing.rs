//! What does not follow, and what cannot be applied.

use crate::rig::*;

#[test]
fn what_is_not_applied_in_time_is_an_alarm() {
    // No applier applies it.
    let world = World::new("late", "{by: objects, within: 5m}");
    let id = world.granted("deployment / default / late", &[]);
    world.tick("2026-11-24T10:05:00Z").done();
    assert!(!world.told(&id).contains("does not follow"), "{}", world.told(&id));
    world.tick("2026-11-24T10:07:00Z").done();
    world.tick("2026-11-24T10:08:00Z").done();
    let told = world.told(&id);
    assert!(told.contains("does not follow") && told.contains("is not there yet"), "{told}");
    assert_eq!(world.state(T3, &id), "merged", "no witness says that it is active");
}

#[test]
fn a_witness_that_cannot_be_asked_is_an_alarm_too() {
    flux();
    let world = World::new("blind", "{by: {flux: {namespace: flux-system, name: nobody}}, within: 5m}");
    let id = world.granted("deployment / default / blind", &[]);
    assert!(world.tick("2026-11-24T10:05:00Z").err.contains("Kustomization"));
    assert!(!world.told(&id).contains("does not follow"), "{}", world.told(&id));
    world.tick("2026-11-24T10:07:00Z");
    let told = world.told(&id);
    assert!(told.contains("does not follow") && told.contains("Kustomization"), "{told}");
    assert_eq!(world.state(T3, &id), "merged", "no witness says that it is active");
}

#[test]
fn a_grant_that_cannot_be_applied_is_taken_out_and_others_are_revoked() {
    let world = World::with_flux("stuck", None);
    let namespace =
        serde_json::json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "doomed" } });
    plane().admin().must_create(&namespace);
    let file = "clusters/prod/catalogue.yaml";
    let catalogue = world.team.site().git(&["show", &format!("main:{file}")]);
    let more = catalogue.replacen("- \"default\"\n", "- \"default\"\n- \"doomed\"\n", 1);
    world.team.publish(file, &more);
    world.sync();
    let doomed = world.granted("deployment / doomed / web", &[]);
    let other = world.granted("deployment / default / stuck", &[]);
    world.sync();
    world.tick(T2).done();
    assert_eq!([&doomed, &other].map(|id| world.state(T2, id)), ["active", "active"]);
    // Somebody deletes the namespace; with it goes the binding, and Flux cannot make it again.
    assert!(plane().admin().call("DELETE", "/api/v1/namespaces/doomed").0 < 300);
    p0_tests::eventually("the namespace is gone", || plane().admin().get("/api/v1/namespaces/doomed") == 404);
    world.team.acts_alone("alice", T2, &["relinquish", &other]).done();
    world.tick(T2).done();
    let _asked_at = flux().poke(&world.name);
    p0_tests::eventually("Flux fails", || {
        flux().status(&world.name)["conditions"].to_string().contains("ReconciliationFailed")
    });
    assert_eq!(world.state(T2, &other), "revoking", "it waits for what cannot be applied");
    // The grant that fails is taken out, and so the other one goes. While Flux tries again it does not say that it fails.
    p0_tests::eventually("the grant that fails is taken out", || {
        world.tick(T3).done();
        world.told(&doomed).contains("could not apply")
    });
    world.tick(T3).done();
    assert!(world.team.grants().is_empty());
    world.sync();
    world.tick(T3).done();
    assert_eq!([&doomed, &other].map(|id| world.state(T3, id)), ["revoked", "revoked"]);
    assert!(objects(&other).is_empty() && objects(&doomed).is_empty());
}
