//! What a person finds out about themselves: who they are, what they have, what waits for them, what they could have; and that
//! the beginning of an id is enough.

use p0_tests::team::{READERS, Team};

const T0: &str = "2026-11-24T10:00:00Z";
const T1: &str = "2026-11-24T10:01:00Z";

const WEB: [&str; 5] = ["view", "--cluster", "prod", "--locator", "deployment / default / web"];

#[test]
fn status_says_who_i_am_what_i_have_and_what_waits_for_me() {
    let team = Team::new(READERS);
    let (first, second) = (team.asks(T0, "web", &[]), team.asks(T0, "api", &[]));
    team.acts("bob", T1, &["approve", &first]).done();
    let alice = team.acts("alice", T1, &["status"]).done();
    assert!(alice.contains("You are alice") && alice.contains(&first) && alice.contains(&second), "{alice}");
    assert!(alice.trim_end().ends_with("Waiting for your answer\nnone"), "{alice}");
    let carol = team.acts("carol", T1, &["status", "-o", "json"]).done();
    let carol: serde_json::Value = serde_json::from_str(&carol).unwrap();
    assert_eq!(carol["own"], serde_json::json!([]));
    assert_eq!(carol["waiting"][0]["id"], second.as_str());
    assert_eq!(carol["waiting"][0]["may-approve"], serde_json::json!(["bob", "carol"]));
    assert_ne!(team.acts("mallory", T1, &["status"]).code, 0);
}

#[test]
fn can_i_says_what_i_have_and_what_i_may_ask_for() {
    let team = Team::new(READERS);
    let asks = |role: &str| {
        let mut words = WEB;
        words[0] = role;
        team.acts("alice", T1, &[&["can-i"], &words[..]].concat())
    };
    let told = asks("view").ended(2);
    assert!(
        told.contains("not now; you may ask for it under the rule `readers`") && told.contains("bob, carol"),
        "{told}"
    );
    assert!(asks("edit").ended(2).starts_with("no: policy refuses it"));
    let id = team.asks(T0, "web", &[]);
    let told = team.acts("bob", T1, &["approve", &id]).done();
    assert!(told.contains("kubectl auth can-i --list --namespace default"), "{told}");
    let told = asks("view").done();
    assert!(told.contains(&format!("has it by {id}, it ends in 2 h")), "{told}");
}

#[test]
fn the_beginning_of_an_id_is_enough_where_one_request_has_it() {
    let team = Team::new(READERS);
    let (one, other) = ("abcdefgh000000000001", "abcdxxxx000000000001");
    team.asks(T0, "a", &["--id", one]);
    team.asks(T0, "b", &["--id", other]);
    let several = team.acts("bob", T1, &["approve", "abcd"]).ended(1);
    assert!(several.contains("2 requests begin with `abcd`") && several.contains(one), "{several}");
    let none = team.acts("bob", T1, &["approve", "zzzz"]).ended(1);
    assert!(none.contains("no request's id begins with `zzzz`"), "{none}");
    let short = team.acts("bob", T1, &["approve", "abc"]).ended(64);
    assert!(short.contains("first 4 or more are enough"), "{short}");
    team.acts("bob", T1, &["approve", "abcde"]).done();
    assert_eq!(team.grants(), [one]);
    team.acts("carol", T1, &["revoke", "abcde"]).done();
    team.acts("bob", T1, &["deny", "abcdx"]).done();
    assert!(team.grants().is_empty());
    assert_eq!(team.state(T1, "abcdx"), "denied");
}
