//! `reconcile`: one round of what `serve` does all the time.

use jiff::Timestamp;

use super::args::ServiceArgs;
use crate::cli::output::{Outcome, plain};
use crate::cli::runtime::wait;
use crate::reconcile::Problem;

/// Do what is due, once: what `serve` does all the time.
///
/// Ends what has expired, merges what is approved, removes what has ended, and observes the base branch.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  p0-gitops reconcile --repo ./access.git --signing-key ./bot_key")]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    service: ServiceArgs,
}

pub(in crate::cli) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    wait(async {
        let open = args.service.open(now).await?;
        let report = open.reconcile(now).await;
        for Problem { what, why } in &report.problems {
            errln!("not done yet: {what}: {}", plain(why));
        }
        outln!("{} steps and effects done", report.done);
        let count = report.problems.len();
        anyhow::ensure!(count == 0, "{count} thing(s) could not be done yet");
        Ok(Outcome::Done)
    })
}
