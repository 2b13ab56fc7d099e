//! Waiting for what nobody announces: it is asked for again until it is there or the patience ends.

use std::time::{Duration, Instant};

/// How long a test waits for another program's own machinery.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks until `is_there`.
///
/// # Panics
/// Where it never is.
pub fn eventually(what: &str, mut is_there: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_there() {
        assert!(Instant::now() < deadline, "never came: {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}
