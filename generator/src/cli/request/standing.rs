//! `status` and `can-i`: who I am, what I have, what waits for me, and what I could have.

use jiff::Timestamp;
use p0_grant::role::RoleRef;

use super::args::CallArgs;
use super::print;
use super::selection::{SelectionArgs, role};
use crate::cli::complete;
use crate::cli::output::Outcome;
use crate::cli::runtime::wait;

/// Say who you are, what you have, and what waits for you.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  p0-gitops status\n  p0-gitops status -o json")]
pub(in crate::cli) struct StatusArgs {
    #[command(flatten)]
    call: CallArgs,
}

/// Say whether you have a role on a resource now, and else whether you may ask for it.
///
/// Ends with 0 where you have it, and with 2 where you do not.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops can-i view --cluster prod --locator 'deployment / default / nginx-deployment'")]
pub(in crate::cli) struct CanIArgs {
    /// The role: `NAME`, `ClusterRole / NAME` or `Role / NAMESPACE / NAME`.
    #[arg(value_name = "ROLE", value_parser = role, add = complete::roles())]
    role: RoleRef,

    #[command(flatten)]
    selection: SelectionArgs,

    #[command(flatten)]
    call: CallArgs,
}

pub(in crate::cli) fn status(args: &StatusArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    let CallArgs { service, who, output } = &args.call;
    let actor = who.actor()?;
    wait(async {
        let open = service.open(now).await?;
        let person = open.service.who_is(&actor).await?;
        let standing = open.service.standing(&person, now).await?;
        print::standing(&person, &standing, now, *output)?;
        Ok(Outcome::Done)
    })
}

pub(in crate::cli) fn can_i(args: &CanIArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    let CallArgs { service, who, output } = &args.call;
    let actor = who.actor()?;
    let item = args.selection.item(args.role.clone());
    wait(async {
        let open = service.open(now).await?;
        let person = open.service.who_is(&actor).await?;
        let possible = open.service.possible(&person, &item, now).await?;
        print::possible(&possible, now, *output)?;
        Ok(if possible.live.is_some() { Outcome::Done } else { Outcome::Refused })
    })
}
