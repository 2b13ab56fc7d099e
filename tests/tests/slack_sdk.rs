//! Slack's own SDK against the fake: what Slack's client takes for an answer, a refusal and an envelope is what the fake gives.

use std::process::Stdio;

use fake_slack::{APP_TOKEN, BOT_TOKEN, FakeSlack, TEAM, UserKind};
use p0_tests::upstream::npm;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn slacks_own_client_works_with_the_fake() {
    let folder = tokio::task::spawn_blocking(|| npm::installed("slack")).await.unwrap();
    let slack = FakeSlack::start().await.unwrap();
    let alice = slack.join("alice", UserKind::Member);
    let channel = slack.channel("requests", &[&alice]);
    let mut client = Command::new("node")
        .arg(folder.join("client.mjs"))
        .args([slack.api().as_str(), BOT_TOKEN, APP_TOKEN, &channel])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("Node is installed (apt-get install nodejs)");
    let mut lines = BufReader::new(client.stdout.take().unwrap()).lines();
    let mut seen = Vec::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        let Ok(value) = serde_json::from_str::<Value>(&line) else { continue };
        let is_connected = value["saw"] == "connected";
        seen.push(value);
        if is_connected {
            break;
        }
    }
    let refusal = |name: &str, code: &str| json!({ "saw": "refusal", "name": name, "code": code });
    assert_eq!(seen[0], json!({ "saw": "auth", "team": TEAM }));
    assert!(seen.contains(&refusal("blocks", "invalid_blocks")), "{seen:?}");
    assert!(seen.contains(&refusal("channel", "channel_not_found")), "{seen:?}");
    assert!(seen.contains(&refusal("token", "invalid_auth")), "{seen:?}");
    assert!(seen.contains(&refusal("trigger", "invalid_trigger_id")), "{seen:?}");
    let post = &slack.posts(&channel)[0];
    assert_eq!((post.text.as_str(), post.edits), ("hello again", 1));
    let answer = alice.commands(&channel, "/p0 what it says").await;
    assert_eq!(answer, Ok(Some("you said what it says".to_owned())));
}
