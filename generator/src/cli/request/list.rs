//! `ls`, `show` and `review`: what requests there are. `ls` reads the store alone.

use std::time::Duration;

use jiff::Timestamp;
use p0_access::layout::ClusterName;
use p0_access::name::PersonName;
use p0_access::request::{Request, State, StateName};

use super::args::{ServiceArgs, stored};
use super::print;
use crate::cli::args::{IdArg, StoreArgs};
use crate::cli::complete;
use crate::cli::output::{Format, Outcome, begin_again};
use crate::cli::runtime::wait;
use crate::cli::stream;
use crate::cli::whole_seconds;
use crate::service::Service;
use crate::workflow::in_states;

/// How often `--watch` looks at the store.
const PERIOD: Duration = Duration::from_secs(1);

/// List requests, the newest first.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops ls --active
  p0-gitops ls --active --watch
  p0-gitops ls --person alice --pending -o json")]
pub(in crate::cli) struct LsArgs {
    /// Only what this person asked for or has.
    #[arg(long, value_name = "PERSON", alias = "mine")]
    person: Option<PersonName>,

    /// Only live access.
    #[arg(long, conflicts_with = "pending")]
    active: bool,

    /// Only what waits for an answer.
    #[arg(long)]
    pending: bool,

    /// Only on this cluster.
    #[arg(long, value_name = "NAME", add = complete::clusters())]
    cluster: Option<ClusterName>,

    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value = "50")]
    size: u32,

    /// Print the list again whenever it changes, until you interrupt it.
    #[arg(short, long)]
    watch: bool,

    #[command(flatten)]
    store: StoreArgs,

    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// Show one request: what was asked, what it gives, who answered, and what happened.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  p0-gitops show vpl5aqzpwnnqmnkrzze2")]
pub(in crate::cli) struct ShowArgs {
    /// The request.
    #[arg(add = complete::requests())]
    id: IdArg,

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

pub(in crate::cli) fn ls(args: &LsArgs, at: Option<Timestamp>) -> anyhow::Result<Outcome> {
    wait(async {
        let service = stored(&args.store).await?;
        let now = || whole_seconds(at.unwrap_or_else(Timestamp::now));
        let mut listed = args.list(&service, now()).await?;
        print::list(&listed, now(), args.output)?;
        while args.watch && stream::has_reader() {
            tokio::time::sleep(PERIOD).await;
            let present = args.list(&service, now()).await?;
            if present != listed {
                begin_again();
                print::list(&present, now(), args.output)?;
                listed = present;
            }
        }
        Ok(Outcome::Done)
    })
}

impl LsArgs {
    /// Whether it ends by itself.
    pub(in crate::cli) fn is_endless(&self) -> bool {
        self.watch
    }

    async fn list(&self, service: &Service, now: Timestamp) -> anyhow::Result<Vec<Request>> {
        let wanted = |state: StateName| match (self.active, self.pending) {
            (true, _) => state.is_live(),
            (_, true) => is_waiting(state),
            _ => true,
        };
        let requests = service.list(&in_states(wanted), now).await?;
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        Ok(requests.into_iter().filter(|request| self.is_meant(request)).take(size).collect())
    }

    fn is_meant(&self, request: &Request) -> bool {
        let asked = request.spec();
        let is_on = |cluster: &ClusterName| asked.grants.iter().any(|want| want.cluster == *cluster);
        self.person.as_ref().is_none_or(|person| asked.concerns(person))
            && self.cluster.as_ref().is_none_or(is_on)
    }
}

pub(in crate::cli) fn review(args: &ReviewArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    wait(async {
        let open = args.service.open(now).await?;
        let mut requests = open.service.list(&in_states(is_waiting), now).await?;
        requests.retain(waits);
        requests.sort_by_key(|request| (std::cmp::Reverse(request.spec().danger()), request.spec().at));
        let mut waiting = Vec::with_capacity(requests.len());
        for request in requests {
            let may = open.service.may_approve(&request, now).await;
            waiting.push((request, may));
        }
        print::to_review(&waiting, now, args.output)?;
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
        let id = args.id.find(&open.service, now).await?;
        let request = open.service.find(&id, now).await?;
        let notices = open.service.store().notices(request.id().as_str()).await?;
        // What it gives can be shown only while base has what it was asked of.
        let shown = match waits(&request) {
            true => open.service.show(&id, None, now).await.ok(),
            false => None,
        };
        let may = open.service.may_approve(&request, now).await;
        print::whole(&request, shown.as_ref(), &may, &notices, args.output)?;
        Ok(Outcome::Done)
    })
}
