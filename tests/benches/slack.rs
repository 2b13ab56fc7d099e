//! Slack, from what somebody does to what comes of it, over a WebSocket with a fake Slack in the same process: completion over 100,000
//! objects at 50 requests a second and the memory of all of it, a slash command until its form is open, a click until base has the
//! grant, and 1,000 approvals within a minute at Slack's own limits.

use std::path::Path;
use std::time::{Duration, Instant};

use p0_access::layout::ClusterName;
use p0_gitops::cluster::{NameChange, ObjectName};
use p0_tests::slack_team::SlackTeam;
use p0_tests::team::READERS;
use p0_tests::workbench::median;

const OBJECTS: usize = 100_000;
const PER_SECOND: u32 = 50;
const SECONDS: u32 = 10;
const ROUNDS: usize = 21;
/// `P0_APPROVALS=100` is quicker.
const APPROVALS: usize = 1_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    runtime.block_on(async {
        let it = SlackTeam::start(READERS).await;
        opening(&it).await;
        clicking(&it).await;
        many(&it).await;
        completing(&it).await;
    });
}

async fn completing(it: &SlackTeam) {
    let (cluster, kind) = (ClusterName::new("prod").unwrap(), "pods".parse().unwrap());
    let name = |number: usize| ObjectName {
        namespace: "default".into(),
        name: format!("checkout-{:08x}-{number:05}", number.wrapping_mul(2_654_435_761) & 0xffff_ffff).into(),
    };
    it.objects.hear(&cluster, &kind, NameChange::All((0..OBJECTS).map(name).collect()));
    it.alice.commands(&it.channel, "/p0 request").await.unwrap();
    let form = it.alice.modal().await.unwrap();
    let mut times = Vec::new();
    let mut next = tokio::time::interval(Duration::from_secs(1) / PER_SECOND);
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..(PER_SECOND * SECONDS) {
        next.tick().await;
        let form = form.clone();
        let typed = match number % 4 {
            0 => format!("pod {number:03}"),
            1 => format!("po default checkout {number:02}"),
            2 => "checkout".to_owned(),
            _ => "pod default nothing-is-called-so".to_owned(),
        };
        asking.spawn(async move {
            let began = Instant::now();
            // Slack shows nothing of an answer after three seconds.
            form.suggests("p0.resource", &typed).await.is_ok().then(|| began.elapsed())
        });
    }
    let mut late = 0;
    while let Some(took) = asking.join_next().await {
        match took.unwrap() {
            Some(took) => times.push(took),
            None => late += 1,
        }
    }
    form.closes();
    println!("  completion: {late} of {} too late for Slack (at most 0)", PER_SECOND * SECONDS);
    say(&format!("completion over {OBJECTS} objects at {PER_SECOND}/s"), &mut times, 20);
    println!("  memory of server and fake Slack together {:.1} MB (at most 200)", memory());
}

async fn opening(it: &SlackTeam) {
    let mut times = Vec::new();
    for _ in 0..100 {
        let began = Instant::now();
        it.alice.commands(&it.channel, "/p0 request").await.unwrap();
        let form = it.alice.modal().await.unwrap();
        times.push(began.elapsed());
        form.closes();
    }
    say("slash command to an open form", &mut times, 50);
}

async fn clicking(it: &SlackTeam) {
    let mut times = Vec::new();
    for number in 0..ROUNDS {
        asks(it, &format!("click-{number}")).await;
        let card = it.bob_reads_question(&it.channel).await;
        let before = base(it);
        let began = Instant::now();
        it.bob.presses(&card, "p0.approve-button").await.unwrap();
        while base(it) == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        times.push(began.elapsed().as_secs_f64() * 1000.0);
        it.bob.reads(&it.channel, "the cluster has it").await.unwrap();
        asked_no_more(it).await;
    }
    println!("  a click to its grant on base, median of {ROUNDS}: {:.1} ms (at most 200)", median(times));
}

async fn many(it: &SlackTeam) {
    let count = std::env::var("P0_APPROVALS").ok().and_then(|text| text.parse().ok()).unwrap_or(APPROVALS);
    let before = it.team.grants().len();
    for number in 0..count {
        asks(it, &format!("many-{number}")).await;
    }
    let waiting = |slack: &fake_slack::FakeSlack| {
        let posts = slack.posts(&it.channel);
        let cards: Vec<_> = posts.into_iter().filter(|post| post.has_button("p0.approve-button")).collect();
        (cards.len() == count).then_some(cards)
    };
    let cards = it.slack.wait_for(Duration::from_secs(600), waiting).await.expect("a card for each");
    // As Slack has them: about one message in a second for each channel.
    it.slack.limit("chat.postMessage", 1);
    it.slack.limit("chat.update", 1);
    let began = Instant::now();
    let mut pressing = tokio::task::JoinSet::new();
    // As many in a minute as 1,000 are, however many there are.
    let mut next = tokio::time::interval(Duration::from_millis(50));
    for card in cards {
        next.tick().await;
        let bob = it.bob.clone();
        pressing.spawn(async move {
            let began = Instant::now();
            bob.presses(&card, "p0.approve-button").await.unwrap();
            began.elapsed()
        });
    }
    let mut times = Vec::new();
    while let Some(took) = pressing.join_next().await {
        times.push(took.unwrap());
    }
    let clicked = began.elapsed();
    while it.team.grants().len() < before + count {
        assert!(began.elapsed() < Duration::from_secs(600), "{} of {count}", it.team.grants().len() - before);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let done = began.elapsed();
    say(&format!("acknowledging each of {count} clicks"), &mut times, 300);
    println!(
        "  {count} approvals clicked within {:.1} s, all on base after {:.1} s, none lost",
        clicked.as_secs_f64(),
        done.as_secs_f64()
    );
}

async fn asks(it: &SlackTeam, name: &str) {
    let line = format!(
        "/p0 request k8s resource view --cluster prod --locator \"pod / default / {name}\" --reason load"
    );
    it.alice.commands(&it.channel, &line).await.unwrap();
}

async fn asked_no_more(it: &SlackTeam) {
    let none = |slack: &fake_slack::FakeSlack| {
        (!slack.posts(&it.channel).iter().any(|post| post.has_button("p0.approve-button"))).then_some(())
    };
    it.slack.wait_for(p0_tests::PATIENCE, none).await.expect("an answered card");
}

/// Where base is: a file's few bytes, so that looking costs nothing.
fn base(it: &SlackTeam) -> String {
    let repository = it.team.site().repository();
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    read(&repository.join("refs/heads/main")) + &read(&repository.join(".git/refs/heads/main"))
}

fn say(what: &str, times: &mut [Duration], most: u32) {
    times.sort_unstable();
    let at = |percent: usize| {
        let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times[place].as_secs_f64() * 1000.0
    };
    println!("  {what}: median {:.1} ms, p99 {:.1} ms (at most {most})", at(50), at(99));
}

/// What this process holds in memory, in MB.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap() / 1024.0
}
