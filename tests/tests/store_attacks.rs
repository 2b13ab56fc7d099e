//! What somebody can do who holds the store's credentials: write rows. Each case is a forged approval, which the bot must not
//! sign. Not here: what the verifier finds in a file that is signed.

use p0_access::request::{Request, State};
use p0_gitops::workflow::evidence::seal;
use p0_tests::store_rows::rewrite;
use p0_tests::team::{READERS, Team};
use serde_json::{Value, json};

const T0: &str = "2026-11-24T10:00:00Z";
const T1: &str = "2026-11-24T10:01:00Z";
const T2: &str = "2026-11-24T10:02:00Z";

/// A request that Bob approved where the bot's key is not, so that it waits to be signed.
fn approved(team: &Team, name: &str) -> String {
    let id = team.asks(T0, name, &["--duration", "1h"]);
    team.acts_alone("bob", T1, &["approve", &id]).done();
    assert_eq!(team.state(T1, &id), "approved");
    id
}

fn vote(request: &mut Value) -> &mut Value {
    &mut request["state"]["approval"]["votes"][0]
}

fn stays_out(team: &Team, id: &str, case: &str) {
    team.bot_runs(T2, &["reconcile"]);
    assert!(team.grants().is_empty(), "{case}");
    let shown = team.show(T2, id);
    assert_eq!(shown["state"], "pending", "{case}");
    assert!(!shown["note"].is_null(), "the approvers are told why: {case}");
}

#[test]
fn an_approval_that_nothing_proves_is_not_signed() {
    type Forge = fn(&mut Value);
    let cases: [(&str, Forge); 8] = [
        ("no vote", |row| row["state"]["approval"]["votes"] = json!([])),
        ("a vote without a signature", |row| vote(row)["evidence"] = json!({ "signatures": {} })),
        ("a click without a seal", |row| vote(row)["evidence"] = json!({ "click": { "seal": "" } })),
        ("a name", |row| vote(row)["evidence"] = json!("name")),
        ("somebody else", |row| {
            vote(row)["person"] = json!("carol");
            row["state"]["approval"]["accepted"][0]["basis"] = json!({ "reviewers": ["carol"] });
        }),
        ("another subject", |row| row["asked"]["subject"] = json!("User/carol@example.com")),
        ("another object", |row| {
            row["asked"]["grants"][0]["selection"] = json!("apps/deployments default/*")
        }),
        ("another reason", |row| row["asked"]["reason"] = json!("another one")),
    ];
    for (case, forge) in cases {
        let team = Team::new(READERS);
        let id = approved(&team, "web");
        rewrite(team.store(), &id, forge);
        stays_out(&team, &id, case);
    }
    let team = Team::new(READERS);
    let id = approved(&team, "web");
    team.bot_runs(T2, &["reconcile"]).done();
    assert_eq!(team.grants(), [id]);
}

#[test]
fn an_approval_is_signed_for_its_own_time_only() {
    let team = Team::new(READERS);
    let id = approved(&team, "web");
    rewrite(team.store(), &id, |row| row["state"]["expires-at"] = json!("2026-11-24T17:01:00Z"));
    stays_out(&team, &id, "a later end");
    let later = "2026-11-26T10:00:00Z";
    let team = Team::new(READERS);
    let id = approved(&team, "other");
    rewrite(team.store(), &id, |row| {
        row["state"]["at"] = json!(later);
        row["state"]["merge-before"] = json!("2026-11-26T11:00:00Z");
        row["state"]["expires-at"] = json!("2026-11-26T11:00:00Z");
    });
    team.bot_runs(later, &["reconcile"]);
    assert!(team.grants().is_empty());
    assert_eq!(team.state(later, &id), "pending");
}

/// Alice takes her request back before the bot has signed it. Whoever writes rows keeps it, and puts it back later.
#[test]
fn a_cancelled_request_is_not_approved_again_by_its_old_votes() {
    let team = Team::new(READERS);
    let id = approved(&team, "web");
    let mut old = Value::Null;
    rewrite(team.store(), &id, |row| old = row.clone());
    team.acts_alone("alice", T2, &["relinquish", &id]).done();
    assert_ne!(team.state(T2, &id), "approved");
    let later = "2026-11-24T11:30:00Z";
    for (case, times) in [
        ("as it was", ["2026-11-24T10:01:00Z", "2026-11-24T11:01:00Z", "2026-11-24T11:01:00Z"]),
        ("with new times", [later, "2026-11-24T12:30:00Z", "2026-11-24T12:30:00Z"]),
    ] {
        rewrite(team.store(), &id, |row| {
            *row = old.clone();
            row["state"]["at"] = json!(times[0]);
            row["state"]["merge-before"] = json!(times[1]);
            row["state"]["expires-at"] = json!(times[2]);
        });
        team.bot_runs(later, &["reconcile"]);
        assert!(team.grants().is_empty(), "{case}");
        assert_ne!(team.state(later, &id), "merged", "{case}");
    }
}

