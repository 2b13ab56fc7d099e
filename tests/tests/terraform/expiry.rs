//! Every row of the expiry table, with the exit codes of `plan -detailed-exitcode`. Time is moved, never waited for.

use p0_tests::terraform::{Tool, unwrapped};

use crate::changes::agrees_with_the_server;
use crate::world::{GRANT, TERMS, World, grant};

/// A world with one live grant that ends an hour from now.
fn hour() -> (World, String) {
    let world = World::new();
    let ends = world.at(60);
    world.grant(&format!("expires_at = \"{ends}\""));
    world.tool.apply().done();
    (world, ends)
}

fn id(world: &World) -> String {
    world.state()["id"].as_str().expect("an id").to_owned()
}

#[test]
fn before_expiry_there_is_nothing_to_do() {
    let (world, _) = hour();
    world.later(58);
    world.tool.plan(&[]).ended(0);
    assert_eq!(world.state()["active"], true);
}

#[test]
fn an_expired_grant_that_lives_is_removed_once_and_then_quiet() {
    let (world, _) = hour();
    let id = id(&world);
    world.later(61);
    assert!(world.may("get", "apps/deployments", "nginx"), "between applies nothing is removed");
    let plan = world.tool.plan(&[]).ended(2);
    assert_eq!(plan.actions(GRANT), ["update"], "{}", plan.said);
    assert_eq!((&plan.after(GRANT)["active"], &plan.after(GRANT)["expired"]), (&false.into(), &true.into()));
    world.tool.apply_plan().done();
    assert!(world.objects(&id).is_empty());
    agrees_with_the_server(&world, &serde_json::json!([]));
    world.tool.plan(&[]).ended(0);
    world.tool.destroy().done();
}

#[test]
fn an_expired_grant_that_is_gone_is_read_and_nothing_is_planned() {
    let (world, _) = hour();
    for (path, _) in world.objects(&id(&world)) {
        assert_eq!(world.api().call("DELETE", &path).0, 200);
    }
    world.later(61);
    world.tool.plan(&[]).ended(0);
}

#[test]
fn an_expired_grant_that_is_prolonged_is_another_grant() {
    let (world, _) = hour();
    let before = id(&world);
    world.later(61);
    world.tool.apply().done();
    world.grant(&format!("expires_at = \"{}\"", world.at(60)));
    let plan = world.tool.plan(&[]).ended(2);
    assert_eq!(plan.actions(GRANT), ["delete", "create"], "{}", plan.said);
    assert!(
        plan.after(GRANT)["rules"].as_array().is_some_and(|rules| !rules.is_empty()),
        "the rules are shown"
    );
    world.tool.apply_plan().done();
    assert!(id(&world) != before && world.may("get", "apps/deployments", "nginx"));
    world.tool.plan(&[]).ended(0);
}

#[test]
fn a_live_grant_is_prolonged_in_place_with_its_rules() {
    let (world, _) = hour();
    let (before, rules) = (id(&world), world.state()["rules"].clone());
    let ends = world.at(120);
    world.grant(&format!("expires_at = \"{ends}\""));
    let plan = world.tool.plan(&[]).ended(2);
    assert_eq!(plan.actions(GRANT), ["update"], "{}", plan.said);
    world.tool.apply_plan().done();
    assert_eq!((id(&world), &world.state()["rules"]), (before.clone(), &rules));
    for (path, object) in world.objects(&before) {
        assert_eq!(object["metadata"]["annotations"]["p0.dev/expires-at"], *ends, "{path}");
    }
    world.tool.plan(&[]).ended(0);
}

#[test]
fn what_ended_since_the_plan_is_an_error_and_nothing_is_written() {
    for tool in Tool::BOTH {
        let world = World::with(tool);
        world.grant(&format!("expires_at = \"{}\"", world.at(30)));
        world.tool.plan(&[]).ended(2);
        world.later(31);
        world.proxy.asked();
        let said = unwrapped(&world.tool.apply_plan().ended(1));
        assert!(world.proxy.asked().iter().all(|asked| !asked.writes()), "{said}");
        assert!(world.state().is_null(), "nothing is recorded: {said}");
        match tool {
            Tool::Terraform => {
                assert!(said.contains("has expired since the plan") && said.contains("Plan again"), "{said}");
            }
            // This Terraform does not hand the provider what was planned, so the tool itself finds the contradiction.
            Tool::OpenTofu => {
                assert!(said.contains("inconsistent final plan") && said.contains("plan again"), "{said}");
            }
        }
        // Planned again, it is recorded as over.
        world.tool.plan(&[]).ended(2);
        world.tool.apply_plan().done();
        world.tool.plan(&[]).ended(0);
    }
}

#[test]
fn a_change_whose_grant_ended_since_the_plan_is_an_error_and_removes_it() {
    for tool in Tool::BOTH {
        let world = World::with(tool);
        let ends = world.at(30);
        world.grant(&format!("expires_at = \"{ends}\""));
        world.tool.apply().done();
        let id = id(&world);
        world.grant(&format!("expires_at = \"{ends}\"\nreason = \"other\""));
        world.tool.plan(&[]).ended(2);
        world.later(31);
        let said = unwrapped(&world.tool.apply_plan().ended(1));
        assert!(said.contains("has expired since the plan") && said.contains("Plan again"), "{said}");
        assert!(world.objects(&id).is_empty(), "what was there of it is removed");
        assert_eq!((&world.state()["active"], &world.state()["expired"]), (&false.into(), &true.into()));
    }
}

