//! When the process ends, and what it prints when it fails.

use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;

use tokio::sync::watch;

/// How often the process looks whether its parent is still there. What is open then has 1.5 seconds to be closed.
#[cfg(unix)]
const ORPHANED: std::time::Duration = std::time::Duration::from_millis(250);

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
        // An error means that the sender is gone, which is an end too.
        drop(self.0.wait_for(|ended| *ended).await);
    }
}

/// Ends the process when it is told to, or when Terraform is gone. An interrupt is for Terraform, which then tells what to
/// stop; only a process that is debugged listens to it.
#[cfg(unix)]
pub(super) fn watch(ending: &Ending, debug: bool) -> std::io::Result<()> {
    use std::os::unix::process::parent_id;
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminations, mut interrupts) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (terminated, interrupted, orphaned) = (ending.clone(), ending.clone(), ending.clone());
    tokio::spawn(async move {
        terminations.recv().await;
        terminated.now("it was terminated");
    });
    tokio::spawn(async move {
        while interrupts.recv().await.is_some() {
            if debug {
                interrupted.now("it was interrupted");
            }
        }
    });
    if debug {
        return Ok(());
    }
    let terraform = parent_id();
    tokio::spawn(async move {
        // Any other parent than the first means that Terraform is gone, whichever process adopts this one.
        let mut often = tokio::time::interval(ORPHANED);
        while parent_id() == terraform {
            often.tick().await;
        }
        orphaned.now("Terraform is gone");
    });
    Ok(())
}

/// The same, where there are no parents: Terraform ends its job, and everything in it.
#[cfg(not(unix))]
pub(super) fn watch(ending: &Ending, debug: bool) -> std::io::Result<()> {
    let interrupted = ending.clone();
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if debug {
                interrupted.now("it was interrupted");
            }
        }
    });
    Ok(())
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn a_panic_begins_with_the_word_that_terraform_knows() {
        let kept = Arc::new(Mutex::new(String::new()));
        let keeper = Arc::clone(&kept);
        std::panic::set_hook(Box::new(move |info| {
            *keeper.lock().unwrap() = panic_text(info, &Backtrace::disabled());
        }));
        let caught = std::panic::catch_unwind(|| panic!("a {}", "fault"));
        drop(std::panic::take_hook());
        assert!(caught.is_err());
        let text = kept.lock().unwrap();
        assert!(text.starts_with("panic: a fault\n\nat provider/tfplugin/src/plugin/life.rs:"), "{text}");
    }

    /// Seen from outside: this test runs itself once more.
    #[test]
    fn a_process_prints_its_panics_on_standard_error() {
        const AGAIN: &str = "TFPLUGIN_PANICS";
        if std::env::var_os(AGAIN).is_some() {
            print_panics_as_terraform_reads_them();
            panic!("a fault");
        }
        let mut again = std::process::Command::new(std::env::current_exe().unwrap());
        let name = "plugin::life::tests::a_process_prints_its_panics_on_standard_error";
        let output = again.args(["--exact", name, "--nocapture"]).env(AGAIN, "1").output().unwrap();
        assert!(!output.status.success());
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.lines().any(|line| line == "panic: a fault"), "{told}");
    }

    #[tokio::test]
    async fn an_end_comes_once_for_all() {
        let (ending, end) = ending();
        let other = end.clone();
        ending.now("it is told to");
        ending.now("it is told to again");
        tokio::join!(end.comes(), other.comes());
    }
}
