//! Bad weather between the provider and the API server: what is asked again, in which order, how often, and what an error
//! in the middle leaves in the state.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use p0_tests::Fate;
use serde_json::json;
use tfplugin::value::Value;

use crate::rig::{is, lines, object, of, proxied, text};
use crate::traffic::{before_first, first, is_for, writes};
use crate::{binding_path, get, merge, role_path, view};

/// A limit that ends a request which is never answered, and that others keep on a busy machine too.
const SOON: &str = "3s";

#[test]
fn a_lost_answer_is_asked_for_again_and_nothing_is_made_twice() {
    let (proxy, rig) = proxied(&[]);
    for (plural, user) in [("clusterroles", "lost1@example.com"), ("rolebindings", "lost2@example.com")] {
        proxy.judge(first("POST", plural, Fate::LostAnswer));
        let grant = rig.make(None, &rig.config(&view(user, &[])));
        assert_eq!(proxy.asked().iter().filter(|asked| is_for(asked, "POST", plural)).count(), 2);
        assert_eq!(rig.read(&grant).unwrap().state, grant.state);
        proxy.judge(first("DELETE", plural, Fate::LostAnswer));
        assert_eq!(rig.delete(&grant), (None, Ok(())));
        assert_eq!((get(&role_path(&grant)).0, get(&binding_path(&grant)).0), (404, 404));
    }
}

#[test]
fn what_may_be_there_is_recorded_where_it_cannot_be_read() {
    let (proxy, rig) = proxied(&[]);
    let plan = rig.plan(None, &rig.config(&view("unseen@example.com", &[]))).unwrap();
    let mut is_broken = false;
    proxy.judge(move |asked| {
        is_broken |= is_for(asked, "POST", "rolebindings");
        if is_broken { Fate::Refused(500, None) } else { Fate::Served }
    });
    let (left, told) = rig.apply(&plan);
    assert!(told.unwrap_err().contains("500"));
    let left = left.expect("the role may be there, so it is recorded");
    assert!(!is(&left, "active"));
    proxy.judge(|_| Fate::Served);
    assert_eq!(get(&role_path(&left)).0, 200);
    assert_eq!(rig.delete(&left), (None, Ok(())));
    assert_eq!(get(&role_path(&left)).0, 404);
}

#[test]
fn a_change_ends_in_time_and_is_made_by_the_next_apply() {
    let (proxy, rig) = proxied(&[]);
    let lasting = |end: &str| {
        let inputs = [("duration", text(end)), ("timeouts", object(&[("update", SOON)]))];
        rig.config(&view("updating@example.com", &inputs))
    };
    let grant = rig.make(None, &lasting("8h"));
    proxy.judge(first("PATCH", "clusterroles", Fate::Stalled));
    let (left, told) = rig.apply(&rig.plan(Some(&grant), &lasting("9h")).unwrap());
    assert!(told.unwrap_err().contains("timeouts.update"));
    let left = left.unwrap();
    assert!(is(&left, "active") && !lines(&left, "drift").is_empty());
    proxy.judge(|_| Fate::Served);
    let longer = rig.make(Some(&rig.read(&left).unwrap()), &lasting("9h"));
    assert_eq!(rig.read(&longer).unwrap().state, longer.state);
    rig.delete(&longer).1.unwrap();
}

#[test]
fn a_busy_server_is_asked_again_when_it_says() {
    let (proxy, rig) = proxied(&[]);
    proxy.judge(first("POST", "clusterroles", Fate::Refused(429, Some(2))));
    let begun = Instant::now();
    let grant = rig.make(None, &rig.config(&view("busy@example.com", &[])));
    assert!(begun.elapsed() >= Duration::from_secs(2));
    proxy.judge(first("GET", "rolebindings", Fate::Refused(503, None)));
    assert_eq!(rig.read(&grant).unwrap().state, grant.state);
    rig.delete(&grant).1.unwrap();
}

