//! When the process ends, and what it prints when it fails.

use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;

use tokio::sync::watch;

/// Ends the process.
#[derive(Clone)]
pub(super) struct Ending(watch::Sender<bool>);

/// Comes when the process is to end.
#[derive(Clone)]
pub(super) struct End(watch::Receiver<bool>);

pub(super) fn ending() -> (Ending, End) {
    let (sender, receiver) = watch::channel(false);
    (Ending(sender), End(receiver))
}

impl Ending {
    pub(super) fn now(&self, why: &'static str) {
        if !self.0.send_replace(true) {
            tracing::info!(why, "the provider ends");
        }
    }
}

impl End {
    pub(super) async fn comes(mut self) {
        // An error means that nobody is left who could ask for it, which is an end too.
        drop(self.0.wait_for(|ended| *ended).await);
    }
}

/// Ends the process when it is told to, or when Terraform is gone. An interrupt is for Terraform, which then tells what to
/// stop; only a process that is debugged has nobody else to listen to it.
#[cfg(unix)]
pub(super) fn watch(ending: &Ending, debug: bool) {
    use tokio::signal::unix::{SignalKind, signal};
    let (terminated, interrupted, orphaned) = (ending.clone(), ending.clone(), ending.clone());
    tokio::spawn(async move {
        if let Ok(mut signals) = signal(SignalKind::terminate()) {
            signals.recv().await;
            terminated.now("it was terminated");
        }
    });
    tokio::spawn(async move {
        let Ok(mut signals) = signal(SignalKind::interrupt()) else { return };
        while signals.recv().await.is_some() {
            if debug {
                interrupted.now("it was interrupted");
            }
        }
    });
    if !debug {
        tokio::spawn(async move {
            parent_is_gone().await;
            orphaned.now("Terraform is gone");
        });
    }
}

/// Whoever adopts this process is not asked for: any other parent than the first means that Terraform is gone.
#[cfg(unix)]
async fn parent_is_gone() {
    use std::os::unix::process::parent_id;
    let terraform = parent_id();
    let mut often = tokio::time::interval(std::time::Duration::from_millis(250));
    while parent_id() == terraform {
        often.tick().await;
    }
}

/// The same, where there are no parents: Terraform ends its job, and everything in it.
#[cfg(not(unix))]
pub(super) fn watch(ending: &Ending, debug: bool) {
    let interrupted = ending.clone();
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if debug {
                interrupted.now("it was interrupted");
            }
        }
    });
}

/// Terraform knows a panic by its first word, and shows what follows.
pub(super) fn print_panics_as_terraform_reads_them() {
    std::panic::set_hook(Box::new(|info| eprint!("{}", panic_text(info, &Backtrace::capture()))));
}

fn panic_text(info: &PanicHookInfo<'_>, trace: &Backtrace) -> String {
    let payload = info.payload();
    let message = payload.downcast_ref::<&str>().copied();
    let message =
        message.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    format!("panic: {message}\n\nat {place}\n{trace}\n")
}
