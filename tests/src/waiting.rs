//! Waiting for what is not announced: it is asked for again until it is there or the patience ends.

use std::time::{Duration, Instant};

/// How long a test waits for another program's own machinery.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Asks until `is_there`.
///
/// # Panics
/// Where it never is.
pub fn eventually(what: &str, is_there: impl FnMut() -> bool) {
    assert!(comes(is_there), "never came: {what}");
}

/// Asks until `is_there`, and says whether it ever was.
pub(crate) fn comes(mut is_there: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while !is_there() {
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    true
}
