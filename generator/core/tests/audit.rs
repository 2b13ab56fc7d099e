//! The audit against a replay: ten thousand requests that come, are extended, end, and the answer at any time.
#![expect(clippy::unwrap_used, reason = "a fixture that cannot be built is a failed test")]

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use p0_access::audit::{Commit, History, Oddity};

const REQUESTS: u64 = 10_000;
const START: i64 = 1_800_000_000;

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START + second).unwrap()
}

fn path(request: u64) -> String {
    let cluster = if request.is_multiple_of(3) { "staging" } else { "prod" };
    format!("clusters/{cluster}/grants/{request:020}.yaml")
}

/// Each request lands; some are extended, some put back, most end. A file is told from others by its number.
fn commits() -> Vec<Commit<u64>> {
    let mut numbers = Numbers(7);
    let mut events: Vec<(i64, String, Option<u64>)> = Vec::new();
    for request in 0..REQUESTS {
        let begins = i64::try_from(numbers.below(5_000_000)).unwrap();
        let steps = 1 + numbers.below(4);
        let mut time = begins;
        for step in 0..steps {
            events.push((time, path(request), Some(request * 10 + step)));
            time += 1 + i64::try_from(numbers.below(100_000)).unwrap();
        }
        if numbers.below(10) > 0 {
            events.push((time, path(request), None));
        }
    }
    events.sort();
    let mut commits: Vec<Commit<u64>> = Vec::new();
    for (time, path, file) in events {
        match commits.last_mut().filter(|last| last.at == at(time) || numbers.below(8) == 0) {
            // A batch: several in one commit, at the time of its first.
            Some(last) if last.changes.iter().all(|(own, _)| *own != path) => last.changes.push((path, file)),
            _ => commits.push(Commit {
                id: format!("c{}", commits.len()),
                at: at(time),
                changes: vec![(path, file)],
            }),
        }
    }
    commits
}

#[test]
fn an_answer_for_any_time_is_what_a_replay_until_then_leaves() {
    let commits = commits();
    let history = History::replay(commits.clone(), at(10_000_000));
    assert!(history.oddities().is_empty(), "{:?}", history.oddities().first());
    let mut numbers = Numbers(11);
    let mut times: Vec<Timestamp> =
        (0..300).map(|_| at(i64::try_from(numbers.below(5_500_000)).unwrap())).collect();
    // The very moments of commits, where an off-by-one would show.
    times.extend(commits.iter().step_by(97).map(|commit| commit.at));
    times.sort();
    let mut tree: BTreeMap<&str, u64> = BTreeMap::new();
    let mut next = commits.iter().peekable();
    let mut seen = 0;
    for time in times {
        while let Some(commit) = next.next_if(|commit| commit.at <= time) {
            for (path, file) in &commit.changes {
                match file {
                    Some(file) => drop(tree.insert(path, *file)),
                    None => drop(tree.remove(path.as_str())),
                }
            }
        }
        let replayed: BTreeSet<u64> = tree.values().copied().collect();
        let answered: BTreeSet<u64> = history.at(time).map(|version| version.file).collect();
        assert_eq!(answered, replayed, "{time}");
        seen += answered.len();
    }
    assert!(seen > 10_000, "the times hit grants");
}

#[test]
fn a_period_holds_what_its_moments_hold() {
    let history = History::replay(commits(), at(10_000_000));
    let (from, until) = (at(2_000_000), at(2_050_000));
    let period: BTreeSet<u64> = history.between(from, until).map(|version| version.file).collect();
    let mut moments = BTreeSet::new();
    for second in (2_000_000..=2_050_000).step_by(50) {
        moments.extend(history.at(at(second)).map(|version| version.file));
    }
    assert!(moments.is_subset(&period) && !moments.is_empty());
    let inside =
        |landed: Timestamp, left: Option<Timestamp>| landed <= until && left.is_none_or(|left| left > from);
    let exact = history
        .versions()
        .iter()
        .filter(|version| inside(version.landed.at, version.left.as_ref().map(|left| left.at)));
    assert_eq!(period, exact.map(|version| version.file).collect());
}

#[test]
fn what_the_judgement_would_not_let_in_is_odd() {
    let commit = |id: &str, second, path: &str, file| Commit {
        id: id.to_owned(),
        at: at(second),
        changes: vec![(path.to_owned(), file)],
    };
    let history = History::replay(
        [
            commit("c0", 100, &path(1), Some(1)),
            commit("c1", 200, &path(1), None),
            commit("c2", 150, &path(1), Some(1)),
            commit("c3", 300, "clusters/prod/grants/evil.yml", Some(2)),
            commit("c4", 400, "clusters/prod/grants/evil.yml", None),
            commit("c5", 500, "clusters/prod/grants/sentinel.yaml", Some(3)),
            commit("c6", 901, "clusters/prod/grants/sentinel.yaml", Some(4)),
        ],
        at(600),
    );
    let odd: Vec<(&str, &Oddity)> =
        history.oddities().iter().map(|odd| (odd.commit.as_str(), &odd.what)).collect();
    assert!(
        matches!(
            odd.as_slice(),
            [
                ("c2", Oddity::ClockBack { .. }),
                ("c2", Oddity::Rose { .. }),
                ("c3", Oddity::Foreign { .. }),
                ("c6", Oddity::FromTheFuture { .. }),
            ]
        ),
        "{odd:?}"
    );
    // The clock that went back did not make the grant rise before it ended.
    assert_eq!(history.at(at(199)).count(), 1);
    assert_eq!(history.at(at(200)).count(), 1);
}
