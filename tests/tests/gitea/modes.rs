//! The modes `review` and `manual`, and what a review alone does not do.

use gitea_client::StatusState;
use p0_tests::team::READERS;

use crate::rig::*;

#[tokio::test(flavor = "multi_thread")]
async fn in_the_mode_review_a_person_whom_it_does_not_concern_looks_first() {
    let mut rig = Rig::new("review").await;
    rig.merge_mode("review");
    let id = rig.approved("web");
    assert_eq!(rig.round().await, [] as [String; 0]);
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("proposed", false));
    let number = rig.pull(&format!("p0/grant/{id}")).await.number;
    // The requester herself, and somebody whom the repository does not know.
    for stranger in ["alice", "mallory"] {
        rig.reviews(stranger, number, "APPROVED");
        rig.round().await;
        assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("proposed", false), "{stranger}");
    }
    rig.reviews("carol", number, "REQUEST_CHANGES");
    rig.reviews("bob", number, "APPROVED");
    rig.round().await;
    assert!(!rig.has(&id), "carol asks for changes");
    rig.reviews("carol", number, "APPROVED");
    // Bringing the branch up to date loses no review, because they are about the file's bytes.
    rig.team.publish("README.md", "changed meanwhile\n");
    rig.force_base();
    rig.repository.client("bob").update_pull(number).await.unwrap();
    rig.round().await;
    rig.comes_to(&id, "merged", true).await;
    // Taking away waits for no review.
    rig.team.acts_alone("alice", &rig.text_now(), &["relinquish", &id]).done();
    rig.round().await;
    rig.comes_to(&id, "revoked", false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_mode_manual_a_person_merges_what_the_check_passes() {
    let mut rig = Rig::new("manual").await;
    rig.merge_mode("manual");
    let id = rig.approved("web");
    for _ in 0..2 {
        assert_eq!(rig.round().await, [] as [String; 0]);
        assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("proposed", false));
    }
    let number = rig.pull(&format!("p0/grant/{id}")).await.number;
    let (status, said) = rig.merges("alice", number);
    assert_eq!(status, 405, "she may not merge: {said}");
    let (status, said) = rig.merges("bob", number);
    assert_eq!(status, 200, "{said}");
    rig.round().await;
    rig.comes_to(&id, "merged", true).await;
}

/// What is not in Git cannot be verified after a merge, so a review on the forge does not answer a rule of reviews.
#[tokio::test(flavor = "multi_thread")]
async fn a_review_on_the_forge_alone_grants_nothing() {
    let policy = READERS.replace("- reviewers:", "- git:");
    let mut rig = Rig::with("git-rule", &policy, Checks::Here).await;
    let id = asks(&rig.team, &rig.text_now(), "web");
    assert_eq!(rig.round().await, [] as [String; 0]);
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("awaiting-review", false));
    let pull = rig.pull(&format!("p0/grant/{id}")).await;
    let (state, why) = rig.check(&pull.head.sha).await.unwrap();
    assert_eq!(state, StatusState::Pending, "{why}");
    for person in ["alice", "bob"] {
        rig.reviews(person, pull.number, "APPROVED");
        rig.round().await;
        assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("awaiting-review", false), "{person}");
    }
}
