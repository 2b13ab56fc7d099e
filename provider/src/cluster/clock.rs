//! The cluster's clock: the time that its answers carry, because that is whose time a grant's end is judged by.
//!
//! Not here: what has ended.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use http::HeaderMap;
use http::header::DATE;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};

/// How far apart two clocks may be before people are told.
const TOLERATED: SignedDuration = SignedDuration::from_secs(60);

/// What the server's last answer said of the time.
#[derive(Debug, Default)]
pub(super) struct Clock(Mutex<Option<Seen>>);

#[derive(Clone, Copy, Debug)]
struct Seen {
    server: Timestamp,
    here: Timestamp,
    at: Instant,
}

impl Clock {
    /// Takes the time from an answer's headers, where it carries one.
    pub(super) fn note(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        let server = date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok());
        if let Some(server) = server {
            let seen = Seen { server, here: Timestamp::now(), at: Instant::now() };
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        }
    }

    /// The time there now, in whole seconds; `None` before the first answer.
    pub(super) fn now(&self) -> Option<Timestamp> {
        let seen = self.seen()?;
        let passed = SignedDuration::try_from(seen.at.elapsed()).ok()?;
        Timestamp::from_second(seen.server.saturating_add(passed).ok()?.as_second()).ok()
    }

    /// How much this machine's clock is ahead (or, below zero, behind), where that is worth telling.
    pub(super) fn skew(&self) -> Option<SignedDuration> {
        let seen = self.seen()?;
        let skew = seen.here.duration_since(seen.server);
        (skew.abs() > TOLERATED).then_some(skew)
    }

    fn seen(&self) -> Option<Seen> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(date: &str) -> Clock {
        let clock = Clock::default();
        clock.note(&HeaderMap::from_iter([(DATE, date.parse().unwrap())]));
        clock
    }

    #[test]
    fn the_servers_date_counts_and_goes_on() {
        let clock = noted("Tue, 24 Nov 2026 10:00:00 GMT");
        let seen: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let passed = clock.now().unwrap().duration_since(seen);
        assert!(passed >= SignedDuration::ZERO && passed < SignedDuration::from_secs(60), "{passed}");
    }

    #[test]
    fn a_date_that_is_none_is_not_taken() {
        assert_eq!(noted("soon").now(), None);
        assert_eq!(Clock::default().now(), None);
    }

    #[test]
    fn a_great_skew_is_told_and_a_small_one_is_not() {
        assert!(noted("Tue, 24 Nov 2020 10:00:00 GMT").skew().unwrap() > SignedDuration::ZERO);
        let date =
            jiff::fmt::rfc2822::to_string(&Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC)).unwrap();
        assert_eq!(noted(&date).skew(), None);
    }
}