#[test]
fn a_broken_server_is_an_error_after_few_questions_and_never_gone() {
    let (proxy, rig) = proxied(&[]);
    let grant = rig.make(None, &rig.config(&view("broken@example.com", &[])));
    for status in [500, 503, 504] {
        proxy.judge(move |asked| match is_for(asked, "GET", "rolebindings") {
            true => Fate::Refused(status, None),
            false => Fate::Served,
        });
        proxy.asked();
        let told = rig.read(&grant).unwrap_err();
        assert!(told.contains(&status.to_string()), "{told}");
        let asked = proxy.asked();
        let count = asked.iter().filter(|asked| is_for(asked, "GET", "rolebindings")).count();
        assert!((2..=6).contains(&count), "{count}");
    }
    proxy.judge(|_| Fate::Served);
    rig.delete(&grant).1.unwrap();
}

#[test]
fn a_webhooks_words_are_told_and_what_was_made_is_in_the_state() {
    let (proxy, rig) = proxied(&[]);
    let config = rig.config(&view("webhook@example.com", &[]));
    proxy.judge(first("POST", "rolebindings", Fate::Denied("no grants on Fridays")));
    let (left, told) = rig.apply(&rig.plan(None, &config).unwrap());
    let told = told.unwrap_err();
    assert!(told.contains("no grants on Fridays") && told.contains("create rolebindings"), "{told}");
    let left = left.unwrap();
    assert!(!is(&left, "active"));
    assert_eq!(lines(&left, "drift"), ["binding missing"]);
    rig.delete(&left).1.unwrap();
    proxy.judge(first("POST", "clusterroles", Fate::Denied("none at all")));
    let (left, told) = rig.apply(&rig.plan(None, &config).unwrap());
    assert!(told.is_err());
    assert_eq!(left, None, "nothing was made");
}

#[test]
fn an_operation_ends_in_time_and_the_state_tells_what_is_there() {
    let (proxy, rig) = proxied(&[]);
    let limits = [("timeouts", object(&[("create", SOON), ("read", SOON)]))];
    for (fate, is_live, user) in
        [(Fate::Stalled, false, "stalled@example.com"), (Fate::Silent, true, "silent2@example.com")]
    {
        proxy.judge(first("POST", "rolebindings", fate));
        let (left, told) = rig.apply(&rig.plan(None, &rig.config(&view(user, &limits))).unwrap());
        assert!(told.unwrap_err().contains("timeouts.create"));
        let left = left.unwrap();
        assert_eq!(is(&left, "active"), is_live, "{user}");
        proxy.judge(first("GET", "rolebindings", Fate::Stalled));
        assert!(rig.read(&left).unwrap_err().contains("timeouts.read"));
        proxy.judge(|_| Fate::Served);
        assert_eq!(rig.delete(&left), (None, Ok(())));
    }
}

#[test]
fn a_slow_request_is_given_up_and_asked_again() {
    let (proxy, rig) = proxied(&[("request_timeout", text(SOON))]);
    proxy.judge(first("POST", "rolebindings", Fate::Silent));
    let grant = rig.make(None, &rig.config(&view("slow@example.com", &[])));
    assert_eq!(rig.read(&grant).unwrap().state, grant.state);
    rig.delete(&grant).1.unwrap();
}

