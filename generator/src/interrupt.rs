//! Ctrl-C: the program ends at once, but never in the middle of a step that others could see half done, and it gives back first what
//! it has claimed.
//!
//! Such a step holds a [`Step`]; what ends the process waits for it. Not here: what the steps are, and what is given back.

use std::sync::{Mutex, MutexGuard, PoisonError};

static STEP: Mutex<()> = Mutex::new(());
static LEAVING: Mutex<Option<Box<dyn FnOnce() + Send>>> = Mutex::new(None);

/// As long as this lives, the process does not end by Ctrl-C or a timeout.
#[must_use]
pub struct Step(#[expect(dead_code, reason = "held for its drop")] MutexGuard<'static, ()>);

/// Begins a step.
pub fn step() -> Step {
    // A panic in another step leaves nothing to repair here.
    Step(STEP.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Does `work` before the process ends by Ctrl-C or a timeout. Later work replaces it.
pub fn before_leaving(work: impl FnOnce() + Send + 'static) {
    *LEAVING.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(work));
}

/// Waits for the present step, and does what [`before_leaving`] was told. The process must end while this value lives.
pub fn leave() -> Step {
    let last = step();
    let work = LEAVING.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(work) = work {
        work();
    }
    last
}

/// Makes Ctrl-C, and a request to terminate, end the process with 130 between steps.
///
/// # Errors
/// Where the system refuses a handler.
pub fn handle() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        let _last = leave();
        std::process::exit(130);
    })
}
