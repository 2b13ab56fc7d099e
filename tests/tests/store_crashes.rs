//! The store under `kill -9`: a writer dies at random points, again and again, and nothing is lost and nothing doubled.
//!
//! `P0_CRASHES=10000` kills more often than the normal run does.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use p0_gitops::store::{Filter, Notice, Store};
use p0_tests::postgres::Postgres;

/// How often a writer is killed on each database, unless P0_CRASHES says otherwise.
const CRASHES: u32 = 100;

/// The most steps that a writer may make before it is killed.
const MOST_STEPS: u64 = 12;

/// The longest that it lives after its last awaited step: about as long as one more takes.
const MOST_MICROSECONDS: u64 = 4000;

fn crashes() -> u32 {
    std::env::var("P0_CRASHES").map_or(CRASHES, |number| number.parse().expect("P0_CRASHES is a number"))
}

fn below(limit: u64) -> u64 {
    RandomState::new().hash_one(()) % limit
}

/// Starts a writer, awaits some of its steps and kills it; what it was promised.
fn die(url: &str, name: &str, promised: &mut BTreeMap<String, i64>) {
    let mut writer = writer(url, name);
    let mut lines = BufReader::new(writer.stdout.take().expect("its output")).lines();
    for line in lines.by_ref().take(usize::try_from(below(MOST_STEPS)).expect("few")) {
        keep(&line.expect("a line"), promised);
    }
    std::thread::park_timeout(Duration::from_micros(below(MOST_MICROSECONDS)));
    writer.kill().expect("it was alive, as it never ends by itself");
    writer.wait().expect("it is dead");
    // What it printed before it died was promised as well; a half line was not.
    for line in lines.map_while(Result::ok) {
        keep(&line, promised);
    }
}

fn writer(url: &str, name: &str) -> Child {
    let mut writer = Command::new(env!("CARGO_BIN_EXE_store_writer"));
    writer.args([url, name]).stdout(Stdio::piped()).spawn().expect("the writer starts")
}

fn keep(line: &str, promised: &mut BTreeMap<String, i64>) {
    if let Some((id, version)) = line.split_once(' ')
        && let Ok(version) = version.parse()
    {
        promised.insert(id.to_owned(), version);
    }
}

/// What the dead have left is done by the next.
async fn finish(store: &Store) {
    let later = Timestamp::now() + SignedDuration::from_hours(1);
    loop {
        let claimed =
            store.claim(later, SignedDuration::from_secs(1), 100, &["tell"]).await.expect("claimed");
        if claimed.is_empty() {
            return;
        }
        for effect in claimed {
            let (key, request, body) = (effect.key.clone(), effect.request.clone(), effect.body.clone());
            let notice = Notice { key, request, recipient: "alice".to_owned(), at: later, body };
            store.post(&notice).await.expect("posted");
            assert!(store.done(&effect).await.expect("done"));
        }
    }
}

async fn check(store: &Store, promised: &BTreeMap<String, i64>) {
    let chain = store.verify_chain().await.expect("the log holds");
    let requests = store.list(&Filter::default()).await.expect("all requests");
    let mut lines = 0;
    for stored in &requests {
        let history = store.history(&stored.id).await.expect("its lines");
        assert_eq!(
            i64::try_from(history.len()),
            Ok(stored.version),
            "one line for each step of {}",
            stored.id
        );
        let request: serde_json::Value = stored.read().expect("a request");
        assert_eq!(request["version"], stored.version, "the state is that of the last step");
        let notices = store.notices(&stored.id).await.expect("its notices");
        assert_eq!(i64::try_from(notices.len()), Ok(stored.version), "each effect once, for {}", stored.id);
        lines += stored.version;
    }
    assert_eq!(chain.lines, lines, "no line without its step");
    let there: BTreeMap<&str, i64> =
        requests.iter().map(|stored| (stored.id.as_str(), stored.version)).collect();
    for (id, version) in promised {
        assert!(there.get(id.as_str()) >= Some(version), "{id} was promised to be at {version}");
    }
}

fn survives(url: &str) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut promised = BTreeMap::new();
    for number in 0..crashes() {
        die(url, &format!("w{number}"), &mut promised);
    }
    assert!(!promised.is_empty(), "some writer lived long enough to be promised something");
    runtime.block_on(async {
        let store = Store::open(url).await.expect("it opens");
        store.check().await.expect("it is whole");
        finish(&store).await;
        check(&store, &promised).await;
    });
    println!(
        "{} kills, {} requests promised, on {}",
        crashes(),
        promised.len(),
        url.split(':').next().unwrap_or(url)
    );
}

#[test]
fn a_sqlite_store_survives_its_writers() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    survives(&format!("sqlite://{}", folder.path().join("p0.db").display()));
}

#[test]
fn a_postgresql_store_survives_its_writers() {
    survives(&Postgres::shared().database());
}

#[tokio::test]
async fn a_backup_is_the_store_as_it_was() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (file, copy) = (folder.path().join("p0.db"), folder.path().join("copy.db"));
    let url = format!("sqlite://{}", file.display());
    let mut promised = BTreeMap::new();
    die(&url, "before", &mut promised);
    let store = Store::open(&url).await.expect("it opens");
    // Another writer is at work while the backup is made.
    let mut busy = writer(&url, "busy");
    store.backup(&copy).await.expect("a backup");
    busy.kill().expect("it was alive");
    busy.wait().expect("it is dead");
    let restored = Store::open(&format!("sqlite://{}", copy.display())).await.expect("it opens");
    finish(&restored).await;
    check(&restored, &promised).await;
    assert!(store.backup(&copy).await.is_err(), "a backup never overwrites another");
}
