//! Kill -9 at random points, old stores restored, and many at once: nothing lost, nothing doubled, nothing risen.
//!
//! `P0_KILLS=10000 cargo test --workspace --test request_crashes -- --nocapture` kills as often as one likes.

use std::time::{Duration, Instant};

use p0_tests::postgres::Postgres;
use p0_tests::team::{READERS, Team};

const NOW: &str = "2026-11-24T10:00:00Z";

/// How often a process is killed, on each database.
fn kills() -> u32 {
    std::env::var("P0_KILLS").map_or(200, |text| text.parse().expect("P0_KILLS is a number"))
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[test]
fn killed_at_random_points_on_sqlite() {
    killed(&Team::new(READERS));
}

#[test]
fn killed_at_random_points_on_postgresql() {
    let server = Postgres::shared();
    killed(&Team::new(READERS).with_store(&server.database()));
}

/// Requests are made, approved and given back by processes that are killed before, in, or after what they do.
fn killed(team: &Team) {
    let mut dice = Dice(7);
    let mut ids = Vec::new();
    for round in 0..kills() {
        if round % 10 == 0 {
            ids.push(team.asks(NOW, &format!("web-{round}"), &[]));
        }
        let id = &ids[usize::try_from(dice.roll(ids.len() as u64)).unwrap()];
        let mut child = match dice.roll(4) {
            0 | 1 => team.command("bob", NOW, &["approve", id]),
            2 => team.command("alice", NOW, &["relinquish", id]),
            _ => team.command("bob", NOW, &["reconcile"]),
        }
        .spawn()
        .unwrap();
        let end = Instant::now() + Duration::from_millis(dice.roll(120));
        while child.try_wait().unwrap().is_none() && Instant::now() < end {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        // It may have ended by itself; then there is nothing to kill.
        let _ended = child.kill();
        child.wait().unwrap();
    }
    // Once no process is killed any more, leases run out and everything is done.
    for minutes in [5, 10, 20] {
        team.bot_runs(&format!("2026-11-24T10:{minutes:02}:00Z"), &["reconcile"]);
    }
    let later = "2026-11-24T10:30:00Z";
    team.bot_runs(later, &["reconcile"]).done();
    team.check_store();
    let live = team.grants();
    for id in &ids {
        let state = team.state(later, id);
        assert!(["pending", "merged", "revoked", "cancelled"].contains(&state.as_str()), "{id} is {state}");
        assert_eq!(live.contains(id), state == "merged", "{id} is {state}");
        let landed = team.landings(id);
        assert!(landed <= 1, "{id} landed {landed} times");
        assert!(
            landed == 1 || !["merged", "revoked"].contains(&state.as_str()),
            "{id} is {state} and never landed"
        );
    }
    println!("{} kills over {} requests, {} of them live", kills(), ids.len(), live.len());
    // What is live ends when its time is over, whatever happened.
    team.bot_runs("2026-11-24T19:00:00Z", &["reconcile"]).done();
    assert!(team.grants().is_empty());
}

#[test]
fn an_old_store_restored_raises_nothing() {
    let team = Team::new(READERS);
    let (gone, live) = (team.asks(NOW, "gone", &[]), team.asks(NOW, "live", &[]));
    for id in [&gone, &live] {
        team.acts_alone("bob", NOW, &["approve", id]).done();
    }
    let (store, copy) = (team.site().beside("p0.db"), team.site().beside("old.db"));
    team.backup(&copy);
    team.bot_runs(NOW, &["reconcile"]).done();
    team.acts("alice", NOW, &["relinquish", &gone]).done();
    assert_eq!(team.grants(), std::slice::from_ref(&live));
    for ending in ["", "-wal", "-shm"] {
        let file = store.with_file_name(format!("p0.db{ending}"));
        if file.exists() {
            std::fs::remove_file(file).unwrap();
        }
    }
    std::fs::copy(&copy, &store).unwrap();
    // In the old store both are approved and have not landed.
    team.bot_runs("2026-11-24T10:01:00Z", &["reconcile"]).done();
    assert_eq!(team.grants(), std::slice::from_ref(&live));
    assert_eq!(team.state("2026-11-24T10:01:00Z", &gone), "failed");
    assert_eq!(team.state("2026-11-24T10:01:00Z", &live), "merged");
    assert_eq!(team.landings(&gone), 1);
}
