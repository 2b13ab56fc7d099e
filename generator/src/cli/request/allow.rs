//! `allow`: a preapproval in which requests need no answer.

use clap::Subcommand;
use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::name::PersonName;
use p0_access::preapproval::LONGEST;
use p0_grant::role::RoleRef;

use super::args::CallArgs;
use super::print;
use super::selection::{SelectionArgs, role};
use crate::cli::args::{new_id, time};
use crate::cli::complete;
use crate::cli::output::Outcome;
use crate::cli::runtime::wait;
use crate::service::NewPreapproval;

/// Allow somebody something beforehand: requests in the preapproval are approved as they are made.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops allow k8s resource view --cluster prod --locator 'deployment / default / nginx-deployment' --person alice --length 8h --request-duration 1h")]
pub(in crate::cli) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Kubernetes.
    K8s(K8s),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops allow k8s resource view --cluster prod --locator 'deployment / default / nginx-deployment' --person alice --length 8h --request-duration 1h")]
struct K8s {
    #[command(subcommand)]
    what: Access,
}

#[derive(Debug, Subcommand)]
enum Access {
    Resource(Box<Resource>),
}

/// Allow a role on a resource, and what of it that person asks for.
///
/// The preapproval is a file on the base branch, signed by you: you must be who could approve each request in it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops allow k8s resource view --cluster prod --locator 'pod / shop / *' --person alice --length 8h --request-duration 1h")]
struct Resource {
    /// The role: `NAME`, `ClusterRole / NAME` or `Role / NAMESPACE / NAME`.
    #[arg(value_name = "ROLE", value_parser = role, add = complete::roles())]
    role: RoleRef,

    #[command(flatten)]
    selection: SelectionArgs,

    /// Whom: a person of p0/identities.yaml.
    #[arg(long = "person", value_name = "PERSON", alias = "to")]
    to: PersonName,

    /// How long the preapproval is open: 31 days at most.
    #[arg(long, value_name = "DURATION", value_parser = length)]
    length: Lifetime,

    /// How long each access may last.
    #[arg(long, value_name = "DURATION", alias = "requested-duration")]
    request_duration: Lifetime,

    /// From when on (RFC 3339); without it, from now on.
    #[arg(long, value_name = "TIME", value_parser = time)]
    start: Option<Timestamp>,

    #[command(flatten)]
    call: CallArgs,
}

/// A length that a preapproval may have, so that a longer one is refused before anything is written.
fn length(text: &str) -> Result<Lifetime, String> {
    let length: Lifetime = text.parse().map_err(|error| format!("{error}"))?;
    match length > LONGEST {
        true => Err(format!("the longest is {LONGEST}")),
        false => Ok(length),
    }
}

pub(in crate::cli) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    let What::K8s(K8s { what: Access::Resource(args) }) = &args.what;
    let new = NewPreapproval {
        id: new_id()?,
        to: args.to.clone(),
        item: args.selection.item(args.role.clone()),
        from: args.start.unwrap_or(now),
        length: args.length,
        request_duration: args.request_duration,
    };
    let CallArgs { service, who, output } = &args.call;
    // A preapproval is what its signature makes it: a name alone opens none.
    let key = who.key()?;
    wait(async {
        let open = service.open(now).await?;
        let preapproval = open.service.allow(&new, &key, now).await?;
        print::allowed(&preapproval, *output)?;
        Ok(Outcome::Done)
    })
}
