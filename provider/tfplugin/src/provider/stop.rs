//! Stopping: how a call learns that the user has interrupted Terraform.

use tokio::sync::watch;

/// Polled by long operations. Work that has begun is ended in order, and what has been made is told.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

/// The other end.
#[derive(Debug)]
pub(crate) struct StopSource(watch::Sender<bool>);

impl Stop {
    /// One that never comes.
    pub fn never() -> Self {
        Self(watch::channel(false).1)
    }

    /// Whether it has come.
    pub fn has_come(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it comes.
    pub async fn comes(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|stopped| *stopped).await.is_err() {
            // The sender is gone, so no stop can come.
            std::future::pending::<()>().await;
        }
    }
}

impl StopSource {
    pub(crate) fn new() -> Self {
        Self(watch::channel(false).0)
    }

    pub(crate) fn stop(&self) -> Stop {
        Stop(self.0.subscribe())
    }

    /// For all calls, those that run and those to come.
    pub(crate) fn now(&self) {
        self.0.send_replace(true);
    }

    /// A new run of Terraform begins; one process serves several when it is debugged.
    pub(crate) fn reset(&self) {
        self.0.send_replace(false);
    }
}
