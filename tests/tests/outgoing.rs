//! What goes to a site's own servers: notices as signed webhooks, and the audit log. Nothing is lost, and no command waits for them.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use p0_access::name::HookName;
use p0_gitops::log_export::{LogCollector, LogExport};
use p0_gitops::notify::{HookSecret, NotificationLog, Teller, Webhook, Webhooks};
use p0_gitops::post::PostTarget;
use p0_gitops::store::Store;
use p0_tests::eventually;
use p0_tests::program::{program, run};
use p0_tests::receiver::{Behaviour, Post, Receiver};
use p0_tests::serving::Serving;
use p0_tests::team::{READERS, Team};
use serde_json::{Value, json};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const T0: &str = "2026-11-24T10:00:00Z";
const T1: &str = "2026-11-24T10:01:00Z";

/// The present time, for what compares with the machine's own clock.
fn present() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap()
}

fn name() -> HookName {
    "ops".parse().unwrap()
}

fn target(receiver: &Receiver, path: &str) -> PostTarget {
    let authority = std::fs::read(receiver.authority()).unwrap();
    PostTarget::new(&format!("{}{path}", receiver.url()), Some(&authority)).unwrap()
}

/// Who tells people, and who tells the webhook.
async fn tellers(team: &Team, receiver: &Receiver) -> (Teller, Teller) {
    let (service, _) = team.bot().await;
    let service = Arc::new(service);
    let store = Store::open(team.store()).await.unwrap();
    let webhook = Webhook::new(target(receiver, "/hooks?key=1"), HookSecret::read(SECRET).unwrap());
    let webhooks = Webhooks::new(BTreeMap::from([(name(), webhook)]));
    store.keep_webhooks(&["ops".to_owned()]).await.unwrap();
    let people = Teller::new(service.clone(), Arc::new(NotificationLog::new(store)));
    (people, Teller::of_webhooks(service, Arc::new(webhooks)))
}

