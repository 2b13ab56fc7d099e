//! The life of a request, by hand: real Git, a store, the program itself, and everybody with a key of their own.

use std::thread;

use p0_tests::team::{READERS, Team, allow_for, request_for};

const T0: &str = "2026-11-24T10:00:00Z";
const T1: &str = "2026-11-24T10:01:00Z";
const T2: &str = "2026-11-24T10:02:00Z";
const T3: &str = "2026-11-24T10:03:00Z";

#[test]
fn asked_approved_had_and_given_back() {
    let team = Team::new(READERS);
    let id = team.asks(T0, "web", &["--reason", "rollout hangs", "--duration", "2h"]);
    assert_eq!(team.state(T0, &id), "pending");
    assert!(team.grants().is_empty());
    // No person approves their own request or an unknown one, and a name alone proves nothing.
    assert!(team.acts("alice", T1, &["approve", &id]).ended(2).contains("may not approve it"));
    assert!(team.acts("mallory", T1, &["approve", &id]).ended(2).contains("not known"));
    assert!(team.bot_runs(T1, &["approve", &id, "--as", "bob"]).ended(2).contains("proves nothing"));
    assert!(
        team.acts("bob", T1, &["approve", &id, "--duration", "3h"]).ended(2).contains("never for longer")
    );
    assert!(team.acts("bob", T1, &["approve", &id, "--shown", &"0".repeat(64)]).ended(2).contains("changed"));
    team.acts("bob", T1, &["approve", &id, "--duration", "1h"]).done();
    let shown = team.show(T1, &id);
    assert_eq!(
        (shown["state"].as_str(), shown["expires-at"].as_str()),
        (Some("merged"), Some("2026-11-24T11:01:00Z"))
    );
    assert_eq!(team.grants(), std::slice::from_ref(&id));
    let grant = team.grant(&id);
    for line in [
        "p0.dev/approvers: bob",
        "p0.dev/requester: alice",
        "p0.dev/policy-rule: readers",
        "p0.dev/reason: rollout hangs",
    ] {
        assert!(grant.contains(line), "{line} in {grant}");
    }
    // Asking again says what there is.
    let again = request_for("deployment / default / web");
    let told = team.acts("alice", T2, &again).done();
    assert!(
        told.contains("already active until 2026-11-24 11:01:00 UTC") && !told.contains("not for"),
        "{told}"
    );
    let told = team.acts("alice", T2, &[&again[..], &["--duration", "7h"]].concat()).done();
    assert!(told.contains("already active") && told.contains("not for the 7h that you ask now"), "{told}");
    let other = request_for("deployment / default / api");
    let first = team.acts("alice", T2, &other).done();
    assert!(first.contains("catalogue: clusters/prod/catalogue.yaml on base"), "{first}");
    let told = team.acts("alice", T2, &[&other[..], &["--duration", "7h"]].concat()).done();
    for words in ["asked for already", "for 2h, not for the 7h that you ask now", "`p0-gitops cancel"] {
        assert!(told.contains(words), "{words}: {told} after {first}");
    }
    assert!(team.reads(T2, &["ls", "--active"]).done().contains(&id));
    // Only the person who has it gives it back.
    assert!(team.acts("carol", T2, &["relinquish", &id]).ended(2).contains("neither"));
    team.acts("alice", T2, &["relinquish", &id]).done();
    assert_eq!(team.state(T2, &id), "revoked");
    assert!(team.grants().is_empty());
    // Once over, it is over.
    for verb in ["approve", "deny", "cancel", "relinquish", "revoke"] {
        team.acts("bob", T3, &[verb, &id]).ended(2);
    }
    let told = team.bot_runs(T3, &["show", &id]).done();
    for words in ["asks for", "approved by bob", "merged", "access ends: it was given back", "access is gone"]
    {
        assert!(told.contains(words), "{words} in {told}");
    }
}

