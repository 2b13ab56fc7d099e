//! `identities`: persons for `p0/identities.yaml`, from lists that a site has already. Writes a file for review, and changes nothing.

use clap::Subcommand;

use super::output::Outcome;

mod csv;
mod import;
mod slack;

/// Make persons for p0/identities.yaml out of a list that a site has already.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops identities import --from csv people.csv
  p0-gitops identities import --from csv people.csv --known p0/identities.yaml --file new-persons.yaml
  p0-gitops identities import --from slack --known p0/identities.yaml --file new-persons.yaml")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Import(import::Args),
}

pub(super) fn run(args: &Args) -> anyhow::Result<Outcome> {
    match &args.command {
        Command::Import(args) => import::run(args),
    }
}
