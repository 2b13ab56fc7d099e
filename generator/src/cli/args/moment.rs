//! A moment as people give it: a time, a day, or how long ago.

use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use p0_access::duration::Lifetime;

/// A moment, which may depend on the present one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Moment {
    /// This one.
    At(Timestamp),
    /// So long before now.
    Ago(SignedDuration),
}

/// What is no moment.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is no time; write a time as `2026-11-24T12:00:00Z`, a day as `2026-11-24`, or how long ago as `90m`, `30d`"
)]
pub(in crate::cli) struct MomentError(String);

impl Moment {
    /// The moment itself, at `now`.
    pub(in crate::cli) fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            // What is longer ago than time itself is its beginning.
            Self::Ago(length) => now.checked_sub(length).unwrap_or(Timestamp::MIN),
        }
    }
}

impl FromStr for Moment {
    type Err = MomentError;

    /// A day is its first moment, and a time without a zone is UTC's, as everything that is printed.
    fn from_str(text: &str) -> Result<Self, MomentError> {
        let utc = |civil: DateTime| TimeZone::UTC.to_timestamp(civil).ok();
        let day = || text.parse::<Date>().ok().and_then(|day| utc(day.into()));
        let time = text.parse::<Timestamp>().ok().or_else(|| text.parse::<DateTime>().ok().and_then(utc));
        if let Some(at) = time.or_else(day) {
            return Ok(Self::At(at));
        }
        let ago = text.strip_suffix(" ago").unwrap_or(text);
        match ago.parse::<Lifetime>() {
            Ok(length) => Ok(Self::Ago(length.duration())),
            Err(_) => Err(MomentError(text.to_owned())),
        }
    }
}

/// Reads a time of its own, which does not depend on the present one.
pub(in crate::cli) fn time(text: &str) -> Result<Timestamp, String> {
    match text.parse() {
        Ok(Moment::At(at)) => Ok(at),
        _ => Err("write a time as `2026-11-24T12:00:00Z`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_a_day_or_a_length_ago() {
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        for (text, at) in [
            ("2026-11-24T12:00:00Z", "2026-11-24T12:00:00Z"),
            ("2026-11-24T12:00:00+02:00", "2026-11-24T10:00:00Z"),
            ("2026-11-24T12:00", "2026-11-24T12:00:00Z"),
            ("2026-11-24", "2026-11-24T00:00:00Z"),
            ("90m", "2026-11-24T08:30:00Z"),
            ("30d", "2026-10-25T10:00:00Z"),
            ("2h ago", "2026-11-24T08:00:00Z"),
        ] {
            assert_eq!(text.parse::<Moment>().unwrap().at(now).to_string(), at, "{text}");
        }
        let error = "yesterday".parse::<Moment>().unwrap_err().to_string();
        assert!(error.contains("`yesterday` is no time") && error.contains("30d"), "{error}");
    }
}