#[test]
fn asking_again_is_filled_in_from_what_was_asked_before() {
    let team = Team::new(READERS);
    let before = team.asks(T0, "web", &["--reason", "rollout hangs", "--duration", "2h"]);
    team.acts("alice", T1, &["cancel", &before]).done();
    let again = |more: &[&str]| -> serde_json::Value {
        let arguments = [&["request", "again", &before, "-o", "json"], more].concat();
        serde_json::from_str(&team.acts("alice", T2, &arguments).done()).unwrap()
    };
    let same = again(&[]);
    assert_ne!(same["id"], before.as_str(), "an id is used once");
    let told = team.show(T2, &before);
    for part in ["subject", "reason", "lifetime", "requester"] {
        assert!(!same[part].is_null(), "{part} in {same}");
        assert_eq!(same[part], told[part], "{part}");
    }
    team.acts("alice", T2, &["cancel", same["id"].as_str().unwrap()]).done();
    let other = again(&["--reason", "again", "--duration", "30m"]);
    assert_eq!((&other["reason"], &other["lifetime"]), (&"again".into(), &"30m".into()));
}

#[test]
fn what_nobody_answers_and_what_has_expired_ends() {
    let team = Team::new(READERS);
    let (waits, lives) = (team.asks(T0, "a", &[]), team.asks(T0, "b", &["--duration", "1h"]));
    team.acts("bob", T1, &["approve", &lives]).done();
    team.bot_runs("2026-11-24T10:50:00Z", &["reconcile"]).done();
    let told = team.show("2026-11-24T10:50:00Z", &lives)["told"].to_string();
    assert!(told.contains("access ends soon"), "{told}");
    team.bot_runs("2026-11-24T11:01:00Z", &["reconcile"]).done();
    assert_eq!(team.state("2026-11-24T11:01:00Z", &lives), "revoked");
    assert!(team.grants().is_empty());
    let later = "2026-12-24T10:00:00Z";
    team.bot_runs(later, &["reconcile"]).done();
    assert_eq!(team.state(later, &waits), "timed-out");
    assert!(team.acts("bob", later, &["approve", &waits]).ended(2).contains("timed out"));
}

/// Nothing runs here that would note the passing of time.
#[test]
fn time_counts_when_it_is_looked_at() {
    let team = Team::new(READERS);
    let (waits, lives) = (team.asks(T0, "a", &[]), team.asks(T0, "b", &["--duration", "1h"]));
    // Looking into the future changes nothing.
    let late = "2026-12-24T10:00:00Z";
    assert_eq!(team.state(late, &lives), "timed-out");
    team.acts("bob", T1, &["approve", &lives]).done();
    let over = "2026-11-24T11:01:00Z";
    // Its end is its end: neither is it active, nor is it extended.
    assert!(
        team.acts_alone("alice", over, &["extend", &lives, "--duration", "2h"])
            .ended(2)
            .contains("is being revoked")
    );
    assert!(!team.reads(over, &["ls", "--active"]).done().contains(&lives));
    let words = team.acts_alone("alice", over, &request_for("deployment / default / b")).done();
    assert!(words.contains("pending") && !words.contains("already"), "{words}");
    // What was not answered in time is over, and is asked for anew.
    assert!(!team.bot_runs(late, &["review"]).done().contains(&waits));
    assert!(team.acts_alone("bob", late, &["approve", &waits]).ended(2).contains("timed out"));
    assert_ne!(team.asks(late, "a", &[]), waits);
    assert_eq!(team.state(late, &waits), "timed-out");
}

#[test]
fn two_must_approve_where_two_are_asked_for() {
    let team = Team::new(&READERS.replace("[bob, carol]}", "[bob, carol], count: 2}"));
    let id = team.asks(T0, "web", &[]);
    let out = team.acts("bob", T1, &["approve", &id]).done();
    assert!(out.contains("pending") && out.contains("approved by bob so far"), "{out}");
    assert!(team.acts("bob", T1, &["approve", &id]).ended(2).contains("before"));
    assert!(team.grants().is_empty());
    team.acts("carol", T2, &["approve", &id]).done();
    assert_eq!(team.grants(), std::slice::from_ref(&id));
    assert!(team.grant(&id).contains("p0.dev/approvers: bob,carol"));
}

