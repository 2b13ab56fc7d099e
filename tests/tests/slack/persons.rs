//! The members of a workspace as persons for review.

use std::process::Command;

use fake_slack::{BOT_TOKEN, FakeSlack, UserKind};
use p0_tests::program::program;

/// Runs `identities import --from slack`; what it prints, and what it says besides.
async fn import(slack: &FakeSlack, arguments: &[&str]) -> (bool, String, String) {
    let mut command = Command::new(program());
    command.args(["identities", "import", "--from", "slack", "--slack-api", &slack.api()]).args(arguments);
    command.env_clear().env("P0_SLACK_BOT_TOKEN", BOT_TOKEN);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn full_members_are_written_for_review_and_the_others_named() {
    let slack = FakeSlack::start().await.unwrap();
    for name in ["alice", "bob", "carol", "dave", "erin"] {
        slack.join(name, UserKind::Member);
    }
    slack.join("guest", UserKind::Guest);
    slack.join("stranger", UserKind::Stranger);
    slack.join("gone", UserKind::Deleted);
    let (is_done, printed, said) = import(&slack, &[]).await;
    assert!(is_done, "{said}");
    for name in ["alice", "bob", "carol", "dave", "erin"] {
        assert!(printed.contains(&format!("- name: {name}\n")), "{name}: {printed}");
        assert!(printed.contains(&format!("user: U0{}", name.to_uppercase())), "{printed}");
    }
    assert!(!printed.contains("gone") && !printed.contains("guest") && !printed.contains('@'), "{printed}");
    assert!(said.contains("`U0GUEST` is a guest") && said.contains("`U0STRANGER` is of another"), "{said}");
    // Who is there already is left out, under whatever name.
    let known = tempfile::NamedTempFile::new().unwrap();
    let head = "apiVersion: p0.dev/v1alpha1\nkind: Identities\npersons:\n";
    let alice = format!("- name: al\n  slack: {{team: {}, user: U0ALICE}}\n", fake_slack::TEAM);
    std::fs::write(known.path(), format!("{head}{alice}")).unwrap();
    let (_, printed, said) = import(&slack, &["--known", known.path().to_str().unwrap()]).await;
    assert!(!printed.contains("U0ALICE") && printed.contains("U0BOB"), "{printed}");
    assert!(said.contains("`alice` is there already"), "{said}");
    slack.take_scope("users:read");
    let (is_done, printed, said) = import(&slack, &[]).await;
    assert!(!is_done && printed.is_empty() && said.contains("users:read"), "{said}");
    let (is_done, _, said) = import(&slack, &["people.csv"]).await;
    assert!(!is_done && said.contains("reads no file"), "{said}");
}
