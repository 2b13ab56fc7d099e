//! `approve` and `deny`.

use jiff::Timestamp;
use p0_access::duration::Lifetime;

use super::act::ActArgs;
use super::args::CallArgs;
use super::print;
use crate::cli::confirm::{Answer, Answered, ask};
use crate::cli::output::Outcome;
use crate::cli::runtime::wait;

/// Approve a request, or an extension.
///
/// A person who may not approve is told so first. What it gives is made anew and shown, a terminal is asked (`--yes` answers), policy
/// is asked again, and your key signs exactly what is shown. With
/// `--shown`, the approval counts only if that is still what you were shown before.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops approve vpl5aqzpwnnqmnkrzze2
  p0-gitops approve vpl5aqzpwnnqmnkrzze2 --duration 30m")]
pub(in crate::cli) struct ApproveArgs {
    /// For how long: never longer than was asked.
    #[arg(long, value_name = "DURATION")]
    duration: Option<Lifetime>,

    /// Do not ask at the terminal: for scripts.
    #[arg(long)]
    yes: bool,

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
        let mut open = service.open(now).await?;
        open.check_key()?;
        let id = &id.find(&open.service, now).await?;
        let preview = open.service.show(id, args.duration, now).await?;
        open.service.check_may_approve(&preview, &actor).await?;
        if output.is_for_people() {
            print::to_approve(&preview, now);
        }
        let mut now = now;
        if !args.yes {
            let Answered { answer, at } = ask("Approve it?", now)?;
            if answer == Answer::No {
                errln!("not approved; nothing is signed");
                return Ok(Outcome::Refused);
            }
            now = at;
        }
        // What is signed is what was shown, as of now.
        let mut approval = open.service.show(id, args.duration, now).await?.approval(&actor)?;
        approval.shown.clone_from(args.shown.as_ref().unwrap_or(&preview.digest));
        open.service.approve(id, &approval, now).await?;
        open.carry_out(now).await;
        let request = open.service.find(id, now).await?;
        let may = open.service.may_approve(&request, now).await;
        print::moved(&request, &may, now, *output)?;
        Ok(Outcome::Done)
    })
}

pub(in crate::cli) fn deny(args: &DenyArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    let reason = args.reason.clone();
    args.act.act("deny", now, async |service, id, claim| service.deny(id, reason, claim, now).await)
}
