//! A nudge: what was stored just now is carried out at once, and not at the next tick.
//!
//! It carries nothing but the fact that there may be work: who is woken finds out what by looking, so a nudge that is lost delays
//! and breaks nothing.

use std::sync::Arc;

use tokio::sync::Notify;

/// Wakes a worker of this process. Nudges before it looks are one.
#[derive(Clone, Debug, Default)]
pub struct Nudge(Arc<Notify>);

impl Nudge {
    /// Wakes the worker, now or when it next waits.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Waits until the worker is woken.
    pub async fn woken(&self) {
        self.0.notified().await;
    }
}