#[test]
fn policy_is_asked_again_at_the_click_and_a_changed_role_goes_back() {
    let team = Team::new(READERS);
    let (denied, changed) = (team.asks(T0, "a", &[]), team.asks(T0, "b", &[]));
    team.policy("frozen: true\n");
    assert!(team.acts("bob", T1, &["approve", &denied]).ended(2).contains("frozen"));
    team.policy(READERS);
    let catalogue = team.site().git(&["show", "main:clusters/prod/catalogue.yaml"]);
    team.publish("clusters/prod/catalogue.yaml", &narrower(&catalogue));
    assert!(team.acts("bob", T1, &["approve", &changed]).ended(2).contains("back at the approvers"));
    assert_eq!(team.state(T1, &changed), "pending");
    assert!(team.grants().is_empty());
    // Seen anew, it is approved.
    team.acts("bob", T2, &["approve", &changed]).done();
    assert_eq!(team.grants(), [changed]);
}

/// A catalogue whose role `view` no longer lets anybody watch.
fn narrower(catalogue: &str) -> String {
    let (head, view) = catalogue.split_once("- role: \"ClusterRole/view\"\n").expect("the role `view`");
    format!("{head}- role: \"ClusterRole/view\"\n{}", view.replace(", \"watch\"]", "]"))
}

