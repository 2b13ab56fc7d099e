//! The cluster's clock: the time that its answers carry, because a grant expires by the API server's time.
//!
//! Not here: what has expired.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use http::HeaderMap;
use http::header::DATE;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};

/// How far apart two clocks may be before it is worth a warning.
const TOLERATED: SignedDuration = SignedDuration::from_secs(60);

/// The time of the server's last answer.
#[derive(Debug, Default)]
pub(crate) struct Clock(Mutex<Option<ServerTime>>);

#[derive(Clone, Copy, Debug)]
struct ServerTime {
    server: Timestamp,
    here: Timestamp,
    at: Instant,
}

impl Clock {
    /// Takes the time from an answer's headers, where it carries one.
    pub(crate) fn note(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        let server = date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok());
        if let Some(server) = server {
            let seen = ServerTime { server, here: Timestamp::now(), at: Instant::now() };
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        }
    }

    /// The time there now, in whole seconds; `None` before the first answer.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        let seen = self.seen()?;
        let passed = SignedDuration::try_from(seen.at.elapsed()).ok()?;
        Timestamp::from_second(seen.server.saturating_add(passed).ok()?.as_second()).ok()
    }

    /// How much this machine's clock is ahead (or, below zero, behind), where the difference matters.
    pub(crate) fn skew(&self) -> Option<SignedDuration> {
        let seen = self.seen()?;
        let skew = seen.here.duration_since(seen.server);
        (skew.abs() > TOLERATED).then_some(skew)
    }

    fn seen(&self) -> Option<ServerTime> {
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
