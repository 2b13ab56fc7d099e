//! Which answers are tried again, and when. Only reads are made here, so a second try does no harm. Not here: waiting.

use std::time::Duration;

use http::{HeaderMap, StatusCode};

/// How often one page is asked for.
const TRIES: u32 = 3;
/// The wait before the second try; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// How long to wait after the `failed`th try came to nothing; `None` where there is no other.
pub(crate) fn pause(failed: u32) -> Option<Duration> {
    (failed < TRIES).then(|| FIRST_WAIT.saturating_mul(1 << failed.saturating_sub(1).min(8)))
}

/// Whether the server may answer otherwise soon.
pub(crate) fn is_passing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::INTERNAL_SERVER_ERROR
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// After how long the rate limit lets a request through again, as PagerDuty says it; a second where it does not say it.
pub(crate) fn rate_limit_ends(headers: &HeaderMap) -> Duration {
    let seconds = |name| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    Duration::from_secs(seconds("ratelimit-reset").or_else(|| seconds("retry-after")).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_three_tries_and_each_wait_is_longer() {
        let waits: Vec<u128> = (1..).map_while(pause).map(|wait| wait.as_millis()).collect();
        assert_eq!(waits, [200, 400]);
    }

    #[test]
    fn what_the_caller_did_wrong_is_not_tried_again() {
        assert!(is_passing(StatusCode::BAD_GATEWAY));
        for status in [400, 401, 403, 404, 429, 501] {
            assert!(!is_passing(StatusCode::from_u16(status).unwrap()), "{status}");
        }
    }

    #[test]
    fn the_rate_limit_says_when_it_ends() {
        let with = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            rate_limit_ends(&headers)
        };
        assert_eq!(with("ratelimit-reset", "7"), Duration::from_secs(7));
        assert_eq!(with("retry-after", "3"), Duration::from_secs(3));
        assert_eq!(with("ratelimit-reset", "soon"), Duration::from_secs(1));
    }
}
