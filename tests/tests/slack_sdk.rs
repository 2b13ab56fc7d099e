//! Slack's own SDKs against the fake: what its client and an app on its framework take for an answer, a refusal and an envelope is what
//! the fake gives; and Slack's own types of an app's manifest.

use std::process::Stdio;

use fake_slack::{APP_TOKEN, BOT_TOKEN, FakeSlack, Sent, TEAM, UserKind};
use p0_tests::PATIENCE;
use p0_tests::slack_types::{Typed, faults};
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

/// An app on Bolt, Slack's own framework: commands, forms with options and errors, buttons, answers to one person, shortcuts, Home.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_on_slacks_own_framework_works_with_the_fake() {
    let folder = tokio::task::spawn_blocking(|| npm::installed("slack-app")).await.unwrap();
    let slack = FakeSlack::start().await.unwrap();
    let alice = slack.join("alice", UserKind::Member);
    let channel = slack.channel("requests", &[&alice]);
    let mut app = Command::new("node")
        .arg(folder.join("app.mjs"))
        .args([slack.api().as_str(), BOT_TOKEN, APP_TOKEN, &channel])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("Node is installed (apt-get install nodejs)");
    let mut lines = BufReader::new(app.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line == "ready" {
            break;
        }
    }
    let connected = |slack: &FakeSlack| (slack.connections() > 0).then_some(());
    slack.wait_for(PATIENCE, connected).await.expect("a connection");
    assert_eq!(alice.commands(&channel, "/p0").await, Ok(None));
    let form = alice.modal().await.unwrap();
    assert_eq!(form.suggests("pick", "we").await.unwrap(), ["we"]);
    form.picks("pick", "web", "web").await.unwrap();
    form.writes("text", "bad").await.unwrap();
    let sent = form.submits().await;
    assert!(matches!(&sent, Ok(Sent::Errors(errors)) if errors.contains_key("text")), "{sent:?}");
    form.writes("text", "good").await.unwrap();
    assert_eq!(form.submits().await, Ok(Sent::Closed));
    let post = alice.reads(&channel, "web: good").await.unwrap();
    alice.presses(&post, "press").await.unwrap();
    alice.is_whispered("only you: v").await.unwrap();
    assert_eq!(alice.reads(&channel, "pressed").await.unwrap().edits, 1);
    alice.uses_shortcut("shortcut").await.unwrap();
    alice.reads(&channel, "shortcut by U0ALICE").await.unwrap();
    let home = alice.opens_home().await.unwrap().unwrap();
    assert!(home.all_text().contains("home of U0ALICE"), "{}", home.all_text());
}

/// The manifest of the guide, as Slack's own types have one; and a wrong one is told from it.
#[tokio::test(flavor = "multi_thread")]
async fn the_manifest_is_one_and_asks_for_what_the_app_uses() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/slack/manifest.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let manifest: Value = p0_grant::yaml::read(&text, p0_grant::yaml::Limits::FILE).unwrap();
    let mut wrong = manifest.clone();
    wrong["features"]["slash_commands"][0]["colour"] = json!("red");
    let said = tokio::task::spawn_blocking({
        let manifest = manifest.clone();
        move || {
            let typed = |name, value| Typed { name, kind: "Manifest", value };
            (faults(&[typed("manifest", manifest)]), faults(&[typed("wrong", wrong)]))
        }
    });
    let (none, some) = said.await.unwrap();
    assert_eq!(none, "");
    assert!(some.contains("colour"), "{some}");
    let scopes = manifest["oauth_config"]["scopes"]["bot"].as_array().unwrap();
    assert_eq!(scopes, &["chat:write", "commands", "im:write", "users:read"].map(Value::from));
    assert_eq!(manifest["settings"]["org_deploy_enabled"], false, "one workspace is served");
}
