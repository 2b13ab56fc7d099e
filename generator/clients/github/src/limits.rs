//! When GitHub wants to be left alone, and until when: the primary limit, the secondary ones, and what a caller is told.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::error::Said;

/// How long to wait where GitHub names no time: its documentation says a minute at least.
const UNNAMED: Duration = Duration::from_secs(60);
/// The longest wait that is believed; the primary limit counts by hours.
const LONGEST: Duration = Duration::from_secs(3600);

/// Until when nothing is asked.
#[derive(Debug, Default)]
pub(crate) struct Pause(Mutex<Option<Instant>>);

impl Pause {
    /// How long it still lasts.
    pub(crate) fn left(&self) -> Option<Duration> {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until?.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }

    pub(crate) fn begin(&self, wait: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now().checked_add(wait);
    }
}

/// How long an answer wants us to wait; `None` where it is no limit.
pub(crate) fn wait(status: StatusCode, headers: &HeaderMap, said: &Said, now: Timestamp) -> Option<Duration> {
    if !matches!(status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS) {
        return None;
    }
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let wait =
        match (number(RETRY_AFTER.as_str()), number("x-ratelimit-remaining"), number("x-ratelimit-reset")) {
            (Some(seconds), _, _) => Duration::from_secs(seconds),
            (None, Some(0), Some(reset)) => {
                Duration::from_secs(reset.saturating_sub(u64::try_from(now.as_second()).unwrap_or(0)))
            }
            (None, Some(0), None) => UNNAMED,
            _ if said.has("rate limit") || said.has("abuse detection") => UNNAMED,
            _ if status == StatusCode::TOO_MANY_REQUESTS => UNNAMED,
            _ => return None,
        };
    Some(wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_limit_says_how_long_and_a_missing_permission_is_none() {
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let of = |status: StatusCode, headers: &[(&'static str, String)], message: &str| {
            let headers =
                headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            wait(status, &headers, &Said::line(message), now).map(|wait| wait.as_secs())
        };
        let forbidden = StatusCode::FORBIDDEN;
        let reset = (now.as_second() + 90).to_string();
        let primary = [("x-ratelimit-remaining", "0".to_owned()), ("x-ratelimit-reset", reset)];
        assert_eq!(of(forbidden, &primary, ""), Some(90));
        assert_eq!(of(forbidden, &[("retry-after", "7".to_owned())], ""), Some(7));
        assert_eq!(of(StatusCode::TOO_MANY_REQUESTS, &[], ""), Some(60));
        assert_eq!(of(forbidden, &[], "You have exceeded a secondary rate limit"), Some(60));
        assert_eq!(of(forbidden, &[("retry-after", "999999".to_owned())], ""), Some(3600));
        assert_eq!(of(forbidden, &[], "Resource not accessible by integration"), None);
        assert_eq!(of(StatusCode::OK, &primary, ""), None);
    }
}
