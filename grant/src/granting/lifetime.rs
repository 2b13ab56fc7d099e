//! How long: `4h`, `90m`, `7d`, `1 week`. Not here: points in time.

use std::fmt;

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A length of time in whole seconds, longer than none. A day has 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Lifetime(SignedDuration);

/// A text that is no such length.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration: write it as `4h`, `90m`, `7d` or `1h 30m`")]
pub struct LifetimeError(String);

impl Lifetime {
    /// From hours.
    pub const fn hours(hours: u32) -> Self {
        Self(SignedDuration::from_secs(hours as i64 * 3600))
    }

    /// From minutes.
    pub const fn minutes(minutes: u32) -> Self {
        Self(SignedDuration::from_secs(minutes as i64 * 60))
    }

    /// From one time to another, whole seconds; `None` where that is not later.
    pub fn between(from: Timestamp, until: Timestamp) -> Option<Self> {
        let seconds = until.as_second() - from.as_second();
        (seconds > 0).then(|| Self(SignedDuration::from_secs(seconds)))
    }

    /// From seconds, at least one.
    pub const fn seconds(seconds: u32) -> Self {
        Self(SignedDuration::from_secs(if seconds == 0 { 1 } else { seconds as i64 }))
    }

    /// For reckoning with timestamps.
    pub fn duration(self) -> SignedDuration {
        self.0
    }
}

impl std::str::FromStr for Lifetime {
    type Err = LifetimeError;

    fn from_str(text: &str) -> Result<Self, LifetimeError> {
        let wrong = || LifetimeError(text.to_owned());
        let span: Span = text.trim().parse().map_err(|_| wrong())?;
        if span.get_years() != 0 || span.get_months() != 0 {
            return Err(wrong());
        }
        let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
        match duration.as_secs() > 0 && duration.subsec_nanos() == 0 {
            true => Ok(Self(duration)),
            false => Err(wrong()),
        }
    }
}

impl TryFrom<String> for Lifetime {
    type Error = LifetimeError;

    fn try_from(text: String) -> Result<Self, LifetimeError> {
        text.parse()
    }
}

impl From<Lifetime> for String {
    fn from(lifetime: Lifetime) -> Self {
        lifetime.to_string()
    }
}

/// The largest units that fit: `1d 2h`, `90m` as `1h 30m`.
impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let parts = [
            ("d", seconds / 86_400),
            ("h", seconds / 3600 % 24),
            ("m", seconds / 60 % 60),
            ("s", seconds % 60),
        ];
        let parts =
            parts.iter().filter(|(_, count)| *count > 0).map(|(unit, count)| format!("{count}{unit}"));
        f.write_str(&parts.collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write_and_what_it_prints() {
        for (text, seconds, printed) in [
            ("4h", 14_400, "4h"),
            ("90m", 5_400, "1h 30m"),
            ("7d", 604_800, "7d"),
            ("1 week", 604_800, "7d"),
            ("10 minutes", 600, "10m"),
            ("1h 30m", 5_400, "1h 30m"),
        ] {
            let lifetime: Lifetime = text.parse().unwrap();
            assert_eq!(
                (lifetime.duration().as_secs(), lifetime.to_string().as_str()),
                (seconds, printed),
                "{text}"
            );
            assert_eq!(printed.parse::<Lifetime>(), Ok(lifetime));
        }
        for text in ["", "4", "0h", "-1h", "1 month", "500ms", "soon"] {
            assert!(text.parse::<Lifetime>().is_err(), "{text:?}");
        }
    }
}
