//! `policy`: what a policy says, before it says it to somebody. Writes nothing, grants nothing.

use clap::Subcommand;
use jiff::Timestamp;

use super::output::Outcome;

mod check;
mod live;
mod replay;
mod source;
mod suite;

/// Try a policy out: explain one decision, run fixtures, hold the past to it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops policy check --policy p0/policy.yaml --identities p0/identities.yaml
  p0-gitops policy test p0/policy_test.yaml
  p0-gitops policy replay --repo ./access.git --policy p0/policy.yaml --since 90d")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(Box<check::Args>),
    Replay(replay::Args),
    Test(suite::Args),
}

pub(super) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    match &args.command {
        Command::Check(args) => check::run(args, now),
        Command::Replay(args) => replay::run(args, now),
        Command::Test(args) => suite::run(args),
    }
}