#[test]
fn a_hand_in_git_is_noticed_and_nothing_rises_again() {
    let team = Team::new(READERS);
    let id = team.asks(T0, "web", &[]);
    team.acts("bob", T1, &["approve", &id]).done();
    let live = team.site().git(&["rev-parse", "main"]).trim().to_owned();
    // Somebody reverts the merge with plain Git.
    let work = tempfile::tempdir().unwrap();
    let at = |arguments: &[&str]| {
        let run =
            std::process::Command::new("git").arg("-C").arg(work.path()).args(arguments).output().unwrap();
        assert!(run.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
    };
    at(&["clone", "-q", team.site().repository().to_str().unwrap(), "."]);
    at(&["-c", "user.name=o", "-c", "user.email=o@example.com", "revert", "-m", "1", "--no-edit", "HEAD"]);
    at(&["push", "-q", "origin", "HEAD:main"]);
    team.bot_runs(T2, &["reconcile"]).done();
    let shown = team.show(T2, &id);
    assert_eq!(
        (shown["state"].as_str(), shown["note"].as_str()),
        (Some("revoked"), Some("it was removed in Git"))
    );
    // A force push brings the file back: it is removed again.
    team.site().git(&["update-ref", "refs/heads/main", &live]);
    team.bot_runs(T3, &["reconcile"]).done();
    assert!(team.grants().is_empty(), "{:?}", team.grants());
    assert_eq!(team.state(T3, &id), "revoked");
}

#[test]
fn longer_is_asked_for_approved_and_taken_back_by_reverting() {
    let team = Team::new(READERS);
    let id = team.asks(T0, "web", &["--duration", "1h"]);
    team.acts("bob", T1, &["approve", &id]).done();
    let first = team.grant(&id);
    assert!(team.acts("alice", T2, &["extend", &id, "--duration", "30m"]).ended(2).contains("not end later"));
    assert!(team.acts("alice", T2, &["extend", &id, "--duration", "9h"]).ended(2).contains("longer than"));
    team.acts("alice", T2, &["extend", &id, "--duration", "3h"]).done();
    assert_eq!(team.state(T2, &id), "extending");
    assert!(team.acts("alice", T2, &["approve", &id]).ended(2).contains("may not approve it"));
    team.acts("carol", T3, &["approve", &id]).done();
    let shown = team.show(T3, &id);
    assert_eq!(
        (shown["state"].as_str(), shown["expires-at"].as_str()),
        (Some("merged"), Some("2026-11-24T13:03:00Z"))
    );
    assert!(team.grant(&id).contains("p0.dev/previous:"));
    // The former file again: the access is as it was.
    team.publish(&format!("clusters/prod/grants/{id}.yaml"), &first);
    team.bot_runs(T3, &["reconcile"]).done();
    let shown = team.show(T3, &id);
    assert_eq!(
        (shown["state"].as_str(), shown["expires-at"].as_str()),
        (Some("merged"), Some("2026-11-24T11:01:00Z"))
    );
    team.bot_runs("2026-11-24T11:01:00Z", &["reconcile"]).done();
    assert!(team.grants().is_empty());
}

#[test]
fn everything_is_revoked_in_one_change() {
    let team = Team::new(READERS);
    let ids: Vec<String> = ["a", "b", "c"].iter().map(|name| team.asks(T0, name, &[])).collect();
    for id in &ids {
        team.acts("bob", T1, &["approve", id]).done();
    }
    assert_eq!(team.grants().len(), 3);
    let before: usize =
        team.site().git(&["rev-list", "--first-parent", "--count", "main"]).trim().parse().unwrap();
    assert!(team.acts("mallory", T2, &["revoke", "--all", "--yes"]).code != 0);
    assert_eq!(team.grants().len(), 3);
    let out = team.acts("carol", T2, &["revoke", "--all", "--yes", "--reason", "incident 42"]).done();
    assert!(team.grants().is_empty(), "{out}");
    let after: usize =
        team.site().git(&["rev-list", "--first-parent", "--count", "main"]).trim().parse().unwrap();
    assert_eq!(after, before + 1, "one change");
    for id in &ids {
        assert_eq!(team.show(T2, id)["note"].as_str(), Some("it was revoked, by carol: incident 42"));
    }
}

#[test]
fn yes_and_no_and_taking_back_race_and_exactly_one_wins() {
    let team = Team::new(READERS);
    for round in 0..3 {
        let id = team.asks(T0, &format!("web-{round}"), &[]);
        let runs = thread::scope(|scope| {
            let approve = scope.spawn(|| team.acts("bob", T1, &["approve", &id]).code);
            let deny = scope.spawn(|| team.acts("carol", T1, &["deny", &id]).code);
            let cancel = scope.spawn(|| team.acts("alice", T1, &["cancel", &id]).code);
            [approve.join().unwrap(), deny.join().unwrap(), cancel.join().unwrap()]
        });
        team.bot_runs(T2, &["reconcile"]).done();
        let state = team.state(T2, &id);
        let is_there = team.grants().contains(&id);
        assert_eq!(is_there, state == "merged", "{state}: {runs:?}");
        // A yes may be taken back until it is merged; a no may not be a yes as well.
        let told = match state.as_str() {
            "merged" => runs == [0, 2, 2],
            "denied" => runs == [2, 0, 2],
            "cancelled" => runs[1] == 2 && runs[2] == 0,
            // Taken back while it was being merged: it landed, and was removed at once.
            "revoked" => runs == [0, 2, 0],
            _ => false,
        };
        assert!(told, "{state}: {runs:?}");
    }
}

#[test]
fn leaving_ends_what_one_has_and_a_broken_policy_keeps_nobody_from_giving_back() {
    let team = Team::new(READERS);
    let (kept, left) = (team.asks(T0, "kept", &[]), team.asks(T0, "left", &[]));
    for id in [&kept, &left] {
        team.acts("bob", T1, &["approve", id]).done();
    }
    team.policy("rules: nonsense\n");
    assert!(team.acts("carol", T2, &["revoke", &left]).code != 0, "under no policy there is no approver");
    team.acts("alice", T2, &["relinquish", &kept]).done();
    assert_eq!(team.grants(), std::slice::from_ref(&left));
    team.policy(READERS);
    team.publish("p0/identities.yaml", &team.identities(&["bob", "carol"]));
    team.bot_runs(T3, &["reconcile"]).done();
    assert!(team.grants().is_empty());
    let note = team.show(T3, &left)["note"].to_string();
    assert!(note.contains("policy allows it no more") && note.contains("is not in p0"), "{note}");
}

#[test]
fn without_the_signing_key_it_waits_for_the_machine() {
    let team = Team::new(READERS);
    let id = team.asks(T0, "web", &[]);
    team.acts_alone("bob", T1, &["approve", &id]).done();
    assert_eq!((team.state(T1, &id).as_str(), team.grants().len()), ("approved", 0));
    team.bot_runs(T2, &["reconcile"]).done();
    assert_eq!(team.grants(), [id]);
}

#[test]
fn a_wrong_signing_key_leaves_the_request_to_the_right_one_and_does_not_stop_a_revocation() {
    let team = Team::new(READERS);
    let wrong = team.key("mallory");
    let with_wrong = |person: &str, arguments: &[&str]| {
        team.acts_alone(person, T1, &[arguments, &["--signing-key", wrong.to_str().unwrap()]].concat())
    };
    let id = team.asks(T0, "web", &[]);
    let told = with_wrong("bob", &["approve", &id]).ended(1);
    assert!(told.contains("does not count on base") && told.contains("p0/allowed_signers"), "{told}");
    assert_eq!((team.state(T1, &id).as_str(), team.grants().len()), ("pending", 0));
    team.acts("bob", T1, &["approve", &id]).done();
    assert_eq!((team.state(T1, &id).as_str(), team.grants()), ("merged", vec![id.clone()]));
    with_wrong("alice", &["relinquish", &id]).done();
    assert_eq!((team.state(T1, &id).as_str(), team.grants().len()), ("revoked", 0));
}

#[test]
fn an_unreachable_repository_makes_requests_wait() {
    let team = Team::new(READERS);
    let id = team.asks(T0, "web", &[]);
    team.acts_alone("bob", T1, &["approve", &id]).done();
    let (here, away) = (team.site().repository(), team.site().beside("away.git"));
    std::fs::rename(&here, &away).unwrap();
    assert_ne!(team.bot_runs(T2, &["reconcile"]).code, 0);
    std::fs::rename(&away, &here).unwrap();
    assert_eq!(team.state(T2, &id), "approved");
    team.bot_runs("2026-11-24T10:30:00Z", &["reconcile"]).done();
    assert_eq!(team.grants(), [id]);
}

#[test]
fn a_bundle_is_one_request_and_one_change() {
    let team = Team::new(READERS);
    let id = team.asks(T0, "web", &["--and", "prod: ClusterRole / view: configmap / default / settings"]);
    team.acts("bob", T1, &["approve", &id]).done();
    assert_eq!(team.grants().len(), 2);
    team.acts("alice", T2, &["relinquish", &id]).done();
    assert!(team.grants().is_empty());
}

#[test]
fn on_call_and_a_preapproval_need_no_answer() {
    let on_call = "rules:\n- name: on-call\n  requestor: any\n  resource: any\n  approval:\n  - auto: {schedules: [SHOP]}\n  \
                   - reviewers: {persons: [bob]}\n";
    let team = Team::new(on_call);
    let file = team.site().beside("on-call.yaml");
    std::fs::write(&file, "duties:\n- {person: alice, schedule: SHOP, until: 2026-11-24T12:00:00Z}\n")
        .unwrap();
    let duties = ["--on-call", file.to_str().unwrap()];
    let asked = team.asks(T0, "web", &duties);
    assert_eq!(team.state(T0, &asked), "merged");
    // Off duty, she asks.
    let later = "2026-11-24T12:30:00Z";
    let waits = team.asks(later, "other", &duties);
    assert_eq!(team.state(later, &waits), "pending");
    // Beforehand: Bob opens a preapproval, and not for himself.
    let preapproval = allow_for("deployment / default / *");
    let terms = ["--to", "alice", "--length", "4h", "--request-duration", "30m"];
    team.acts("carol", later, &[&preapproval[..], &terms].concat()).ended(2);
    team.acts("bob", later, &[&preapproval[..], &terms].concat()).done();
    let inside = team.asks(later, "inside", &["--duration", "30m"]);
    assert_eq!(team.state(later, &inside), "merged");
    assert!(team.grant(&inside).contains("p0.dev/approval: window"));
    let after = "2026-11-24T17:00:00Z";
    assert_eq!(team.state(after, &team.asks(after, "late", &["--duration", "30m"])), "pending");
}