/// What Standard Webhooks' own library makes of the posts: it reads and verifies each.
fn verified(posts: &[Post]) -> Vec<Value> {
    let script = "import json, sys\nfrom standardwebhooks import Webhook\nfor post in json.load(sys.stdin):\n    \
                  print(json.dumps(Webhook(sys.argv[1]).verify(post['body'], post['headers'])))\n";
    let mut python = Command::new(p0_tests::upstream::python())
        .args(["-c", script, SECRET])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let posts: Vec<Value> =
        posts.iter().map(|post| json!({ "body": post.body, "headers": post.headers })).collect();
    python.stdin.take().unwrap().write_all(json!(posts).to_string().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "a signature is wrong");
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn ids(posts: &[Post]) -> BTreeSet<&str> {
    posts.iter().map(|post| post.headers["webhook-id"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_gets_every_notice_signed_as_standard_webhooks_has_it() {
    let (team, receiver) = (Team::new(READERS), Receiver::start());
    let (people, hooks) = tellers(&team, &receiver).await;
    // The receiver looks at the time of the signature, which has to be the present.
    let now = present();
    let id = team.asks(&now.to_string(), "web", &["--reason", "the rollout hangs"]);
    team.acts("bob", &now.to_string(), &["approve", &id]).done();
    assert!(people.tell(now).await.unwrap().is_empty() && hooks.tell(now).await.unwrap().is_empty());
    let posts = receiver.posts();
    let bodies = verified(&posts);
    assert_eq!(ids(&posts).len(), posts.len());
    assert!(posts.iter().all(|post| post.path == "/hooks?key=1"));
    let kinds: BTreeSet<&str> = bodies.iter().map(|body| body["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, BTreeSet::from(["request.approved", "request.asked", "request.merged"]));
    for body in &bodies {
        let request = &body["data"]["request"];
        assert_eq!((&request["id"], &request["requester"]), (&json!(id), &json!("alice")));
        assert_eq!(request["state"], json!("merged"), "the request as it is now");
        assert!(!body.to_string().contains("SSH SIGNATURE"));
    }
    // What was told is told once.
    assert!(hooks.tell(now).await.unwrap().is_empty());
    assert_eq!(receiver.posts().len(), posts.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_in_trouble_delays_nobody_and_gets_everything_later_under_the_same_id() {
    let (team, receiver) = (Team::new(READERS), Receiver::start());
    let (people, hooks) = tellers(&team, &receiver).await;
    let id = team.asks(T0, "web", &[]);
    let now: Timestamp = T1.parse().unwrap();
    for (round, behaviour) in
        [Behaviour::Refuses, Behaviour::Redirects, Behaviour::LosesTheAnswer].iter().enumerate()
    {
        receiver.does(*behaviour);
        let then = now + SignedDuration::from_hours(i64::try_from(round).unwrap());
        assert!(people.tell(then).await.unwrap().is_empty(), "{behaviour:?}");
        let problems = hooks.tell(then).await.unwrap();
        assert!(!problems.is_empty(), "{behaviour:?}");
        assert!(problems.iter().all(|problem| !problem.why.contains("key=1")), "{problems:?}");
    }
    let store = Store::open(team.store()).await.unwrap();
    assert!(!store.notices(&id).await.unwrap().is_empty(), "people were told at once");
    // Whoever watches the metrics sees which one is dead, and since when.
    let failing = store.failing_webhooks().await.unwrap();
    let [(webhook, count, since)] = &failing[..] else { panic!("{failing:?}") };
    assert_eq!((webhook.as_str(), *since), ("ops", T0.parse().unwrap()), "{count}");
    let first = receiver.posts();
    receiver.does(Behaviour::Keeps);
    assert!(hooks.tell(now + SignedDuration::from_hours(4)).await.unwrap().is_empty());
    let posts = receiver.posts();
    assert!(store.failing_webhooks().await.unwrap().is_empty());
    assert_eq!(posts.len(), 2 * first.len());
    assert_eq!(ids(&posts), ids(&first));
    assert!(posts.iter().all(|post| post.path == "/hooks?key=1"), "a redirection was not followed");
}

fn lines(posts: &[Post]) -> Vec<(i64, String)> {
    let line = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap();
        (value["seq"].as_i64().unwrap(), value["hash"].as_str().unwrap().to_owned())
    };
    posts.iter().flat_map(|post| post.body.lines().map(line)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_every_line_in_order_and_one_twice_at_most_where_its_answer_was_lost() {
    let (team, receiver) = (Team::new(READERS), Receiver::start());
    let store = Store::open(team.store()).await.unwrap();
    let collector = LogCollector::new(target(&receiver, "/logs"), Some("s3cret\n")).unwrap();
    let export = LogExport::new(name(), store.clone(), Arc::new(collector));
    let id = team.asks(T0, "web", &[]);
    receiver.does(Behaviour::Refuses);
    let error = export.catch_up().await.unwrap_err().to_string();
    assert!(error.contains("`ops`") && error.contains("503") && !error.contains("s3cret"), "{error}");
    receiver.does(Behaviour::LosesTheAnswer);
    assert!(export.catch_up().await.is_err());
    receiver.does(Behaviour::Keeps);
    assert_eq!(export.catch_up().await.unwrap(), 1);
    team.acts("bob", T1, &["approve", &id]).done();
    let more = export.catch_up().await.unwrap();
    assert!(more >= 2, "{more}");
    assert_eq!(export.catch_up().await.unwrap(), 0);
    let posts = receiver.posts();
    assert!(posts.iter().all(|post| post.headers["authorization"] == "Bearer s3cret"));
    let (mut got, all) = (lines(&posts), store.log(0, 100).await.unwrap());
    assert!(got.is_sorted());
    got.dedup();
    assert_eq!(got, all.into_iter().map(|line| (line.seq, line.hash)).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_leaves_every_line_in_the_file_once() {
    let team = Team::new(READERS);
    let file = team.site().beside("audit.jsonl");
    let settings = format!("logExports: [{{name: file, to: {{file: {}}}}}]\n", file.display());
    let whole = async || {
        let store = Store::open(team.store()).await.unwrap();
        let all: Vec<String> = store
            .log(0, 1000)
            .await
            .unwrap()
            .iter()
            .map(|line| serde_json::to_string(line).unwrap())
            .collect();
        eventually("every line is in the file", || {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            text.lines().eq(all.iter().map(String::as_str))
        });
    };
    for name in ["one", "two", "three"] {
        let server = Serving::start_also(program(), &team, None, &settings);
        let id = team.asks(&present().to_string(), name, &[]);
        team.acts("bob", &present().to_string(), &["approve", &id]).done();
        // Killed, wherever it is.
        drop(server);
        // A line that was half written, as a crash of the machine leaves one.
        let mut half = std::fs::OpenOptions::new().append(true).create(true).open(&file).unwrap();
        half.write_all(br#"{"seq":99"#).unwrap();
    }
    let server = Serving::start_also(program(), &team, None, &settings);
    // What a crash leaves half written is not marked as exported, so a line follows it.
    team.asks(&present().to_string(), "four", &[]);
    whole().await;
    assert_eq!(server.stop().0.code(), Some(0));
}

#[test]
fn check_names_secrets_and_files_that_cannot_be_used() {
    let team = Team::new(READERS);
    let (file, key) = (team.site().beside("settings.yaml"), team.site().key());
    let secret = team.site().beside("secret");
    std::fs::write(&secret, "hunter2\n").unwrap();
    let check = |more: &str| {
        let text = format!(
            "apiVersion: p0.dev/v1alpha1\nkind: Server\nstore: {}\nlisten: 127.0.0.1:0\n{more}\
             repositories: [{{url: {}, clusters: [prod]}}]\n",
            team.store(),
            team.site().repository().display()
        );
        std::fs::write(&file, text).unwrap();
        run(&["serve", "--check", "--settings", file.to_str().unwrap(), "--key", key.to_str().unwrap()])
    };
    let hook = |url: &str, secret: &std::path::Path| {
        format!("webhooks: [{{name: ops, url: \"{url}\", secretFile: {}}}]\n", secret.display())
    };
    let told = check(&hook("https://hooks.example.com/", &secret)).ended(1);
    assert!(
        told.contains("the webhook `ops`") && told.contains("whsec_") && !told.contains("hunter2"),
        "{told}"
    );
    let told = check(&hook("https://hooks.example.com/", std::path::Path::new("/nowhere"))).ended(1);
    assert!(told.contains("cannot read `/nowhere`"), "{told}");
    let told = check(&hook("http://hooks.example.com/", &secret)).ended(1);
    assert!(told.contains("`ops`") && told.contains("https://"), "{told}");
    std::fs::write(&secret, SECRET).unwrap();
    check(&hook("https://hooks.example.com/", &secret)).done();
}
