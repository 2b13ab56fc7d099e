//! `preapprovals`: what is approved beforehand, and closing it. Not here: opening one, which is `allow`.

use anyhow::bail;
use jiff::Timestamp;
use p0_access::preapproval::Preapproval;
use p0_grant::name::GrantId;

use super::args::{CallArgs, ServiceArgs};
use super::print;
use crate::cli::args::IdArg;
use crate::cli::output::{Format, Outcome};
use crate::cli::runtime::wait;
use crate::service::CLOSE;

/// List and close preapprovals: what `allow` opened.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops preapprovals ls
  p0-gitops preapprovals close vpl5aqzpwnnqmnkrzze2")]
pub(in crate::cli) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Ls(Box<LsArgs>),
    Close(Box<CloseArgs>),
}

/// List the preapprovals that may still approve something, what ends first first.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  p0-gitops preapprovals ls -o wide")]
struct LsArgs {
    #[command(flatten)]
    service: ServiceArgs,

    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// Close a preapproval: no further request is approved by it.
///
/// Access that it has approved stays until its own end; `revoke` takes it away. Who has the preapproval, who signed it, who could approve
/// a request in it, and members of the policy's `trustedGroups` may close it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  p0-gitops preapprovals close vpl5aqzpwnnqmnkrzze2")]
struct CloseArgs {
    /// Its id, as `ls` prints it, or the beginning of it.
    id: IdArg,

    #[command(flatten)]
    call: CallArgs,
}

pub(in crate::cli) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    match &args.command {
        Command::Ls(args) => wait(async {
            let open = args.service.open(now).await?;
            print::preapprovals(&open.service.preapprovals(now).await?, now, args.output)?;
            Ok(Outcome::Done)
        }),
        Command::Close(args) => close(args, now),
    }
}

/// The one preapproval whose id begins like that.
fn meant(id: &IdArg, open: &[Preapproval]) -> anyhow::Result<GrantId> {
    let mut found = open.iter().filter(|open| open.id.as_str().starts_with(id.as_str()));
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only.id.clone()),
        (None, _) => bail!(
            "no preapproval that begins with `{}` is open; `p0-gitops preapprovals ls` lists them",
            id.as_str()
        ),
        (Some(_), Some(_)) => bail!("several preapprovals begin with `{}`; give more of the id", id.as_str()),
    }
}

fn close(args: &CloseArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    let CallArgs { service, who, output } = &args.call;
    let actor = who.actor()?;
    wait(async {
        let open = service.open(now).await?;
        let id = meant(&args.id, &open.service.preapprovals(now).await?)?;
        let claim = actor.claim(CLOSE, id.as_str(), now)?;
        open.service.close_preapproval(&id, &claim, now).await?;
        match output.is_for_people() {
            true => outln!("closed the preapproval {id}"),
            false => crate::cli::output::structured(&serde_json::json!({ "closed": id }), *output)?,
        }
        Ok(Outcome::Done)
    })
}
