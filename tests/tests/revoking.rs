//! Revoking, when everything else is in disorder: a frozen policy, one that denies all, one that cannot be read, people who
//! are gone, rows that cannot be read. The real program, real Git and a store.

use p0_tests::store_rows::rewrite;
use p0_tests::team::{READERS, Team, allow_for};

const T0: &str = "2026-11-24T10:00:00Z";
const T1: &str = "2026-11-24T10:01:00Z";
const T2: &str = "2026-11-24T10:02:00Z";

/// A team in which Alice has been given access to these deployments by Bob.
fn with_access(policy: &str, names: &[&str]) -> (Team, Vec<String>) {
    let team = Team::new(policy);
    let ids: Vec<String> = names.iter().map(|name| team.asks(T0, name, &[])).collect();
    for id in &ids {
        team.acts("bob", T1, &["approve", id]).done();
    }
    assert_eq!(team.grants().len(), ids.len());
    (team, ids)
}

fn trusting(policy: &str) -> String {
    format!("trustedGroups: [security]\n{policy}")
}

#[test]
fn a_frozen_policy_stops_no_revocation() {
    let (team, ids) = with_access(READERS, &["a", "b"]);
    team.policy(&format!("frozen: true\n{READERS}"));
    // Carol has approved neither, and could have.
    team.acts("carol", T2, &["revoke", &ids[0]]).done();
    team.acts("bob", T2, &["revoke", "--all", "--yes"]).done();
    assert!(team.grants().is_empty());
}

#[test]
fn a_rule_that_denies_all_stops_no_revocation() {
    let (team, ids) = with_access(READERS, &["a", "b"]);
    let deny = "- name: incident\n  requestor: any\n  resource: any\n  approval: [deny]\n";
    team.policy(&READERS.replace("rules:\n", &format!("rules:\n{deny}")));
    team.acts("carol", T2, &["revoke", &ids[0]]).done();
    team.acts("bob", T2, &["revoke", "--person", "alice", "--yes"]).done();
    assert!(team.grants().is_empty());
}

#[test]
fn under_an_unreadable_policy_those_revoke_who_are_known_without_it() {
    let (team, ids) = with_access(READERS, &["a", "b", "c"]);
    team.publish(
        "p0/identities.yaml",
        &team
            .identities(&["alice", "bob", "carol"])
            .replace("- name: carol\n", "- name: carol\n  groups: [security]\n"),
    );
    team.policy("rules: nonsense\n");
    let words = team.acts("carol", T2, &["revoke", &ids[0]]).ended(2);
    assert!(words.contains("may not revoke it; these may: alice, bob"), "{words}");
    // Who approved it, who has it, and who is trusted, as far as that can be read.
    team.acts("bob", T2, &["revoke", &ids[0]]).done();
    team.acts("alice", T2, &["revoke", &ids[1]]).done();
    team.policy("trustedGroups: [security]\nrules: nonsense\n");
    team.acts("carol", T2, &["revoke", "--all", "--yes"]).done();
    assert!(team.grants().is_empty());
}

#[test]
fn what_somebody_has_who_is_gone_is_revoked() {
    let (team, ids) = with_access(READERS, &["a", "b"]);
    team.publish("p0/identities.yaml", &team.identities(&["bob", "carol"]));
    team.acts_alone("carol", T2, &["revoke", &ids[0]]).done();
    team.acts_alone("carol", T2, &["revoke", "--person", "alice", "--yes"]).done();
    team.bot_runs(T2, &["reconcile"]).done();
    assert!(team.grants().is_empty());
    assert!(team.show(T2, &ids[1])["note"].to_string().contains("by carol"));
}

#[test]
fn a_trusted_group_revokes_what_others_approve() {
    let (team, _) = with_access(&trusting(&READERS.replace("[bob, carol]", "[bob]")), &["a"]);
    let words = team.acts("carol", T2, &["revoke", "--all", "--yes"]).ended(2);
    assert!(words.contains("stays") && words.contains("may not revoke it; these may: alice, bob"), "{words}");
    let people = team.identities(&["alice", "bob", "carol"]);
    team.publish(
        "p0/identities.yaml",
        &people.replace("- name: carol\n", "- name: carol\n  groups: [security]\n"),
    );
    team.acts("carol", T2, &["revoke", "--all", "--yes"]).done();
    assert!(team.grants().is_empty());
}

#[test]
fn one_row_that_cannot_be_read_hides_no_other() {
    let (team, ids) = with_access(READERS, &["a", "b"]);
    rewrite(team.store(), &ids[0], |row| {
        row.as_object_mut().expect("a request").insert("state".to_owned(), 7.into())
    });
    let words = team.acts("bob", T2, &["revoke", "--all", "--yes"]).ended(2);
    assert!(words.contains(&format!("{} stays", ids[0])), "{words}");
    assert_eq!(team.grants(), [ids[0].clone()]);
}

#[test]
fn a_name_that_nothing_has_is_an_error() {
    let (team, _) = with_access(READERS, &["a"]);
    let own = team.key("mallory").with_extension("pub");
    for (scope, problem) in [
        (["--person", "alise"], "`alise` is not in p0/identities.yaml"),
        (["--cluster", "prot"], "no repository has the cluster `prot`"),
        (["--signed-by", own.to_str().unwrap()], "is neither in p0/allowed_signers"),
    ] {
        let words = team.acts("bob", T2, &["revoke", scope[0], scope[1], "--yes"]).ended(1);
        assert!(words.contains(problem), "{words}");
    }
    assert_eq!(team.grants().len(), 1);
    // One that is known and has nothing is no error.
    assert!(
        team.acts("bob", T2, &["revoke", "--person", "carol", "--yes"]).done().contains("nothing to revoke")
    );
    // What an approver's key signed is found by it.
    let bob = team.key("bob").with_extension("pub");
    team.acts("bob", T2, &["revoke", "--signed-by", bob.to_str().unwrap(), "--yes"]).done();
    assert!(team.grants().is_empty());
}

