//! Ctrl-C: the program ends at once, but never in the middle of a step that others could see half done.
//!
//! Such a step holds a [`Step`]; whoever ends the process waits for it. Not here: what the steps are.

use std::sync::{Mutex, MutexGuard, PoisonError};

static STEP: Mutex<()> = Mutex::new(());

/// As long as this lives, the process does not end by Ctrl-C or a timeout.
#[must_use]
pub struct Step(#[expect(dead_code, reason = "held for its drop")] MutexGuard<'static, ()>);

/// Begins a step.
pub fn step() -> Step {
    // A panic in another step leaves nothing to repair here.
    Step(STEP.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Makes Ctrl-C, and a request to terminate, end the process with 130 between steps.
///
/// # Errors
/// Where the system refuses a handler.
pub fn handle() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        let _none_is_running = step();
        std::process::exit(130);
    })
}
