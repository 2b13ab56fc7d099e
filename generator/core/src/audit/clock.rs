//! When commits landed, as far as their dates can be believed.
//!
//! A commit's date is its author's word, and no signature proves it. Commits of one line landed one after the other, and none in the future:
//! the longest run of dates that fit this is believed, and a commit outside of it landed somewhere between its neighbours of the run.
//! So one wrong date moves no other commit. Not here: what is told of a date that does not fit.

use jiff::Timestamp;

use crate::verifier::MAX_CLOCK_SKEW;

/// When a commit can have landed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Landing {
    /// Not before this.
    pub(super) earliest: Timestamp,
    /// Not after this.
    pub(super) latest: Timestamp,
    /// Whether the commit's own date is believed; then all three are the same.
    pub(super) is_believed: bool,
}

/// When the commits of a line landed that say these dates, oldest first, seen at `now`.
pub(super) fn landings(dates: &[Timestamp], now: Timestamp) -> Vec<Landing> {
    let believed = believed(dates, now);
    let mut landings: Vec<Landing> = Vec::with_capacity(dates.len());
    let mut earliest = Timestamp::UNIX_EPOCH;
    for (date, is_believed) in dates.iter().zip(&believed) {
        if *is_believed {
            earliest = *date;
        }
        landings.push(Landing { earliest, latest: now, is_believed: *is_believed });
    }
    let mut latest = now;
    for landing in landings.iter_mut().rev() {
        if landing.is_believed {
            latest = landing.earliest;
        }
        landing.latest = latest.max(landing.earliest);
    }
    landings
}

/// The longest run of dates that never go back and are not in the future; of equally long ones, the one whose commits are older.
fn believed(dates: &[Timestamp], now: Timestamp) -> Vec<bool> {
    let horizon = now.checked_add(MAX_CLOCK_SKEW).unwrap_or(Timestamp::MAX);
    // From the newest on: for each length, the place of the last date of the best run of it, and what comes before that place.
    let mut ends: Vec<(usize, Timestamp)> = Vec::new();
    let mut next: Vec<Option<usize>> = vec![None; dates.len()];
    for (place, date) in dates.iter().enumerate().rev().filter(|(_, date)| **date <= horizon) {
        let length = ends.partition_point(|(_, end)| end >= date);
        let behind = length.checked_sub(1).and_then(|shorter| ends.get(shorter)).map(|(place, _)| *place);
        if let Some(own) = next.get_mut(place) {
            *own = behind;
        }
        match ends.get_mut(length) {
            Some(end) => *end = (place, *date),
            None => ends.push((place, *date)),
        }
    }
    let mut believed = vec![false; dates.len()];
    let mut place = ends.last().map(|(place, _)| *place);
    while let Some(at) = place {
        if let Some(own) = believed.get_mut(at) {
            *own = true;
        }
        place = next.get(at).copied().flatten();
    }
    believed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn spans(dates: &[i64]) -> Vec<(i64, i64)> {
        let dates: Vec<Timestamp> = dates.iter().map(|second| at(*second)).collect();
        let second = |time: Timestamp| time.as_second() - 1_800_000_000;
        let landings = landings(&dates, at(1_000_000));
        landings.into_iter().map(|landing| (second(landing.earliest), second(landing.latest))).collect()
    }

    #[test]
    fn one_wrong_date_moves_no_other_commit() {
        for wrong in [-1_800_000_000, 5, 25, 999_999, 4_000_000_000] {
            assert_eq!(spans(&[10, 20, wrong, 30, 40])[0..2], [(10, 10), (20, 20)], "{wrong}");
            assert_eq!(spans(&[10, 20, wrong, 30, 40])[3..5], [(30, 30), (40, 40)], "{wrong}");
        }
        assert_eq!(spans(&[10, 20, 5, 30])[2], (20, 30));
        assert_eq!(spans(&[10, 20, 4_000_000_000])[2], (20, 1_000_000));
        assert_eq!(spans(&[10, 10, 10]), [(10, 10); 3]);
        assert_eq!(spans(&[]), []);
    }

    #[test]
    fn of_two_that_do_not_fit_the_older_is_believed() {
        assert_eq!(spans(&[100, 200, 150, 300]), [(100, 100), (200, 200), (200, 300), (300, 300)]);
    }

    proptest::proptest! {
        #[test]
        fn every_span_is_one_and_spans_never_go_back(dates in proptest::collection::vec(0..50_i64, 0..40)) {
            let spans = spans(&dates);
            for (earliest, latest) in &spans {
                proptest::prop_assert!(earliest <= latest);
            }
            for (one, next) in spans.iter().zip(spans.iter().skip(1)) {
                proptest::prop_assert!(one.0 <= next.0 && one.1 <= next.1);
            }
        }
    }
}
