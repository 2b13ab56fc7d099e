//! The rate limit: so many requests in a window of time. Not here: what is answered.

use std::time::{Duration, Instant};

/// So many requests in each window.
pub struct Limiter {
    limit: u32,
    window: Duration,
    left: u32,
    ends: Instant,
}

impl Default for Limiter {
    fn default() -> Self {
        Self::new(960, Duration::from_secs(60))
    }
}

impl Limiter {
    /// `limit` requests in each `window`.
    pub fn new(limit: u32, window: Duration) -> Self {
        Self { limit, window, left: limit, ends: Instant::now() + window }
    }

    /// Whether one more request is let through.
    pub(super) fn lets_through(&mut self) -> bool {
        if Instant::now() >= self.ends {
            self.left = self.limit;
            self.ends = Instant::now() + self.window;
        }
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }

    /// The headers that say where it stands.
    pub(super) fn headers(&self) -> [(&'static str, String); 3] {
        let left = self.ends.saturating_duration_since(Instant::now());
        // A part of a second is told as a whole one.
        let reset = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        [
            ("ratelimit-limit", self.limit.to_string()),
            ("ratelimit-remaining", self.left.to_string()),
            ("ratelimit-reset", reset.to_string()),
        ]
    }
}
