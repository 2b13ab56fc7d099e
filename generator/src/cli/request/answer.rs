//! `approve` and `deny`.

use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::request::RequestId;

use super::args::{DeskArgs, WhoArgs, wait};
use super::print;
use crate::cli::output::{Format, Outcome};

/// Approve a request, or a wish for longer.
///
/// What it gives is made anew and shown, policy is asked again, and your key signs exactly what is shown. With
/// `--shown`, the approval counts only if that is still what you were shown before.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops approve vpl5aqzpwnnqmnkrzze2
  p0-gitops approve vpl5aqzpwnnqmnkrzze2 --duration 30m")]
pub(in crate::cli) struct ApproveArgs {
    /// The request.
    id: RequestId,

    /// For how long: never longer than was asked.
    #[arg(long, value_name = "TIME")]
    duration: Option<Lifetime>,

    /// The digest that `show` printed.
    #[arg(long, value_name = "DIGEST")]
    shown: Option<String>,

    #[command(flatten)]
    desk: DeskArgs,

    #[command(flatten)]
    who: WhoArgs,

    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// Deny a request, or a wish for longer.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops deny vpl5aqzpwnnqmnkrzze2 --reason 'use the staging cluster'")]
pub(in crate::cli) struct DenyArgs {
    /// The request.
    id: RequestId,

    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    desk: DeskArgs,

    #[command(flatten)]
    who: WhoArgs,

    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

pub(in crate::cli) fn approve(args: &ApproveArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    let actor = args.who.actor()?;
    wait(async {
        let open = args.desk.open(now).await?;
        let shown = open.desk.show(&args.id, args.duration, now).await?;
        if args.output == Format::Table {
            print::gives(&shown);
        }
        let mut yes = shown.yes(&actor)?;
        if let Some(digest) = &args.shown {
            yes.shown.clone_from(digest);
        }
        open.desk.approve(&args.id, &yes, now).await?;
        open.carry_out(now).await;
        print::moved(&open.desk.find(&args.id).await?, args.output)?;
        Ok(Outcome::Done)
    })
}

pub(in crate::cli) fn deny(args: &DenyArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    let actor = args.who.actor()?;
    wait(async {
        let open = args.desk.open(now).await?;
        let claim = actor.claim("deny", args.id.as_str(), now)?;
        open.desk.deny(&args.id, args.reason.clone(), &claim, now).await?;
        open.carry_out(now).await;
        print::moved(&open.desk.find(&args.id).await?, args.output)?;
        Ok(Outcome::Done)
    })
}
