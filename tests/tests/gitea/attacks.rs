//! People who may write to the repository, or to a fork of it, and want what they were not given.

use gitea_client::StatusState;
use p0_tests::gitea::OWNER;
use p0_tests::team::READERS;
use serde_json::{Value, json};

use crate::rig::*;

/// Gitea lets every writer post any check. The bot judges for itself, others may not merge, and the checker posts over it.
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_check_merges_nothing_and_is_posted_over() {
    let mut rig = Rig::new("forged").await;
    let signed = rig.merged("web").await;
    let forged = rig.team.grant(&signed).replace(&signed, "zzzzzzzzzzzzzzzzzzzz");
    rig.branch(
        "mallory",
        "p0/grant/zzzzzzzzzzzzzzzzzzzz",
        &[("clusters/prod/grants/zzzzzzzzzzzzzzzzzzzz.yaml", &forged)],
    );
    let number = rig.opens("mallory", "p0/grant/zzzzzzzzzzzzzzzzzzzz");
    let pull = rig.repository.client(OWNER).pull(number).await.unwrap();
    let forge = json!({ "context": "p0/verify", "state": "success", "description": "brings 1 grant(s)" });
    let path = format!("statuses/{}", pull.head.sha);
    assert_eq!(rig.repository.call("mallory", "POST", &path, &forge).0, 201);
    let (status, said) = rig.merges("mallory", number);
    assert_eq!(status, 405, "{said}");
    rig.round().await;
    let (state, why) = rig.check(&pull.head.sha).await.unwrap();
    assert_eq!(state, StatusState::Failure, "{why}");
    assert_eq!(rig.merges("bob", number).0, 405, "not even who may merge");
    assert!(!rig.has("zzzzzzzzzzzzzzzzzzzz"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_somebody_edits_is_refused_and_made_anew() {
    let mut rig = Rig::with("edited", READERS, Checks::Elsewhere).await;
    let id = rig.approved("web");
    rig.round().await;
    let (branch, path) = (format!("p0/grant/{id}"), format!("clusters/prod/grants/{id}.yaml"));
    let pull = rig.pull(&branch).await;
    let original = rig.repository.call("bob", "GET", &format!("raw/{path}?ref={branch}"), &Value::Null).1;
    let edited = original.as_str().unwrap().replace("alice@example.com", "mallory@example.com");
    rig.branch("mallory", &branch, &[(&path, &edited)]);
    let checker = hosted(&rig.repository, &rig.team, &rig.repository.url(), Checks::Here);
    checker.forge.check(rig.now()).await.unwrap();
    let head = rig.pull(&branch).await.head.sha;
    assert_eq!(rig.check(&head).await.unwrap().0, StatusState::Failure);
    rig.reconciler = rig.bot(&rig.repository.url(), Checks::Here).await;
    rig.comes_to(&id, "merged", true).await;
    assert!(!rig.team.grant(&id).contains("mallory@"), "the request is the authority");
    assert_eq!(rig.pull(&branch).await.number, pull.number, "it is the same pull request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_and_a_change_of_the_rules_with_a_grant_are_refused() {
    let mut rig = Rig::new("fork").await;
    let signed = rig.merged("web").await;
    let grant = rig.team.grant(&signed).replace(&signed, "yyyyyyyyyyyyyyyyyyyy");
    let path = "clusters/prod/grants/yyyyyyyyyyyyyyyyyyyy.yaml";
    // In a fork, on a branch that is called as the bot's.
    assert_eq!(rig.repository.call("mallory", "POST", "forks", &json!({})).0, 202);
    let name = rig.repository.client(OWNER).name().name().to_owned();
    let put = json!({
        "branch": "main", "new_branch": "p0/grant/yyyyyyyyyyyyyyyyyyyy", "message": "x",
        "files": [{ "operation": "create", "path": path, "content": base64(&grant) }],
    });
    let (status, said) =
        rig.repository.gitea().call("mallory", "POST", &format!("repos/mallory/{name}/contents"), &put);
    assert_eq!(status, 201, "{said}");
    let fork = rig.opens("mallory", "mallory:p0/grant/yyyyyyyyyyyyyyyyyyyy");
    // In the repository, with a signer of one's own.
    rig.branch("mallory", "rules", &[(path, &grant), ("p0/allowed_signers", "mallory ssh-ed25519 AAAA\n")]);
    let rules = rig.opens("mallory", "rules");
    rig.round().await;
    for number in [fork, rules] {
        let pull = rig.repository.client(OWNER).pull(number).await.unwrap();
        let (state, why) = rig.check(&pull.head.sha).await.unwrap();
        assert_eq!(state, StatusState::Failure, "{why}");
        assert_eq!(rig.merges("bob", number).0, 405);
    }
    assert_eq!(rig.team.grants(), [signed]);
}

/// Code owners approve of it by mistake: the required check says no.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_leaves_nobody_to_answer_fails_the_check() {
    let mut rig = Rig::new("mistake").await;
    let signed = rig.merged("web").await;
    let alone = rig.team.identities(&["alice"]);
    for (branch, path, text, expected) in [
        ("people", "p0/identities.yaml", alone.as_str(), "could revoke the live grant"),
        ("rules", "p0/policy.yaml", "rules: nonsense\n", "could not be used afterwards"),
    ] {
        rig.branch("mallory", branch, &[(path, text)]);
        let number = rig.opens("mallory", branch);
        rig.round().await;
        let head = rig.repository.client(OWNER).pull(number).await.unwrap().head.sha;
        let (state, why) = rig.check(&head).await.unwrap();
        assert!(state == StatusState::Failure && why.contains(expected), "{why}");
        assert_eq!(rig.merges("bob", number).0, 405);
    }
    assert_eq!(rig.team.grants(), [signed]);
}

/// Past every rule, as an administrator can: what came to base so is taken out again, by a pull request.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_administrator_forces_to_base_is_taken_out_again() {
    let mut rig = Rig::new("forced").await;
    let signed = rig.merged("web").await;
    let forged = rig.team.grant(&signed).replace(&signed, "xxxxxxxxxxxxxxxxxxxx");
    rig.team.publish("clusters/prod/grants/xxxxxxxxxxxxxxxxxxxx.yaml", &forged);
    rig.force_base();
    assert!(rig.has("xxxxxxxxxxxxxxxxxxxx"));
    let problems = rig.round().await;
    assert!(problems.iter().any(|problem| problem.contains("xxxxxxxxxxxxxxxxxxxx")), "{problems:?}");
    let mut last = problems;
    for _ in 0..8 {
        if last.is_empty() && !rig.has("xxxxxxxxxxxxxxxxxxxx") {
            break;
        }
        last = rig.round().await;
    }
    assert_eq!((rig.team.grants(), last), (vec![signed], Vec::new()));
}

/// The body is for reading: whatever is written there, the file decides.
#[tokio::test(flavor = "multi_thread")]
async fn an_edited_text_is_written_over_and_decides_nothing() {
    let mut rig = Rig::with("text", READERS, Checks::Elsewhere).await;
    let id = rig.approved("web");
    rig.round().await;
    let pull = rig.pull(&format!("p0/grant/{id}")).await;
    rig.repository.client("mallory").describe_pull(pull.number, "Harmless", "reads nothing").await.unwrap();
    rig.round().await;
    let after = rig.pull(&format!("p0/grant/{id}")).await;
    assert_eq!((after.title, after.body), (pull.title, pull.body));
}
