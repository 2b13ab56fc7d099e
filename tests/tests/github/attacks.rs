//! People who may write to the repository, or to a fork of it, and want what they were not given.

use p0_tests::fake_github::OWNER;
use p0_tests::team::READERS;
use serde_json::{Value, json};

use crate::rig::*;

/// Every writer may post a status of the same name; the ruleset takes the checker's App alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_check_merges_nothing() {
    let mut rig = Rig::new().await;
    let signed = rig.merged("web").await;
    let forged = rig.team.grant(&signed).replace(&signed, "zzzzzzzzzzzzzzzzzzzz");
    let (branch, path) = ("p0/grant/zzzzzzzzzzzzzzzzzzzz", "clusters/prod/grants/zzzzzzzzzzzzzzzzzzzz.yaml");
    rig.branch("mallory", branch, &[(path, &forged)]);
    let number = rig.opens("mallory", branch);
    let head = rig.numbered(number)["head"]["sha"].as_str().unwrap().to_owned();
    let forge = json!({ "context": "p0/verify", "state": "success", "description": "brings 1 grant(s)" });
    assert_eq!(rig.call("mallory", "POST", &format!("statuses/{head}"), &forge).0, 201);
    let run =
        json!({ "name": "p0/verify", "head_sha": head, "status": "completed", "conclusion": "success" });
    assert_eq!(rig.call("mallory", "POST", "check-runs", &run).0, 403, "only Apps post check runs");
    let (status, said) = rig.merges("mallory", number);
    assert_eq!(status, 405, "{said}");
    rig.round().await;
    let (conclusion, why) = rig.check(number);
    assert_eq!(conclusion, "failure", "{why}");
    assert_eq!(rig.merges(OWNER, number).0, 405, "not even the owner");
    assert!(!rig.has("zzzzzzzzzzzzzzzzzzzz"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_somebody_edits_is_refused_and_made_anew() {
    let mut rig = Rig::with(READERS, Checks::Elsewhere).await;
    let id = rig.approved("web");
    rig.round().await;
    let (branch, path) = (format!("p0/grant/{id}"), format!("clusters/prod/grants/{id}.yaml"));
    let git = rig.on.github.path(&format!("{OWNER}/{NAME}"));
    let show = std::process::Command::new("git")
        .arg("-C")
        .arg(git)
        .args(["show", &format!("{branch}:{path}")])
        .output();
    let original = String::from_utf8(show.unwrap().stdout).unwrap();
    let edited = original.replace("alice@example.com", "mallory@example.com");
    assert_ne!(original, edited);
    rig.branch("mallory", &branch, &[(&path, &edited)]);
    rig.checks().await;
    assert_eq!(rig.check(1).0, "failure");
    let hosted = rig.on.repository(&rig.team, &rig.on.url(), Checks::Here);
    rig.reconciler = rig.bot(hosted).await;
    rig.round().await;
    rig.round().await;
    assert_eq!(rig.state(&id), "merged");
    assert!(!rig.team.grant(&id).contains("mallory@"), "the request is the authority");
    assert_eq!(rig.pulls(), [(branch, "merged".to_owned())], "it is the same pull request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_and_a_change_of_the_rules_with_a_grant_are_refused() {
    let mut rig = Rig::new().await;
    let signed = rig.merged("web").await;
    let grant = rig.team.grant(&signed).replace(&signed, "yyyyyyyyyyyyyyyyyyyy");
    let path = "clusters/prod/grants/yyyyyyyyyyyyyyyyyyyy.yaml";
    // In a fork, on a branch that is called as the bot's.
    rig.on.github.fork("mallory", NAME);
    let branch = "p0/grant/yyyyyyyyyyyyyyyyyyyy";
    rig.on.github.puts("mallory", &format!("mallory/{NAME}"), branch, &[(path, Some(&grant))]);
    let fork = rig.opens("mallory", &format!("mallory:{branch}"));
    // In the repository, with a signer of one's own.
    rig.branch("mallory", "rules", &[(path, &grant), ("p0/allowed_signers", "mallory ssh-ed25519 AAAA\n")]);
    let rules = rig.opens("mallory", "rules");
    // And one that edits the workflow with a grant.
    rig.branch("mallory", "workflow", &[(path, &grant), (".github/workflows/p0-verify.yaml", "on: push\n")]);
    let workflow = rig.opens("mallory", "workflow");
    rig.round().await;
    for number in [fork, rules, workflow] {
        let (conclusion, why) = rig.check(number);
        assert_eq!(conclusion, "failure", "{why}");
        assert_eq!(rig.merges("bob", number).0, 405);
    }
    assert_eq!(rig.team.grants(), [signed]);
}

/// Code owners approve of it by mistake: the required check says no.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_leaves_nobody_to_answer_fails_the_check() {
    let mut rig = Rig::new().await;
    let signed = rig.merged("web").await;
    let alone = rig.team.identities(&["alice"]);
    for (branch, path, text, expected) in [
        ("people", "p0/identities.yaml", alone.as_str(), "could revoke the live grant"),
        ("rules", "p0/policy.yaml", "rules: nonsense\n", "could not be used afterwards"),
    ] {
        rig.branch("mallory", branch, &[(path, text)]);
        let number = rig.opens("mallory", branch);
        rig.reviews("bob", number, "APPROVE");
        rig.round().await;
        let (conclusion, why) = rig.check(number);
        assert!(conclusion == "failure" && why.contains(expected), "{why}");
        assert_eq!(rig.merges("bob", number).0, 405);
    }
    assert_eq!(rig.team.grants(), [signed]);
}

/// Past every rule, as an administrator can: what came to base so is taken out again, by a pull request.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_administrator_forces_to_base_is_taken_out_again() {
    let mut rig = Rig::new().await;
    let signed = rig.merged("web").await;
    let forged = rig.team.grant(&signed).replace(&signed, "xxxxxxxxxxxxxxxxxxxx");
    rig.team.publish("clusters/prod/grants/xxxxxxxxxxxxxxxxxxxx.yaml", &forged);
    rig.force_base();
    assert!(rig.has("xxxxxxxxxxxxxxxxxxxx"));
    let problems = rig.round().await;
    assert!(problems.iter().any(|problem| problem.contains("xxxxxxxxxxxxxxxxxxxx")), "{problems:?}");
    rig.round().await;
    rig.round().await;
    assert_eq!(rig.team.grants(), [signed]);
    assert_eq!(rig.round().await, [] as [String; 0]);
}

/// The body is for reading: whatever is written there, the file decides.
#[tokio::test(flavor = "multi_thread")]
async fn an_edited_text_is_written_over_and_decides_nothing() {
    let mut rig = Rig::with(READERS, Checks::Elsewhere).await;
    let id = rig.approved("web");
    rig.round().await;
    let branch = format!("p0/grant/{id}");
    let words = |pull: &Value| (pull["title"].clone(), pull["body"].clone());
    let before = words(&rig.pull(&branch));
    let edit = json!({ "title": "Harmless", "body": "reads nothing" });
    assert_eq!(rig.call("mallory", "PATCH", "pulls/1", &edit).0, 200);
    rig.round().await;
    assert_eq!(words(&rig.pull(&branch)), before);
}

/// A stranger has opened a pull request on the bot's branch before the bot could.
#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_that_a_stranger_opens_on_the_bots_branch_is_described_by_the_bot() {
    let mut rig = Rig::with(READERS, Checks::Elsewhere).await;
    let id = rig.approved("web");
    let branch = format!("p0/grant/{id}");
    rig.branch("mallory", &branch, &[("README.md", "mine\n")]);
    let number = rig.opens("mallory", &branch);
    rig.round().await;
    let pull = rig.pull(&branch);
    assert_eq!(pull["number"], number);
    assert!(pull["title"].as_str().unwrap().starts_with("Grant: "), "{pull}");
    rig.checks().await;
    rig.round().await;
    assert_eq!((rig.state(&id).as_str(), rig.has(&id)), ("merged", true));
    assert!(!rig.team.site().git(&["ls-tree", "main"]).contains("README.md"));
}