#[test]
fn an_approval_that_could_be_tried_again_is_revoked_too() {
    let team = Team::new(READERS);
    let id = team.asks(T0, "a", &[]);
    team.acts_alone("bob", T1, &["approve", &id]).done();
    // Its catalogue is gone from base when it shall land: it fails.
    let catalogue = team.site().git(&["show", "main:clusters/prod/catalogue.yaml"]);
    team.publish(
        "clusters/prod/catalogue.yaml",
        &catalogue.replace("\"ClusterRole/view\"", "\"ClusterRole/look\""),
    );
    team.bot_runs(T1, &["reconcile"]);
    assert_eq!(team.state(T1, &id), "failed");
    team.acts("bob", T2, &["revoke", "--person", "alice", "--yes"]).done();
    team.publish("clusters/prod/catalogue.yaml", &catalogue);
    assert!(team.acts("alice", T2, &["retry", &id]).ended(2).contains("taken back"));
    assert!(team.grants().is_empty());
}

/// Bob's preapproval would approve Alice's next request at once, in the middle of the incident.
#[test]
fn revoking_a_person_or_everything_closes_what_was_approved_beforehand() {
    let open = |team: &Team| {
        let terms = ["--person", "alice", "--length", "4h", "--request-duration", "30m"];
        team.acts("bob", T0, &[&allow_for("deployment / default / *")[..], &terms].concat()).done();
    };
    let asks = |team: &Team, name: &str| {
        let id = team.asks(T2, name, &["--duration", "30m"]);
        team.state(T2, &id)
    };
    let team = Team::new(READERS);
    open(&team);
    assert_eq!(asks(&team, "inside"), "merged");
    // Somebody who may not approve such a request is told that it stays; what is another person's stays too.
    let stays = team.acts("mallory", T2, &["revoke", "--person", "alice", "--yes"]);
    assert_ne!(stays.code, 0);
    team.acts("carol", T2, &["revoke", "--person", "bob", "--yes"]).done();
    assert_eq!(asks(&team, "still"), "merged");
    let told = team.acts("carol", T2, &["revoke", "--person", "alice", "--yes"]).done();
    assert!(told.contains("closed the preapproval"), "{told}");
    assert_eq!(asks(&team, "after"), "pending");
    open(&team);
    team.policy(&format!("frozen: true\n{READERS}"));
    team.acts("carol", T2, &["revoke", "--all", "--yes"]).done();
    team.policy(READERS);
    assert_eq!(asks(&team, "later"), "pending");
    assert_eq!(team.site().git(&["ls-tree", "--name-only", "main", "p0/preapprovals/"]).trim(), "");
}

#[test]
fn what_would_end_is_listed_and_more_than_one_grant_needs_a_yes() {
    let (team, ids) = with_access(READERS, &["a", "b"]);
    let told = team.acts("carol", T2, &["revoke", "--person", "alice", "--dry-run"]).done();
    assert!(ids.iter().all(|id| told.contains(&format!("would end {id}"))), "{told}");
    // What stays is said with who may, before anything is done.
    let told = team.acts("alice", T2, &["revoke", "--all", "--dry-run", "-o", "json"]).done();
    assert!(told.contains("would-revoke"), "{told}");
    let refused = team.acts("carol", T2, &["revoke", "--person", "alice"]).ended(1);
    assert!(refused.contains("there is no terminal to ask at; give `--yes`"), "{refused}");
    assert_eq!(team.grants().len(), 2);
    // One grant needs none.
    team.acts("carol", T2, &["revoke", &ids[0]]).done();
    team.acts("carol", T2, &["revoke", "--person", "alice"]).done();
    assert!(team.grants().is_empty());
}

#[test]
fn preapprovals_are_listed_and_closed_by_those_who_may() {
    let team = Team::new(READERS);
    let allow = ["allow", "k8s", "resource", "view", "--cluster", "prod", "--locator", "pod / default / *"];
    let terms = ["--person", "alice", "--length", "4h", "--request-duration", "30m", "-o", "json"];
    let opened = team.acts("bob", T0, &[&allow[..], &terms].concat()).done();
    let opened: serde_json::Value = serde_json::from_str(&opened).unwrap();
    let id = opened["id"].as_str().unwrap();
    let listed = team.bot_runs(T1, &["preapprovals", "ls"]).done();
    for words in [id, "alice", "ClusterRole/view on pods default/*", "prod", "30m", "in 3 h 59 min", "bob"] {
        assert!(listed.contains(words), "{words} in {listed}");
    }
    // Somebody who could not approve such a request may not close it, and is told who may.
    team.publish("p0/identities.yaml", &team.identities(&["alice", "bob", "carol", "mallory"]));
    let refused = team.acts("mallory", T1, &["preapprovals", "close", id]).ended(2);
    assert!(refused.contains("may not close the preapproval; these may: alice, bob, carol"), "{refused}");
    let stays = team.acts("mallory", T1, &["revoke", "--all", "--yes"]).ended(2);
    assert!(stays.contains(&format!("{id} stays")) && stays.contains("alice, bob, carol"), "{stays}");
    let told = team.acts("carol", T1, &["preapprovals", "close", id]).done();
    assert!(told.contains("closed the preapproval"), "{told}");
    assert_eq!(team.bot_runs(T1, &["preapprovals", "ls"]).done(), "none\n");
    let gone = team.acts("carol", T1, &["preapprovals", "close", id]).ended(1);
    assert!(gone.contains("no preapproval") && gone.contains("is open"), "{gone}");
}
