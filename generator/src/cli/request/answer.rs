//! `approve` and `deny`.

use jiff::Timestamp;
use p0_access::duration::Lifetime;

use super::act::ActArgs;
use super::args::{CallArgs, wait};
use super::print;
use crate::cli::output::{Format, Outcome};

/// Approve a request, or an extension.
///
/// What it gives is made anew and shown, policy is asked again, and your key signs exactly what is shown. With
/// `--shown`, the approval counts only if that is still what you were shown before.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops approve vpl5aqzpwnnqmnkrzze2
  p0-gitops approve vpl5aqzpwnnqmnkrzze2 --duration 30m")]
pub(in crate::cli) struct ApproveArgs {
    /// For how long: never longer than was asked.
    #[arg(long, value_name = "TIME")]
    duration: Option<Lifetime>,

    /// The digest that `show` printed.
    #[arg(long, value_name = "DIGEST")]
    shown: Option<String>,

    #[command(flatten)]
    act: ActArgs,
}

/// Deny a request, or an extension.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops deny vpl5aqzpwnnqmnkrzze2 --reason 'use the staging cluster'")]
pub(in crate::cli) struct DenyArgs {
    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    act: ActArgs,
}

pub(in crate::cli) fn approve(args: &ApproveArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    let ActArgs { id, call: CallArgs { service, who, output } } = &args.act;
    let actor = who.actor()?;
    wait(async {
        let open = service.open(now).await?;
        let preview = open.service.show(id, args.duration, now).await?;
        if *output == Format::Table {
            print::gives(&preview);
        }
        let mut approval = preview.approval(&actor)?;
        if let Some(digest) = &args.shown {
            approval.shown.clone_from(digest);
        }
        open.service.approve(id, &approval, now).await?;
        open.carry_out(now).await;
        print::moved(&open.service.find(id).await?, *output)?;
        Ok(Outcome::Done)
    })
}

pub(in crate::cli) fn deny(args: &DenyArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    let reason = args.reason.clone();
    args.act.act("deny", now, async |service, id, claim| service.deny(id, reason, claim, now).await)
}