#[test]
fn writes_come_in_an_order_that_never_grants_more_than_planned() {
    let (proxy, rig) = proxied(&[]);
    let user = "order@example.com";
    let config = rig.config(&view(user, &[]));
    let grant = rig.make(None, &config);
    assert_eq!(writes(&proxy.asked()), ["POST clusterroles", "POST rolebindings"]);
    let longer = rig.make(Some(&grant), &rig.config(&view(user, &[("duration", text("9h"))])));
    assert_eq!(writes(&proxy.asked()), ["PATCH clusterroles", "PATCH rolebindings"]);
    let mallory = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "mallory" });
    merge(&binding_path(&grant), &json!({ "subjects": [mallory] }));
    merge(
        &role_path(&grant),
        &json!({ "rules": [{ "apiGroups": [""], "resources": ["pods"], "verbs": ["get"] }] }),
    );
    let read = rig.read(&longer).unwrap();
    proxy.asked();
    let repaired = rig.make(Some(&read), &rig.config(&view(user, &[("duration", text("9h"))])));
    assert_eq!(writes(&proxy.asked()), ["PATCH rolebindings", "PATCH clusterroles", "PATCH rolebindings"]);
    rig.delete(&repaired).1.unwrap();
    assert_eq!(writes(&proxy.asked()), ["DELETE rolebindings", "DELETE clusterroles"]);
}

#[test]
fn a_faster_client_makes_the_object_read_again() {
    let (proxy, rig) = proxied(&[]);
    let grant = rig.make(None, &rig.config(&view("race@example.com", &[])));
    let path = role_path(&grant);
    proxy.judge(before_first("PATCH", "clusterroles", move || {
        merge(&path, &json!({ "metadata": { "labels": { "somebody": "faster" } } }));
    }));
    let longer = rig.make(Some(&grant), &rig.config(&view("race@example.com", &[("duration", text("9h"))])));
    assert_eq!(get(&role_path(&longer)).1["metadata"]["labels"]["somebody"], "faster");
    assert_eq!(rig.read(&longer).unwrap().state, longer.state);
    rig.delete(&longer).1.unwrap();
}

#[test]
fn few_requests_make_read_and_remove_many_grants() {
    const MANY: usize = 20;
    let (proxy, rig) = proxied(&[]);
    let configs: Vec<Value> =
        (0..MANY).map(|one| rig.config(&view(&format!("many{one}@example.com"), &[]))).collect();
    let grants: Vec<_> = configs.iter().map(|config| rig.make(None, config)).collect();
    // The role, two of discovery, the cluster's identity; then two for each grant, however often it is planned.
    assert_eq!(proxy.asked().len(), 4 + 2 * MANY);
    for (grant, config) in grants.iter().zip(&configs) {
        let read = rig.read(grant).unwrap();
        assert!(rig.plan(Some(&read), config).unwrap().is_empty());
    }
    // Three grants are read each for itself; then there is one list for roles and one for bindings.
    let asked = proxy.asked();
    assert_eq!(asked.len(), 6 + 2, "{asked:?}");
    for grant in &grants {
        rig.delete(grant).1.unwrap();
    }
    assert_eq!(proxy.asked().len(), 4 * MANY);
}

#[test]
fn the_servers_clock_decides_and_a_skew_is_told_once() {
    let (proxy, rig) = proxied(&[]);
    let config = rig.config(&view("clock@example.com", &[]));
    proxy.shift_clock(SignedDuration::from_hours(-48));
    let grant = rig.make(None, &config);
    assert!(rig.warnings().contains(&"The clocks differ".to_owned()));
    let made: jiff::Timestamp = of(&grant, "created_at").parse().unwrap();
    assert!(proxy.now().duration_since(made).abs() < SignedDuration::from_mins(5), "{made}");
    proxy.shift_clock(SignedDuration::from_hours(-41));
    assert!(!is(&rig.read(&grant).unwrap(), "expired"));
    assert_eq!(rig.warnings(), [] as [&str; 0]);
    let plan =
        rig.plan(Some(&grant), &rig.config(&view("clock@example.com", &[("reason", text("why"))]))).unwrap();
    proxy.shift_clock(SignedDuration::from_hours(-39));
    assert!(is(&rig.read(&grant).unwrap(), "expired"));
    let (ended, told) = rig.apply(&plan);
    assert!(told.unwrap_err().contains("since the plan"), "it was planned alive");
    assert!(is(ended.as_ref().unwrap(), "expired") && !is(ended.as_ref().unwrap(), "active"));
    assert_eq!(get(&binding_path(&grant)).0, 404);
}
