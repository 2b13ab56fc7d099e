//! A grant's life: made, looked at, ended, removed.

use jiff::SignedDuration;
use p0_grant::manifest::Manifest;
use p0_tests::ControlPlane;
use tfplugin::value::Value;

use crate::rig::{Rig, is, object, of, proxied, text};
use crate::{binding_path, get, may, role_path, view};

#[test]
fn a_grant_is_planned_made_read_and_removed() {
    let rig = Rig::new(&[]);
    let config = rig.config(&view("made@example.com", &[("reason", text("INC-1"))]));
    let plan = rig.plan(None, &config).unwrap();
    assert_eq!(rig.warnings(), ["Parts of the role are left out"]);
    assert_eq!(plan.attribute("selection"), &text("apps/deployments default/nginx"));
    let Value::List(rules) = plan.attribute("rules") else {
        panic!("the rules are known before anything is written")
    };
    assert_eq!(rules.len(), 2);
    assert!(plan.attribute("id").is_unknown() && plan.attribute("expired").is_unknown());
    let (grant, told) = rig.apply(&plan);
    told.unwrap();
    let grant = grant.unwrap();
    assert!(is(&grant, "active") && !is(&grant, "expired"));
    let ((_, role), (_, binding)) = (get(&role_path(&grant)), get(&binding_path(&grant)));
    let manifest = Manifest::live(role, binding.clone()).expect("the core objects are the GitOps path's");
    assert_eq!(manifest.claims().id.as_str(), of(&grant, "id"));
    assert_eq!(binding["metadata"]["annotations"]["p0.dev/reason"], "INC-1");
    assert!(binding["metadata"]["managedFields"][0]["manager"] == "terraform-provider-p0");
    assert!(may("made@example.com", "get", "nginx"), "the grant counts");
    assert!(!may("made@example.com", "delete", "nginx") && !may("made@example.com", "get", "other"));

    let read = rig.read(&grant).unwrap();
    assert_eq!(read.state, grant.state, "nothing has changed");
    assert!(rig.plan(Some(&read), &config).unwrap().is_empty(), "the second plan is empty");
    assert!(rig.plan(Some(&grant), &config).unwrap().is_empty(), "also without looking");
    assert_eq!(rig.warnings(), [] as [&str; 0]);

    let (left, told) = rig.delete(&read);
    assert_eq!((left, told), (None, Ok(())));
    assert_eq!((get(&role_path(&grant)).0, get(&binding_path(&grant)).0), (404, 404));
    assert_eq!(rig.delete(&read), (None, Ok(())), "what is gone is no error");
}

#[test]
fn a_grant_is_small_in_the_state() {
    let rig = Rig::new(&[]);
    let user = "a-person-with-a-long-name@subsidiary.example.com";
    let grant = rig.make(
        None,
        &rig.config(&view(user, &[("reason", text("INC-4711 https://incidents.example.com/4711"))])),
    );
    let state = tfplugin::value::json::write(&grant.state, &rig.state_type()).unwrap();
    // Terraform's own words around it (instance, mode, schema, dependencies) are some 400 bytes more.
    let bytes = state.len() + grant.private.len() * 4 / 3;
    assert!(bytes <= 2100, "{bytes}: {state}");
    rig.delete(&grant).1.unwrap();
}

#[test]
fn a_grant_that_ends_is_removed_once_and_stays_quiet() {
    let (proxy, rig) = proxied(&[]);
    let config = rig.config(&view("ends@example.com", &[("duration", text("2h"))]));
    let grant = rig.make(None, &config);
    proxy.shift_clock(SignedDuration::from_hours(3));
    let ended = rig.read(&grant).unwrap();
    assert!(is(&ended, "expired") && is(&ended, "active"), "reading removes nothing");
    let plan = rig.plan(Some(&ended), &config).unwrap();
    assert!(!plan.is_empty() && plan.attribute("active") == &Value::Bool(false));
    let (removed, told) = rig.apply(&plan);
    told.unwrap();
    let removed = removed.unwrap();
    assert_eq!((get(&role_path(&grant)).0, get(&binding_path(&grant)).0), (404, 404));
    let quiet = rig.read(&removed).unwrap();
    assert_eq!(quiet.state, removed.state);
    assert!(rig.plan(Some(&quiet), &config).unwrap().is_empty());

    let noted = rig.make(Some(&quiet), &rig.config(&view("ends@example.com", &[("duration", text("1h"))])));
    assert!(is(&noted, "expired") && !is(&noted, "active"));
    let later = rig.config(&view("ends@example.com", &[("duration", text("8h"))]));
    assert!(rig.plan(Some(&quiet), &later).unwrap().is_replacement());
    assert_eq!(rig.delete(&quiet), (None, Ok(())));
}

#[test]
fn a_grant_that_dies_between_plan_and_apply_is_not_made_again() {
    let (proxy, rig) = proxied(&[]);
    let config = rig.config(&view("late@example.com", &[("duration", text("2h"))]));
    let grant = rig.make(None, &config);
    assert_eq!(ControlPlane::shared().admin().call("DELETE", &binding_path(&grant)).0, 200);
    let plan = rig.plan(Some(&rig.read(&grant).unwrap()), &config).unwrap();
    assert_eq!(plan.attribute("active"), &Value::Bool(true));
    proxy.shift_clock(SignedDuration::from_hours(3));
    assert!(is(&rig.read(&grant).unwrap(), "expired"), "the provider hears the time");
    let (left, told) = rig.apply(&plan);
    assert!(told.unwrap_err().contains("since the plan"));
    assert!(!is(&left.unwrap(), "active"));
    assert_eq!((get(&role_path(&grant)).0, get(&binding_path(&grant)).0), (404, 404));
}

#[test]
fn a_grant_whose_time_is_past_is_recorded_and_never_live() {
    let rig = Rig::new(&[]);
    let past = [("duration", Value::Null), ("expires_at", text("2020-01-01T00:00:00+01:00"))];
    let config = rig.config(&view("past@example.com", &past));
    let grant = rig.make(None, &config);
    assert_eq!(rig.warnings(), ["The grant has already ended", "Parts of the role are left out"]);
    assert!(is(&grant, "expired") && !is(&grant, "active"));
    assert_eq!(of(&grant, "expires_at"), "2020-01-01T00:00:00+01:00", "the spelling stays");
    assert_eq!(get(&role_path(&grant)).0, 404);
    assert!(rig.plan(Some(&rig.read(&grant).unwrap()), &config).unwrap().is_empty());
}

#[test]
fn apply_waits_until_the_cluster_says_yes() {
    let rig = Rig::new(&[("wait_for_effective", Value::Bool(true))]);
    for subject in [
        object(&[("kind", "User"), ("name", "waits@example.com")]),
        object(&[("kind", "Group"), ("name", "waiters")]),
        object(&[("kind", "ServiceAccount"), ("name", "waiter"), ("namespace", "default")]),
    ] {
        let grant = rig.make(None, &rig.config(&view("", &[("subject", subject.clone())])));
        assert!(!rig.warnings().contains(&"The grant is not seen in effect".to_owned()), "{subject:?}");
        if subject.attribute("kind") == Some(&text("User")) {
            assert!(may("waits@example.com", "get", "nginx"));
        }
        rig.delete(&grant).1.unwrap();
    }
}