#[test]
fn the_vote_on_one_request_proves_no_other() {
    let team = Team::new(READERS);
    let (one, other) = (approved(&team, "one"), approved(&team, "other"));
    let mut votes = Value::Null;
    rewrite(team.store(), &one, |row| votes = row["state"]["approval"]["votes"].clone());
    rewrite(team.store(), &other, |row| row["state"]["approval"]["votes"] = votes);
    team.bot_runs(T2, &["reconcile"]);
    assert_eq!((team.grants(), team.state(T2, &other).as_str()), (vec![one], "pending"));
}

/// A vote that was given where the person cannot sign counts by the bot's own word for it, which the store cannot make.
#[test]
fn a_click_is_proved_by_the_bots_seal() {
    let click = |row: &mut Value, key: &dyn Fn(&Request, &p0_access::request::Vote) -> String| {
        vote(row)["evidence"] = json!("name");
        let request: Request = serde_json::from_value(row.clone()).expect("a request");
        let State::Approved(granted) = request.state() else { panic!("it is approved") };
        let seal = key(&request, &granted.approval.votes[0]);
        vote(row)["evidence"] = json!({ "click": { "seal": seal } });
    };
    let team = Team::new(READERS);
    let id = approved(&team, "a");
    rewrite(team.store(), &id, |row| {
        click(row, &|request, vote| seal(request, vote, &team.signing_key("mallory")).unwrap());
    });
    stays_out(&team, &id, "another key's seal");
    let team = Team::new(READERS);
    let id = approved(&team, "b");
    rewrite(team.store(), &id, |row| {
        click(row, &|request, vote| {
            let other = p0_access::request::Vote { person: "carol".parse().unwrap(), ..vote.clone() };
            seal(request, &other, &team.bot_key()).unwrap()
        });
    });
    stays_out(&team, &id, "a seal on another person's vote");
    let team = Team::new(READERS);
    let id = approved(&team, "c");
    rewrite(team.store(), &id, |row| {
        click(row, &|request, vote| seal(request, vote, &team.bot_key()).unwrap());
    });
    team.bot_runs(T2, &["reconcile"]).done();
    assert_eq!(team.grants(), [id]);
}

#[test]
fn being_on_call_is_asked_again_before_it_is_signed() {
    let rule = "rules:\n- name: on-call\n  requestor: any\n  resource: any\n  approval:\n  - auto: {schedules: [SHOP]}\n  \
                - reviewers: {persons: [bob]}\n";
    let team = Team::new(rule);
    let id = approved(&team, "web");
    rewrite(team.store(), &id, |row| {
        row["state"]["approval"]["votes"] = json!([]);
        let duty = json!({ "evidence": { "place": { "schedule": "SHOP" } } });
        row["state"]["approval"]["accepted"][0]["basis"] = json!({ "on-call": duty });
    });
    stays_out(&team, &id, "the requester is not on call");
}

/// The sweep writes the end of the log into Git, where the store's credentials do not reach.
#[test]
fn a_log_that_is_rewritten_is_found_out() {
    let team = Team::new(READERS);
    let first = approved(&team, "web");
    let repository = team.site().repository();
    let sweep = |store: &str| {
        let place = ["--repo", repository.to_str().unwrap(), "--store", store, "--now", T1];
        p0_tests::program::run(&[&["sweep"][..], &place].concat())
    };
    sweep(team.store()).done();
    team.bot_runs(T2, &["reconcile"]).done();
    // It goes on, and the end that was seen is still in it.
    sweep(team.store()).done();
    team.bot_runs(T2, &["reconcile"]).done();
    // Another log, which is one chain as well: an older state, gone on otherwise.
    let other = Team::new(READERS);
    approved(&other, "other");
    let forged = other.store().to_owned();
    assert!(sweep(&forged).ended(1).contains("the log was rewritten or cut off"));
    let team = team.with_store(&forged);
    assert!(team.bot_runs(T2, &["reconcile"]).ended(1).contains("the log was rewritten or cut off"));
    assert_eq!(team.grants(), [first]);
}