#[test]
fn a_grant_that_was_over_before_it_began_is_recorded_and_nothing_lives() {
    let world = World::new();
    world.grant(&format!("expires_at = \"{}\"", world.at(-60)));
    world.tool.plan(&[]).ended(2);
    let said = unwrapped(&world.tool.apply_plan().done());
    assert!(said.contains("Warning"), "{said}");
    assert_eq!((&world.state()["active"], &world.state()["expired"]), (&false.into(), &true.into()));
    assert!(world.objects(&id(&world)).is_empty() && !world.may("get", "apps/deployments", "nginx"));
    world.tool.plan(&[]).ended(0);
}

#[test]
fn the_longest_duration_binds_new_grants_and_longer_ones_only() {
    let world = World::new();
    let ends = world.at(60 * 30);
    let configure = |longest: &str, ends: &str| {
        let settings = format!("max_duration = \"{longest}\"");
        world.configure_with(&settings, &grant(&format!("{TERMS}expires_at = \"{ends}\"")));
    };
    configure("24h", &ends);
    let said = unwrapped(&world.tool.plan(&[]).said);
    assert!(said.contains("would last too long") && said.contains("max_duration"), "{said}");
    assert_eq!(world.tool.apply().code, 1);
    configure("48h", &ends);
    world.tool.apply().done();
    configure("24h", &ends);
    world.tool.plan(&[]).ended(0);
    configure("24h", &world.at(60 * 40));
    world.tool.plan(&[]).ended(1);
    configure("24h", &world.at(60 * 2));
    world.tool.plan(&[]).ended(2);
}

#[test]
fn a_duration_is_counted_from_the_creation() {
    let world = World::new();
    world.grant("duration = \"8h\"");
    let plan = world.tool.plan(&[]).ended(2);
    assert_eq!(plan.unknown(GRANT)["expires_at"], true);
    world.tool.apply_plan().done();
    let state = world.state();
    let time = |name: &str| state[name].as_str().expect("a time").parse::<jiff::Timestamp>().expect("a time");
    assert_eq!(time("expires_at").duration_since(time("created_at")), jiff::SignedDuration::from_hours(8));
    world.tool.plan(&[]).ended(0);

    world.later(60);
    world.grant("duration = \"10h\"");
    let plan = world.tool.plan(&[]).ended(2);
    let ends = time("created_at") + jiff::SignedDuration::from_hours(10);
    assert_eq!(plan.actions(GRANT), ["update"]);
    assert_eq!(plan.after(GRANT)["expires_at"], ends.to_string(), "known in the plan");
    world.tool.apply_plan().done();

    // The same end in other words is no other end.
    world.grant(&format!("expires_at = \"{ends}\""));
    let plan = world.tool.plan(&[]);
    assert!([0, 2].contains(&plan.code) && plan.actions(GRANT) != ["delete", "create"], "{}", plan.said);
    assert_eq!(world.tool.apply().code, 0);
    assert_eq!(world.state()["id"], state["id"]);

    // An end that has passed ends it.
    world.grant("duration = \"30m\"");
    world.tool.plan(&[]).ended(2);
    let _said = world.tool.apply_plan();
    assert!(!world.may("get", "apps/deployments", "nginx"));
}

#[test]
fn without_a_refresh_the_time_is_not_read() {
    let (world, _) = hour();
    world.later(61);
    world.tool.plan(&["-refresh=false"]).ended(0);
    let plan = world.tool.plan(&["-refresh-only"]).ended(2);
    assert!(plan.said.contains("expired"), "{}", plan.said);
    world.tool.apply_plan().done();
    world.tool.plan(&["-refresh-only"]).ended(0);
    assert_eq!(world.state()["expired"], true);
}

#[test]
fn an_expired_grant_is_destroyed_whether_or_not_it_lives() {
    for reaped in [false, true] {
        let (world, _) = hour();
        let id = id(&world);
        world.later(61);
        if reaped {
            for (path, _) in world.objects(&id) {
                assert_eq!(world.api().call("DELETE", &path).0, 200);
            }
        }
        world.tool.destroy().done();
        assert!(world.objects(&id).is_empty());
    }
}

#[test]
fn other_inputs_of_an_expired_grant_are_recorded_and_nothing_comes_back() {
    let (world, ends) = hour();
    let before = id(&world);
    world.later(61);
    world.tool.apply().done();
    world.grant(&format!("expires_at = \"{ends}\"\nreason = \"other\""));
    let plan = world.tool.plan(&[]).ended(2);
    assert_eq!(plan.actions(GRANT), ["update"], "{}", plan.said);
    world.tool.apply_plan().done();
    assert_eq!((id(&world), &world.state()["active"]), (before, &false.into()));
    assert!(!world.may("get", "apps/deployments", "nginx"));
    world.tool.plan(&[]).ended(0);
}

#[test]
fn a_revoked_grant_of_a_duration_gains_no_new_life() {
    let world = World::new();
    world.grant("duration = \"2h\"");
    world.tool.apply().done();
    let ends = world.state()["expires_at"].clone();
    for (path, _) in world.objects(&id(&world)) {
        assert_eq!(world.api().call("DELETE", &path).0, 200);
    }
    world.later(60);
    world.tool.plan(&[]).ended(2);
    world.tool.apply_plan().done();
    assert_eq!((&world.state()["expires_at"], world.may("get", "apps/deployments", "nginx")), (&ends, true));
}
