//! What is kept: requests, effects, notices, and the log.

use p0_gitops::store::{Advanced, Filter, GENESIS, Notice, Store, StoreError, Urgency};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::rig::*;

#[tokio::test]
async fn a_request_is_what_its_last_step_made_it() {
    let both = Both::new();
    for url in &both.urls {
        let store = Store::open(url).await.expect("opened");
        assert_eq!(store.load("a").await.unwrap(), None);
        store.create("a", &step(0, "pending")).await.expect("created");
        assert_eq!(store.advance("a", 1, &step(1, "approved")).await.unwrap(), Advanced::To(2));
        let again = Store::open(url).await.expect("opened again");
        let stored = again.load("a").await.unwrap().expect("there");
        let request: Value = stored.read().expect("a request");
        assert_eq!((stored.version, request), (2, json!({ "state": "approved" })), "{url}");
        let error = again.create("a", &step(2, "pending")).await.unwrap_err();
        assert!(matches!(error, StoreError::Exists(_)), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_racing_steps_exactly_one_is_made() {
    let both = Both::new();
    for url in &both.urls {
        let store = Store::open(url).await.expect("opened");
        store.create("a", &step(0, "pending")).await.expect("created");
        let racers: Vec<_> = (0..16)
            .map(|number| {
                let store = store.clone();
                let mut next = step(1, "approved");
                next.effects = vec![effect(&format!("effect-{number}"), Urgency::Normal, 0)];
                tokio::spawn(async move { store.advance("a", 1, &next).await.expect("an answer") })
            })
            .collect();
        let mut won = 0;
        for racer in racers {
            won += usize::from(racer.await.expect("it ends") == Advanced::To(2));
        }
        assert_eq!(won, 1, "{url}");
        assert_eq!(store.backlog().await.unwrap().waiting, 1, "the losers' effects are not there");
        assert_eq!(store.history("a").await.unwrap().len(), 2, "nor their lines");
    }
}

#[tokio::test]
async fn requests_are_found_by_what_they_are() {
    let both = Both::new();
    for url in &both.urls {
        let store = Store::open(url).await.expect("opened");
        for (number, state) in ["pending", "active", "denied", "active"].into_iter().enumerate() {
            let mut step = step(i64::try_from(number).unwrap(), state);
            step.columns.requester = if number == 3 { "bob" } else { "alice" }.to_owned();
            step.columns.cluster = if number == 0 { "prod-eu,prod" } else { "prod" }.to_owned();
            step.columns.next_due = (state != "denied").then(|| time(60 - i64::try_from(number).unwrap()));
            store.create(&format!("r{number}"), &step).await.expect("created");
        }
        let ids = async |filter: Filter| {
            let found = store.list(&filter).await.expect("a list");
            found.into_iter().map(|stored| stored.id).collect::<Vec<_>>()
        };
        let states = |states: &[&str]| states.iter().map(|state| (*state).to_owned()).collect();
        assert_eq!(ids(Filter::default()).await, ["r3", "r2", "r1", "r0"], "{url}");
        assert_eq!(ids(Filter { limit: Some(2), ..Filter::default() }).await, ["r3", "r2"]);
        let open = Filter { states: states(&["pending", "active"]), ..Filter::default() };
        assert_eq!(ids(open).await, ["r3", "r1", "r0"]);
        let bobs = Filter { requester: Some("bob".to_owned()), ..Filter::default() };
        assert_eq!(ids(bobs).await, ["r3"]);
        let elsewhere = Filter { cluster: Some("dev".to_owned()), ..Filter::default() };
        assert!(ids(elsewhere).await.is_empty());
        let on = |cluster: &str| Filter { cluster: Some(cluster.to_owned()), ..Filter::default() };
        assert_eq!((ids(on("prod")).await.len(), ids(on("prod-eu")).await), (4, vec!["r0".to_owned()]));
        assert_eq!(
            store.due(time(59), 10).await.unwrap(),
            ["r3", "r1"],
            "the longest due first, none that ended"
        );
        let census = store.census().await.unwrap();
        assert_eq!(census, [("active".to_owned(), 2), ("denied".to_owned(), 1), ("pending".to_owned(), 1)]);
    }
}

#[tokio::test]
async fn effects_are_done_once_revocations_first_and_failures_later() {
    let both = Both::new();
    for url in &both.urls {
        let store = Store::open(url).await.expect("opened");
        let mut first = step(0, "pending");
        first.effects = vec![
            effect("tell", Urgency::Normal, 0),
            effect("later", Urgency::Normal, 100),
            effect("revoke", Urgency::Revocation, 5),
        ];
        store.create("a", &first).await.expect("created");
        let claimed = store.claim(time(10), LEASE, 10, &["tell"]).await.expect("claimed");
        let keys: Vec<&str> = claimed.iter().map(|effect| effect.key.as_str()).collect();
        assert_eq!(keys, ["revoke", "tell"], "{url}");
        assert!(store.claim(time(10), LEASE, 10, &["tell"]).await.unwrap().is_empty(), "they are somebody's");
        // A process that ends gives them back, and its claims are void.
        store.release().await.expect("released");
        let taken = store.claim(time(10), LEASE, 10, &["tell"]).await.expect("claimed");
        assert!(taken.len() == 2 && !store.done(&claimed[0]).await.unwrap(), "{url}");
        let claimed = taken;
        assert!(store.done(&claimed[0]).await.unwrap());
        assert!(store.retry_at(&claimed[1], time(20), "nobody listens").await.unwrap());
        assert_eq!(store.backlog().await.unwrap().failing, 1);
        assert!(store.claim(time(19), LEASE, 10, &["tell"]).await.unwrap().is_empty(), "not before its time");
        let again = store.claim(time(20), LEASE, 10, &["tell"]).await.unwrap();
        assert_eq!((again.len(), again[0].claims), (1, 3));
        // The lease is over and another takes it: the first may not settle it any more.
        let taken = store.claim(time(60), LEASE, 10, &["tell"]).await.unwrap();
        assert_eq!((taken.len(), taken[0].claims), (1, 4));
        assert!(!store.done(&again[0]).await.unwrap() && store.done(&taken[0]).await.unwrap());
        let mut second = step(61, "approved");
        second.effects = vec![effect("tell", Urgency::Normal, 0)];
        store.advance("a", 1, &second).await.unwrap();
        assert!(
            store.claim(time(62), LEASE, 10, &["tell"]).await.unwrap().is_empty(),
            "a key is done once ever"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_workers_never_claim_the_same_effect() {
    let both = Both::new();
    for url in &both.urls {
        let store = Store::open(url).await.expect("opened");
        let mut first = step(0, "pending");
        first.effects =
            (0..200).map(|number| effect(&format!("effect-{number}"), Urgency::Normal, 0)).collect();
        store.create("a", &first).await.expect("created");
        let mut workers = Vec::new();
        for _ in 0..8 {
            let store = Store::open(url).await.expect("a replica opens");
            workers.push(tokio::spawn(async move {
                let mut keys = Vec::new();
                loop {
                    let claimed = store.claim(time(1), LEASE, 7, &["tell"]).await.expect("claimed");
                    if claimed.is_empty() {
                        return keys;
                    }
                    keys.extend(claimed.into_iter().map(|effect| effect.key));
                }
            }));
        }
        let mut keys = Vec::new();
        for worker in workers {
            keys.extend(worker.await.expect("it ends"));
        }
        keys.sort();
        let all = keys.len();
        keys.dedup();
        assert!(keys.len() == all && all <= 200, "{url}: none twice");
        // Replicas may pass over what another was claiming at that moment; it is claimed the next time.
        assert_eq!(
            all + store.claim(time(1), LEASE, 200, &["tell"]).await.unwrap().len(),
            200,
            "{url}: none forgotten"
        );
    }
}

#[tokio::test]
async fn a_notice_is_kept_once() {
    let both = Both::new();
    for url in &both.urls {
        let store = Store::open(url).await.expect("opened");
        store.create("a", &step(0, "pending")).await.expect("created");
        let notice = |key: &str, at| Notice {
            key: key.to_owned(),
            request: "a".to_owned(),
            recipient: "alice".to_owned(),
            at: time(at),
            body: json!({ "text": "…" }),
        };
        assert!(store.post(&notice("k2", 2)).await.unwrap());
        assert!(store.post(&notice("k1", 1)).await.unwrap());
        assert!(!store.post(&notice("k1", 3)).await.unwrap());
        assert_eq!(store.notices("a").await.unwrap(), [notice("k1", 1), notice("k2", 2)], "{url}");
    }
}

#[tokio::test]
async fn the_log_is_a_chain_that_anybody_can_check() {
    let both = Both::new();
    for url in &both.urls {
        let store = Store::open(url).await.expect("opened");
        store.create("a", &step(0, "pending")).await.expect("created");
        store.create("b", &step(1, "pending")).await.expect("created");
        store.advance("a", 1, &step(2, "approved")).await.expect("made");
        let chain = store.verify_chain().await.expect("it holds");
        let log = store.log(0, 100).await.expect("the log");
        assert_eq!((chain.lines, log.len()), (3, 3));
        let mut previous = GENESIS.to_owned();
        for line in &log {
            // As an auditor would, from the exported line alone.
            let text = json!({ "seq": line.seq, "at": line.at, "request": line.request, "line": line.line });
            let ordered = format!(
                r#"{{"seq":{},"at":{},"request":{},"line":{}}}"#,
                text["seq"], text["at"], text["request"], text["line"]
            );
            previous = format!("{:x}", Sha256::digest(format!("{previous}\n{ordered}")));
            assert_eq!(previous, line.hash, "{url}");
        }
        assert_eq!(chain.head, previous);
        assert_eq!(store.history("a").await.unwrap().len(), 2);
        assert_eq!(store.latest(1).await.unwrap()[0].seq, 3);
    }
}

#[tokio::test]
async fn a_log_that_was_changed_is_found_out() {
    for (change, line, words) in [
        ("UPDATE p0_audit SET line = replace(line, 'approved', 'pending') WHERE seq = 2", 2, "changed"),
        ("UPDATE p0_audit SET request = 'b' WHERE seq = 2", 2, "differ"),
        ("DELETE FROM p0_audit WHERE seq = 2", 2, "missing"),
        ("DELETE FROM p0_audit WHERE seq = 3", 3, "missing"),
        ("DELETE FROM p0_audit WHERE seq = 1", 1, "missing"),
        ("UPDATE p0_head SET hash = 'f'", 3, "written last"),
        ("DELETE FROM p0_audit WHERE seq = 3; UPDATE p0_head SET seq = 2", 2, "written last"),
    ] {
        let both = Both::new();
        for url in &both.urls {
            let store = Store::open(url).await.expect("opened");
            store.create("a", &step(0, "pending")).await.expect("created");
            store.advance("a", 1, &step(1, "approved")).await.expect("made");
            store.advance("a", 2, &step(2, "merged")).await.expect("made");
            behind(url, change).await;
            let error = store.verify_chain().await.expect_err(change);
            assert!(matches!(error, StoreError::Broken { seq, .. } if seq == line), "{change}: {error}");
            assert!(error.to_string().contains(words), "{change}: {error}");
        }
    }
}

#[tokio::test]
async fn a_clock_that_goes_back_stops_everything_until_it_is_right() {
    let both = Both::new();
    for url in &both.urls {
        let store = Store::open(url).await.expect("opened");
        store.create("a", &step(1000, "pending")).await.expect("created");
        let back = store.advance("a", 1, &step(0, "approved")).await.unwrap_err();
        assert!(matches!(back, StoreError::ClockBack { seen, .. } if seen == time(1000)), "{back}");
        assert_eq!(store.load("a").await.unwrap().unwrap().version, 1, "nothing was written");
        let skewed = store.advance("a", 1, &step(950, "approved")).await.expect("replicas differ a little");
        assert_eq!(skewed, Advanced::To(2));
        store.accept_clock(time(0)).await.expect("accepted");
        assert_eq!(store.advance("a", 2, &step(1, "merged")).await.unwrap(), Advanced::To(3));
        store.verify_chain().await.expect("it holds");
    }
}
