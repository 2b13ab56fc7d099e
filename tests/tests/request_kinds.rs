//! Requests that no reviewer's single yes answers or ends: a review in Git, access until a day, and revoking many at once.

use p0_tests::team::{AS_JSON, READERS, Team, id_of, request_for};

const T0: &str = "2026-11-24T10:00:00Z";
const T1: &str = "2026-11-24T10:01:00Z";
const T2: &str = "2026-11-24T10:02:00Z";
const T3: &str = "2026-11-24T10:03:00Z";

/// How many changes base has had.
fn changes(team: &Team) -> usize {
    let count = team.site().git(&["rev-list", "--first-parent", "--count", "main"]);
    count.trim().parse().expect("a number")
}

/// Somebody gets access to a deployment, which Carol approves.
fn granted(team: &Team, now: &str, person: &str, name: &str) -> String {
    let locator = format!("deployment / default / {name}");
    let id = id_of(&team.acts(person, now, &[&request_for(&locator)[..], &AS_JSON].concat()).done());
    team.acts("carol", now, &["approve", &id]).done();
    id
}

#[test]
fn a_review_in_git_is_the_answer() {
    let team = Team::new(&READERS.replace("- reviewers:", "- git:"));
    let (kept, closed) = (team.asks(T0, "kept", &[]), team.asks(T0, "closed", &[]));
    for id in [&kept, &closed] {
        assert_eq!(team.state(T0, id), "awaiting-review");
        team.acts("bob", T1, &["approve", id]).ended(2);
    }
    assert!(team.grants().is_empty());
    team.merges(&kept);
    team.site().git(&["branch", "-q", "-D", &format!("p0/grant/{closed}")]);
    team.bot_runs(T2, &["reconcile"]).done();
    assert_eq!([&kept, &closed].map(|id| team.state(T2, id)), ["merged", "denied"]);
    assert_eq!(team.grants(), std::slice::from_ref(&kept));
    team.acts("alice", T3, &["relinquish", &kept]).done();
    assert!(team.grants().is_empty());
    assert_eq!(team.state(T3, &kept), "revoked");
}

#[test]
fn persistent_access_ends_with_the_day_of_its_review() {
    let approval = "- persistent: {reviewBy: 2026-11-28, persons: [carol]}\n  - reviewers: {persons: [bob]}";
    let team = Team::new(&READERS.replace("- reviewers: {persons: [bob, carol]}", approval));
    let id = team.asks(T0, "kept", &["--persistent"]);
    assert!(team.acts("bob", T1, &["approve", &id]).ended(2).contains("may not approve it"));
    team.acts("carol", T1, &["approve", &id]).done();
    let end = "2026-11-28T23:59:59Z";
    assert_eq!(team.show(T1, &id)["expires-at"].as_str(), Some(end));
    team.bot_runs("2026-11-28T23:59:58Z", &["reconcile"]).done();
    assert_eq!(team.grants(), std::slice::from_ref(&id));
    team.bot_runs(end, &["reconcile"]).done();
    assert!(team.grants().is_empty());
    assert_eq!(team.state(end, &id), "revoked");
    // Its day is over: there is no more of it.
    let again = [&request_for("deployment / default / other")[..], &["--persistent"]].concat();
    assert!(team.acts("alice", end, &again).ended(2).contains("policy refuses"));
}

/// All deployments contain `db`, whose rule asks Carol; the rule on the rest asks Bob. In either order, both are needed.
#[test]
fn a_part_of_the_selection_needs_its_own_approver_too() {
    let db = "rules:\n- name: db\n  requestor: any\n  resource: {k8s: {names: [db]}}\n  approval:\n  - reviewers: {persons: [carol]}\n";
    let bob = READERS.replace("persons: [bob, carol]", "persons: [bob]");
    for order in [["bob", "carol"], ["carol", "bob"]] {
        let team = Team::new(&bob.replace("rules:\n", db));
        let id = team.asks(T0, "*", &[]);
        team.acts(order[0], T1, &["approve", &id]).done();
        assert_eq!(team.state(T1, &id), "pending", "{order:?}");
        assert!(!team.grants().contains(&id));
        team.acts(order[1], T1, &["approve", &id]).done();
        assert_eq!(team.state(T1, &id), "merged", "{order:?}");
        assert!(team.grants().contains(&id));
        let one = team.asks(T0, "web", &[]);
        team.acts("bob", T1, &["approve", &one]).done();
        assert_eq!(team.state(T1, &one), "merged", "no part of it is `db`");
    }
}

#[test]
fn a_revocation_of_many_reaches_exactly_its_scope_in_one_change() {
    let team = Team::new(READERS);
    let ids = [("alice", "a"), ("alice", "b"), ("bob", "c")].map(|(who, name)| granted(&team, T0, who, name));
    let revokes = |scope: &[&str], left: &[String]| {
        let before = changes(&team);
        team.acts("carol", T2, &[&["revoke", "--yes", "--reason", "incident 42"], scope].concat()).done();
        let mut left: Vec<String> = left.to_vec();
        left.sort();
        let mut there = team.grants();
        there.sort();
        assert_eq!(there, left, "{scope:?}");
        changes(&team) - before
    };
    assert_eq!(revokes(&["--user", "alice"], &ids[2..]), 1);
    assert_eq!(revokes(&["--cluster", "prod"], &[]), 1);
    for name in ["d", "e"] {
        granted(&team, T2, "alice", name);
    }
    // A stolen key is taken out of the signers first, and what it signed is still found.
    let bot = team.site().key().with_extension("pub");
    team.publish("p0/allowed_signers", "");
    assert_eq!(revokes(&["--signed-by", bot.to_str().unwrap()], &[]), 1);
    for id in &ids {
        let note = team.show(T3, id)["note"].to_string();
        assert!(note.contains("by carol: incident 42"), "{note}");
    }
}
