//! A request's whole life in the mode `auto`, and everything that people do to its pull request.

use p0_tests::fake_github::OWNER;
use p0_tests::team::READERS;
use serde_json::{Value, json};

use crate::rig::*;

#[tokio::test(flavor = "multi_thread")]
async fn asked_for_merged_given_back_and_reverted() {
    let mut rig = Rig::new().await;
    let id = rig.approved("web");
    assert_eq!(rig.round().await, [] as [String; 0]);
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("merged", true));
    let branch = format!("p0/grant/{id}");
    let pull = rig.pull(&branch);
    let (title, body) = (pull["title"].as_str().unwrap(), pull["body"].as_str().unwrap());
    assert!(pull["merged"] == true && title.starts_with("Grant: "), "{title}");
    assert_eq!(pull["user"]["login"], "p0-bot[bot]");
    for words in
        ["alice@example.com", "`rollout @everyone \\| hangs`", "bob", "readers", "get, list, watch", &id]
    {
        assert!(body.contains(words), "{words} in {body}");
    }
    assert!(pull["labels"].as_array().unwrap().iter().any(|own| own["name"] == "p0/grant"), "{pull}");
    assert_eq!(rig.check(1), ("success".to_owned(), "brings 1 grant(s)".to_owned()));
    let message = rig.team.site().git(&["log", "-1", "--format=%B", "main"]);
    for trailer in
        [format!("Request-Id: {id}"), "Requested-by: alice".to_owned(), "Approved-by: bob".to_owned()]
    {
        assert!(message.lines().any(|line| line == trailer), "{trailer} in {message}");
    }
    rig.team.acts_alone("alice", &rig.text_now(), &["relinquish", &id]).done();
    assert_eq!(rig.round().await, [] as [String; 0]);
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("revoked", false));
    assert_eq!(
        rig.pulls(),
        [(branch, "merged".to_owned()), (format!("p0/revoke/{id}"), "merged".to_owned())]
    );
    let left = rig.on.github.path(&format!("{OWNER}/{NAME}"));
    let branches =
        std::process::Command::new("git").arg("-C").arg(left).args(["branch", "--list", "p0/*"]).output();
    assert_eq!(
        String::from_utf8(branches.unwrap().stdout).unwrap(),
        "",
        "branches go with their pull requests"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_only_squashing_is_allowed_the_trailers_stay() {
    let mut rig = Rig::new().await;
    rig.on.github.set(NAME, |repo| repo.squashes = true);
    let id = rig.merged("web").await;
    let message = rig.team.site().git(&["log", "-1", "--format=%B", "main"]);
    assert!(message.lines().any(|line| line == format!("Request-Id: {id}")), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_end_in_between_are_renewed() {
    let mut rig = Rig::new().await;
    let id = rig.merged("web").await;
    rig.on.github.end_tokens();
    rig.team.acts_alone("alice", &rig.text_now(), &["relinquish", &id]).done();
    assert_eq!(rig.round().await, [] as [String; 0]);
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("revoked", false));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_required_check_nothing_is_merged_and_a_checker_elsewhere_posts_it() {
    let mut rig = Rig::with(READERS, Checks::Elsewhere).await;
    let id = rig.approved("web");
    for _ in 0..2 {
        assert_eq!(rig.round().await, [] as [String; 0], "waiting is no problem");
        assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("proposed", false));
    }
    rig.checks().await;
    rig.round().await;
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("merged", true));
    rig.team.acts_alone("alice", &rig.text_now(), &["relinquish", &id]).done();
    rig.round().await;
    assert_eq!(
        (rig.state(&id).as_str(), rig.has(&id)),
        ("revoking", true),
        "a removal that waits is not gone"
    );
    rig.checks().await;
    rig.round().await;
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("revoked", false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_that_a_person_closes_denies_the_request_and_names_the_person() {
    let mut rig = Rig::with(READERS, Checks::Elsewhere).await;
    let id = rig.approved("web");
    rig.round().await;
    assert_eq!(rig.call("carol", "PATCH", "pulls/1", &json!({ "state": "closed" })).0, 200);
    rig.round().await;
    let shown = rig.team.show(&rig.text_now(), &id);
    assert_eq!(shown["state"], "denied", "{shown}");
    assert!(shown["note"].as_str().unwrap().contains("`carol` on the forge"), "{shown}");
    rig.round().await;
    assert_eq!(rig.pulls(), [(format!("p0/grant/{id}"), "closed".to_owned())]);
}

/// GitHub does not open a pull request again whose branch was made anew, so there is another one.
#[tokio::test(flavor = "multi_thread")]
async fn a_revert_that_a_person_closes_is_opened_again_with_an_alarm() {
    for deletes in [false, true] {
        let mut rig = Rig::with(READERS, Checks::Elsewhere).await;
        let id = rig.approved("web");
        rig.round().await;
        rig.checks().await;
        rig.round().await;
        rig.team.acts_alone("bob", &rig.text_now(), &["revoke", &id]).done();
        rig.round().await;
        let branch = format!("p0/revoke/{id}");
        let number = rig.pull(&branch)["number"].as_u64().unwrap();
        assert_eq!(
            rig.call("alice", "PATCH", &format!("pulls/{number}"), &json!({ "state": "closed" })).0,
            200
        );
        if deletes {
            assert_eq!(rig.call("alice", "DELETE", &format!("git/refs/heads/{branch}"), &Value::Null).0, 204);
        }
        rig.round().await;
        assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("revoking", true));
        let told = rig.told(&id);
        assert!(told.contains("`alice` closed the pull request"), "{told}");
        assert_eq!(rig.pull(&branch)["state"], "open");
        rig.checks().await;
        rig.round().await;
        assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("revoked", false));
    }
}

/// What GitHub's own Revert button makes: a branch without the file, by a person.
#[tokio::test(flavor = "multi_thread")]
async fn a_revert_by_hand_is_noticed_and_told() {
    let mut rig = Rig::new().await;
    let id = rig.merged("web").await;
    let path = format!("clusters/prod/grants/{id}.yaml");
    let branch = "revert-1-p0/grant/x";
    rig.on.github.puts("bob", &format!("{OWNER}/{NAME}"), branch, &[(&path, None)]);
    let number = rig.opens("bob", branch);
    rig.round().await;
    let (status, said) = rig.merges("bob", number);
    assert_eq!(status, 200, "the check passes what only takes away: {said}");
    rig.round().await;
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("revoked", false));
    let told = rig.told(&id);
    assert!(told.contains("in Git"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reverting_the_revert_brings_nothing_back() {
    let mut rig = Rig::new().await;
    let id = rig.merged("web").await;
    let path = format!("clusters/prod/grants/{id}.yaml");
    let file = rig.team.grant(&id);
    rig.team.acts_alone("alice", &rig.text_now(), &["relinquish", &id]).done();
    rig.round().await;
    rig.branch("alice", "revert-the-revert", &[(&path, &file)]);
    let number = rig.opens("alice", "revert-the-revert");
    rig.round().await;
    let (conclusion, why) = rig.check(number);
    assert_eq!(conclusion, "failure", "{why}");
    let (status, said) = rig.merges("bob", number);
    assert_eq!(status, 405, "{said}");
    assert!(!rig.has(&id));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_replaces_the_file_and_its_revert_ends_the_grant() {
    let mut rig = Rig::new().await;
    let id = rig.merged("web").await;
    let before = rig.team.grant(&id);
    rig.team.acts_alone("alice", &rig.text_now(), &["extend", &id, "--duration", "4h"]).done();
    rig.team.acts_alone("bob", &rig.text_now(), &["approve", &id]).done();
    assert_eq!(rig.round().await, [] as [String; 0]);
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("merged", true));
    assert_ne!(rig.team.grant(&id), before);
    assert_eq!(rig.pull(&format!("p0/extend/{id}/1"))["merged"], true);
    // Reverting the extension: the earlier version, which ends earlier, counts again.
    rig.branch("bob", "revert-extension", &[(&format!("clusters/prod/grants/{id}.yaml"), &before)]);
    let number = rig.opens("bob", "revert-extension");
    rig.round().await;
    let (status, said) = rig.merges("bob", number);
    assert_eq!(status, 200, "{said}");
    rig.round().await;
    assert_eq!((rig.state(&id).as_str(), rig.team.grant(&id)), ("merged", before));
}

/// Base moves between; the ruleset wants branches that are up to date.
#[tokio::test(flavor = "multi_thread")]
async fn an_outdated_branch_is_brought_up_to_date_and_merged() {
    let mut rig = Rig::with(READERS, Checks::Elsewhere).await;
    rig.on.github.set(NAME, |repo| repo.rules.strict = true);
    let (one, two) = (rig.approved("one"), rig.approved("two"));
    rig.round().await;
    let states = (rig.state(&one), rig.state(&two));
    assert_eq!((states.0.as_str(), states.1.as_str()), ("proposed", "proposed"), "{}", rig.told(&one));
    let hosted = rig.on.repository(&rig.team, &rig.on.url(), Checks::Here);
    rig.reconciler = rig.bot(hosted).await;
    for _ in 0..3 {
        rig.round().await;
    }
    assert_eq!((rig.state(&one).as_str(), rig.state(&two).as_str()), ("merged", "merged"));
}

#[tokio::test(flavor = "multi_thread")]
async fn past_merge_before_a_pull_request_is_closed_and_never_merged_late() {
    let mut rig = Rig::with(READERS, Checks::Elsewhere).await;
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
