//! The modes `review` and `manual`.

use p0_tests::fake_github::OWNER;
use serde_json::json;

use crate::rig::*;

#[tokio::test(flavor = "multi_thread")]
async fn in_the_mode_review_a_person_whom_it_does_not_concern_looks_first() {
    let mut rig = Rig::new().await;
    rig.merge_mode("review");
    let id = rig.approved("web");
    assert_eq!(rig.round().await, [] as [String; 0]);
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("proposed", false));
    let number = rig.pull(&format!("p0/grant/{id}"))["number"].as_u64().unwrap();
    // The requester herself, and somebody whom the repository does not know.
    for stranger in ["alice", "mallory"] {
        rig.reviews(stranger, number, "APPROVE");
        rig.round().await;
        assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("proposed", false), "{stranger}");
    }
    rig.reviews("carol", number, "REQUEST_CHANGES");
    rig.reviews("bob", number, "APPROVE");
    rig.round().await;
    assert!(!rig.has(&id), "carol asks for changes");
    rig.reviews("carol", number, "APPROVE");
    // Bringing the branch up to date loses no review, because they are about the file's bytes.
    rig.team.publish("README.md", "changed meanwhile\n");
    rig.force_base();
    let (status, said) = rig.call("bob", "PUT", &format!("pulls/{number}/update-branch"), &json!({}));
    assert_eq!(status, 202, "{said}");
    rig.round().await;
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("merged", true));
    // Taking away waits for no review.
    rig.team.acts_alone("alice", &rig.text_now(), &["relinquish", &id]).done();
    rig.round().await;
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("revoked", false));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_mode_manual_a_person_merges_what_the_check_passes() {
    let mut rig = Rig::new().await;
    rig.merge_mode("manual");
    let id = rig.approved("web");
    for _ in 0..2 {
        assert_eq!(rig.round().await, [] as [String; 0]);
        assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("proposed", false));
    }
    let number = rig.pull(&format!("p0/grant/{id}"))["number"].as_u64().unwrap();
    let (status, said) = rig.merges("stranger", number);
    assert_eq!(status, 403, "who may not write may not merge: {said}");
    let (status, said) = rig.merges(OWNER, number);
    assert_eq!(status, 200, "{said}");
    rig.round().await;
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("merged", true));
}
