//! A request's whole life in the mode `auto`, and everything that people do to its pull request.

use gitea_client::StatusState;
use p0_tests::gitea::OWNER;
use serde_json::{Value, json};

use crate::rig::*;

#[tokio::test(flavor = "multi_thread")]
async fn asked_for_merged_given_back_and_reverted() {
    let mut rig = Rig::new("life").await;
    let id = rig.approved("web");
    assert_eq!(rig.round().await, [] as [String; 0]);
    rig.comes_to(&id, "merged", true).await;
    let branch = format!("p0/grant/{id}");
    let pull = rig.pull(&branch).await;
    assert!(pull.merged && pull.title.starts_with("Grant: "), "{}", pull.title);
    for words in
        ["alice@example.com", "`rollout @everyone \\| hangs`", "bob", "readers", "get, list, watch", &id]
    {
        assert!(pull.body.contains(words), "{words} in {}", pull.body);
    }
    let labels: Vec<String> = pull.labels.unwrap_or_default().into_iter().map(|label| label.name).collect();
    assert!(labels.contains(&"p0/grant".to_owned()), "{labels:?}");
    assert_eq!(rig.check(&pull.head.sha).await, Some((StatusState::Success, "brings 1 grant(s)".to_owned())));
    let message = rig.team.site().git(&["log", "-1", "--format=%B", "main"]);
    for trailer in
        [format!("Request-Id: {id}"), "Requested-by: alice".to_owned(), "Approved-by: bob".to_owned()]
    {
        assert!(message.lines().any(|line| line == trailer), "{trailer} in {message}");
    }
    rig.team.acts_alone("alice", &rig.text_now(), &["relinquish", &id]).done();
    assert_eq!(rig.round().await, [] as [String; 0]);
    rig.comes_to(&id, "revoked", false).await;
    assert_eq!(
        rig.pulls(),
        [(branch, "merged".to_owned()), (format!("p0/revoke/{id}"), "merged".to_owned())]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_required_check_nothing_is_merged_and_a_checker_elsewhere_posts_it() {
    let mut rig = Rig::with("elsewhere", p0_tests::team::READERS, Checks::Elsewhere).await;
    let id = rig.approved("web");
    for _ in 0..2 {
        assert_eq!(rig.round().await, [] as [String; 0], "waiting is no problem");
        assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("proposed", false));
    }
    rig.starts_checker();
    rig.comes_to(&id, "merged", true).await;
    rig.team.acts_alone("alice", &rig.text_now(), &["relinquish", &id]).done();
    rig.round().await;
    assert_eq!(
        (rig.state(&id).as_str(), rig.has(&id)),
        ("revoking", true),
        "a removal that waits is not gone"
    );
    rig.comes_to(&id, "revoked", false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_that_a_person_closes_denies_the_request_and_names_the_person() {
    let mut rig = Rig::with("closed", p0_tests::team::READERS, Checks::Elsewhere).await;
    let id = rig.approved("web");
    rig.round().await;
    let pull = rig.pull(&format!("p0/grant/{id}")).await;
    rig.repository.client("carol").close_pull(pull.number).await.unwrap();
    rig.round().await;
    let shown = rig.team.show(&rig.text_now(), &id);
    assert_eq!(shown["state"], "denied", "{shown}");
    assert!(shown["note"].as_str().unwrap().contains("`carol` on the forge"), "{shown}");
    rig.round().await;
    assert_eq!(rig.pulls(), [(format!("p0/grant/{id}"), "closed".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revert_that_a_person_closes_is_opened_again_with_an_alarm() {
    let mut rig = Rig::with("reopened", p0_tests::team::READERS, Checks::Elsewhere).await;
    rig.starts_checker();
    let id = rig.approved("web");
    rig.comes_to(&id, "merged", true).await;
    rig.team.acts_alone("bob", &rig.text_now(), &["revoke", &id]).done();
    rig.round().await;
    let branch = format!("p0/revoke/{id}");
    let pull = rig.pull(&branch).await;
    rig.repository.client("alice").close_pull(pull.number).await.unwrap();
    assert_eq!(rig.repository.call("alice", "DELETE", &format!("branches/{branch}"), &Value::Null).0, 204);
    rig.round().await;
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("revoking", true));
    let told = rig.told(&id);
    assert!(told.contains("`alice` closed the pull request"), "{told}");
    rig.comes_to(&id, "revoked", false).await;
}

/// What Gitea's own Revert makes: a branch without the file, by a person.
#[tokio::test(flavor = "multi_thread")]
async fn a_revert_by_hand_is_noticed_and_told() {
    let mut rig = Rig::new("by-hand").await;
    let id = rig.merged("web").await;
    let path = format!("clusters/prod/grants/{id}.yaml");
    let (_, file) = rig.repository.call("bob", "GET", &format!("contents/{path}"), &Value::Null);
    let body = json!({
        "branch": "main", "new_branch": "revert-it", "message": "Revert", "sha": file["sha"],
    });
    let (status, said) = rig.repository.call("bob", "DELETE", &format!("contents/{path}"), &body);
    assert_eq!(status, 200, "{said}");
    let number = rig.opens("bob", "revert-it");
    rig.round().await;
    let (status, said) = rig.merges("bob", number);
    assert_eq!(status, 200, "the check passes what only takes away: {said}");
    rig.round().await;
    rig.comes_to(&id, "revoked", false).await;
    let told = rig.told(&id);
    assert!(told.contains("in Git"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reverting_the_revert_brings_nothing_back() {
    let mut rig = Rig::new("revert-revert").await;
    let id = rig.merged("web").await;
    let path = format!("clusters/prod/grants/{id}.yaml");
    let file = rig.team.grant(&id);
    rig.team.acts_alone("alice", &rig.text_now(), &["relinquish", &id]).done();
    rig.round().await;
    rig.branch("alice", "revert-the-revert", &[(&path, &file)]);
    let number = rig.opens("alice", "revert-the-revert");
    rig.round().await;
    let pull = rig.repository.client(OWNER).pull(number).await.unwrap();
    let (state, why) = rig.check(&pull.head.sha).await.unwrap();
    assert_eq!(state, StatusState::Failure, "{why}");
    let (status, said) = rig.merges("bob", number);
    assert_eq!(status, 405, "{said}");
    assert!(!rig.has(&id));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_replaces_the_file_and_its_revert_ends_the_grant() {
    let mut rig = Rig::new("extended").await;
    let id = rig.merged("web").await;
    let before = rig.team.grant(&id);
    rig.team.acts_alone("alice", &rig.text_now(), &["extend", &id, "--duration", "4h"]).done();
    rig.team.acts_alone("bob", &rig.text_now(), &["approve", &id]).done();
    assert_eq!(rig.round().await, [] as [String; 0]);
    rig.comes_to(&id, "merged", true).await;
    assert_ne!(rig.team.grant(&id), before);
    assert!(rig.pull(&format!("p0/extend/{id}/1")).await.merged);
    // Reverting the extension: the earlier version, which ends earlier, counts again.
    rig.branch("bob", "revert-extension", &[(&format!("clusters/prod/grants/{id}.yaml"), &before)]);
    let number = rig.opens("bob", "revert-extension");
    rig.round().await;
    let (status, said) = rig.merges("bob", number);
    assert_eq!(status, 200, "{said}");
    rig.round().await;
    assert_eq!((rig.state(&id).as_str(), rig.team.grant(&id)), ("merged", before));
}

/// Base moves between; the rule wants branches that are up to date.
#[tokio::test(flavor = "multi_thread")]
async fn an_outdated_branch_is_brought_up_to_date_and_merged() {
    let mut rig = Rig::with("outdated", p0_tests::team::READERS, Checks::Elsewhere).await;
    let rules = json!({ "block_on_outdated_branch": true });
    assert_eq!(rig.repository.call(OWNER, "PATCH", "branch_protections/main", &rules).0, 200);
    let (one, two) = (rig.approved("one"), rig.approved("two"));
    rig.round().await;
    let states = (rig.state(&one), rig.state(&two));
    assert_eq!((states.0.as_str(), states.1.as_str()), ("proposed", "proposed"), "{}", rig.told(&one));
    rig.reconciler = rig.bot(&rig.repository.url(), Checks::Here).await;
    rig.comes_to(&one, "merged", true).await;
    rig.comes_to(&two, "merged", true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn past_merge_before_a_pull_request_is_closed_and_never_merged_late() {
    let mut rig = Rig::with("late", p0_tests::team::READERS, Checks::Elsewhere).await;
    let id = rig.approved("web");
    rig.round().await;
    for _ in 0..240 {
        rig.later();
    }
    rig.round().await;
    rig.round().await;
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("timed-out", false));
    assert_eq!(rig.pulls(), [(format!("p0/grant/{id}"), "closed".to_owned())]);
}
