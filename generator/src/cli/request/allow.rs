//! `allow`: a preapproval in which requests need no answer.

use clap::Subcommand;
use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::name::PersonName;
use p0_grant::role::RoleRef;

use super::args::{CallArgs, wait};
use super::ask::{Place, role};
use crate::cli::args::new_id;
use crate::cli::output::{Format, Outcome, structured};
use crate::service::NewPreapproval;

/// Allow somebody something beforehand: requests in the preapproval are approved as they are made.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops allow k8s resource view --cluster prod --locator 'deployment / default / nginx-deployment' --to alice --length 8h --request-duration 1h")]
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
  p0-gitops allow k8s resource view --cluster prod --locator 'deployment / default / nginx-deployment' --to alice --length 8h --request-duration 1h")]
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
  p0-gitops allow k8s resource view --cluster prod --locator 'pod / shop / *' --to alice --length 8h --request-duration 1h")]
struct Resource {
    /// The role: `NAME`, `ClusterRole / NAME` or `Role / NAMESPACE / NAME`.
    #[arg(value_name = "ROLE", value_parser = role)]
    role: RoleRef,

    #[command(flatten)]
    place: Place,

    /// Whom, as p0/identities.yaml calls them.
    #[arg(long, value_name = "NAME")]
    to: PersonName,

    /// How long the preapproval is open.
    #[arg(long, value_name = "TIME")]
    length: Lifetime,

    /// How long each access may last.
    #[arg(long, value_name = "TIME", alias = "requested-duration")]
    request_duration: Lifetime,

    /// From when on (RFC 3339); without it, from now on.
    #[arg(long, value_name = "TIME")]
    start: Option<Timestamp>,

    #[command(flatten)]
    call: CallArgs,
}

pub(in crate::cli) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    let What::K8s(K8s { what: Access::Resource(args) }) = &args.what;
    let new = NewPreapproval {
        id: new_id()?,
        to: args.to.clone(),
        item: args.place.item(args.role.clone()),
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
        if *output == Format::Table {
            anstream::println!(
                "{} may have {} on {} until {}, without item anybody ({})",
                preapproval.to,
                preapproval.role,
                preapproval.selection,
                preapproval.until,
                preapproval.path()
            );
        } else {
            structured(&preapproval, *output)?;
        }
        Ok(Outcome::Done)
    })
}
