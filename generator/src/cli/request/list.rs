//! `ls`, `show` and `review`: what requests there are.

use jiff::Timestamp;
use p0_access::layout::ClusterName;
use p0_access::name::PersonName;
use p0_access::request::{Request, RequestId, State, StateName};

use super::args::{ServiceArgs, wait};
use super::print;
use crate::cli::output::{Format, Outcome};
use crate::workflow::in_states;

/// List requests, the newest first.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops ls --active
  p0-gitops ls --mine alice --pending -o json")]
pub(in crate::cli) struct LsArgs {
    /// Only what this person asked for or has.
    #[arg(long, value_name = "NAME")]
    mine: Option<PersonName>,

    /// Only live access.
    #[arg(long, conflicts_with = "pending")]
    active: bool,

    /// Only what waits for an answer.
    #[arg(long)]
    pending: bool,

    /// Only on this cluster.
    #[arg(long, value_name = "NAME")]
    cluster: Option<ClusterName>,

    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value = "50")]
    size: u32,

    #[command(flatten)]
    service: ServiceArgs,

    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// Show one request: what was asked, what it gives, who answered, and what happened.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  p0-gitops show vpl5aqzpwnnqmnkrzze2")]
pub(in crate::cli) struct ShowArgs {
    /// The request.
    id: RequestId,

    #[command(flatten)]
    service: ServiceArgs,

    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// List what waits for an answer, the most dangerous first.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  p0-gitops review")]
pub(in crate::cli) struct ReviewArgs {
    #[command(flatten)]
    service: ServiceArgs,

    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

pub(in crate::cli) fn ls(args: &LsArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    wait(async {
        let open = args.service.open(now).await?;
        let wanted = |state: StateName| match (args.active, args.pending) {
            (true, _) => state.is_live(),
            (_, true) => is_waiting(state),
            _ => true,
        };
        let requests = open.service.list(&in_states(wanted)).await?;
        let is_meant = |request: &Request| {
            args.mine.as_ref().is_none_or(|person| request.spec().concerns(person))
                && args
                    .cluster
                    .as_ref()
                    .is_none_or(|cluster| request.spec().grants.iter().any(|want| want.cluster == *cluster))
        };
        let size = usize::try_from(args.size).unwrap_or(usize::MAX);
        let requests: Vec<Request> = requests.into_iter().filter(is_meant).take(size).collect();
        print::list(&requests, args.output)?;
        Ok(Outcome::Done)
    })
}

pub(in crate::cli) fn review(args: &ReviewArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    wait(async {
        let open = args.service.open(now).await?;
        let mut requests = open.service.list(&in_states(is_waiting)).await?;
        requests.retain(waits);
        requests.sort_by_key(|request| (std::cmp::Reverse(request.spec().danger()), request.spec().at));
        print::list(&requests, args.output)?;
        Ok(Outcome::Done)
    })
}

/// Whether somebody could be waiting for an answer in it.
fn is_waiting(state: StateName) -> bool {
    matches!(state, StateName::Pending | StateName::AwaitingReview | StateName::Extending)
}

/// Whether somebody is.
fn waits(request: &Request) -> bool {
    match request.state() {
        State::Extending(extending) => extending.extension.granted.is_none(),
        state => is_waiting(state.name()),
    }
}

pub(in crate::cli) fn show(args: &ShowArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    wait(async {
        let open = args.service.open(now).await?;
        let request = open.service.find(&args.id).await?;
        let notices = open.service.store().notices(args.id.as_str()).await?;
        // What it gives can be shown only while base has what it was asked of.
        let shown = match waits(&request) {
            true => open.service.show(&args.id, None, now).await.ok(),
            false => None,
        };
        print::whole(&request, shown.as_ref(), &notices, args.output)?;
        Ok(Outcome::Done)
    })
}
