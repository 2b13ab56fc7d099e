//! What people are told of a request before they act: who may still approve it, everything that is approved, and each grant of a
//! bundle with its subresources. The real program.

use p0_tests::program::run;
use p0_tests::team::{READERS, Team, request_for};

const T0: &str = "2026-11-24T10:00:00Z";
const T1: &str = "2026-11-24T10:01:00Z";
const T2: &str = "2026-11-24T10:02:00Z";

fn pods(more: &[&str]) -> Vec<String> {
    let words = request_for("pod / default / web");
    words.iter().chain(["--subresource", "log"].iter()).chain(more).map(|word| (*word).to_owned()).collect()
}

fn asks(team: &Team, more: &[&str]) -> String {
    let words = pods(more);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    team.acts("alice", T0, &words).done()
}

#[test]
fn who_may_still_approve_is_named_everywhere() {
    let team = Team::new(&READERS.replace("[bob, carol]}", "[bob, carol], count: 2}"));
    let told = asks(&team, &["--id", &"a".repeat(20)]);
    assert!(told.contains("these may approve it: bob, carol"), "{told}");
    let id = "a".repeat(20);
    // Who may not is told so, and who may, before anything is shown.
    let refused = team.acts("alice", T1, &["approve", &id]).ended(2);
    assert!(refused.contains("`alice` may not approve it; these may: bob, carol"), "{refused}");
    assert!(!refused.contains("It gives"), "{refused}");
    assert!(team.bot_runs(T1, &["review"]).done().contains("bob, carol"));
    let told = team.acts("bob", T1, &["approve", &id]).done();
    assert!(told.contains("these may approve it: carol\n"), "{told}");
    let review = team.bot_runs(T1, &["review"]).done();
    assert!(review.contains("carol") && !review.contains("bob, carol"), "{review}");
    let shown = team.bot_runs(T1, &["show", &id]).done();
    assert!(shown.lines().any(|line| line.starts_with("may approve") && line.ends_with("carol")), "{shown}");
    assert_eq!(team.show(T1, &id)["may-approve"], serde_json::json!(["carol"]));
    team.acts("carol", T2, &["approve", &id]).done();
    assert!(team.show(T2, &id)["may-approve"].is_null());
}

#[test]
fn an_approver_sees_all_that_is_approved_and_the_end_it_leads_to() {
    let team = Team::new(READERS);
    let id = "b".repeat(20);
    asks(&team, &["--id", &id, "--reason", "rollout hangs", "--duration", "2h"]);
    let told = team.acts("bob", T1, &["approve", &id, "--duration", "30m", "--yes"]).done();
    for words in [
        "asked by",
        "alice",
        "User/alice@example.com",
        "ClusterRole/view on pods default/web, pods/log (prod)",
        "rollout hangs",
        "It gives",
        "pods/log",
        "2026-11-24 10:31:00 UTC",
    ] {
        assert!(told.contains(words), "{words} in {told}");
    }
    let told = team.acts("alice", T2, &["extend", &id, "--duration", "3h"]).done();
    assert!(told.contains("approved now, it would last until 2026-11-24 13:02:00 UTC"), "{told}");
    let told = team.acts("carol", T2, &["approve", &id, "--duration", "1h"]).done();
    assert!(told.contains("2026-11-24 10:31:00 UTC") && told.contains("2026-11-24 11:02:00 UTC"), "{told}");
}

#[test]
fn a_bundle_has_a_row_for_each_grant_and_each_id_finds_it() {
    let team = Team::new(READERS);
    let id = "c".repeat(20);
    asks(&team, &["--id", &id, "--and", "prod: view: configmap / default / settings"]);
    let rows = team.reads(T1, &["ls"]).done();
    let rows: Vec<&str> = rows.lines().collect();
    assert_eq!(rows.len(), 3, "{rows:?}");
    for (row, words) in [(rows[1], "pods default/web, pods/log"), (rows[2], "configmaps default/settings")] {
        assert!(
            row.contains(words) && row.contains("User/alice@example.com") && row.contains("prod"),
            "{row}"
        );
    }
    let member = rows[2].split(' ').next().unwrap().to_owned();
    assert_ne!(member, id);
    assert_eq!(team.show(T1, &member)["id"], id.as_str());
    team.acts("bob", T1, &["approve", &member]).done();
    assert_eq!(team.grants().len(), 2);
    team.acts("alice", T2, &["relinquish", &member]).done();
    assert!(team.grants().is_empty());
}

/// Base is read again for each request; a file that cannot be used is told once.
#[test]
fn one_bad_preapproval_warns_once() {
    let team = Team::new(READERS);
    team.asks(T0, "a", &[]);
    team.asks(T0, "b", &[]);
    team.publish(&format!("p0/preapprovals/{}.yaml", "a".repeat(20)), "nonsense: true\n");
    let told = team.bot_runs(T1, &["review"]);
    assert_eq!(told.err.matches("a preapproval approves nothing").count(), 1, "{}", told.err);
}

#[test]
fn a_cluster_that_there_is_not_is_named_with_those_that_there_are() {
    let team = Team::new(READERS);
    let mut words = request_for("deployment / default / web");
    words[5] = "prot";
    let told = team.acts("alice", T0, &words).ended(1);
    assert!(told.contains("the repository has no cluster `prot`; it has prod"), "{told}");
    let repository = team.site().repository();
    let key = team.site().key();
    let propose = [
        "propose",
        "--repo",
        repository.to_str().unwrap(),
        "--cluster",
        "prot",
        "--key",
        key.to_str().unwrap(),
    ];
    let told = run(&[
        &propose[..],
        &["--role", "view", "--locator", "pod / default / web", "--to", "alice@example.com"],
    ]
    .concat());
    assert!(told.code == 1 && told.err.contains("has no cluster `prot`; it has prod"), "{}", told.err);
}
