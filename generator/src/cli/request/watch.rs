//! `watch`: what happens to a request, as it happens. It ends as P0's `--wait` does.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::request::{RequestId, StateName};

use super::args::stored;
use super::print;
use crate::cli::args::{IdArg, StoreArgs};
use crate::cli::complete;
use crate::cli::output::{Format, Outcome};
use crate::cli::runtime::wait;
use crate::service::Service;

/// How often the store is looked at.
const PERIOD: Duration = Duration::from_millis(250);

/// Watch a request until it is live, or over.
///
/// Ends with 0 once access is there, with 2 where it is denied, with 1 where it failed, expired or was revoked, and with 4
/// where nothing became of it in time.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  p0-gitops watch vpl5aqzpwnnqmnkrzze2 --for 10m")]
pub(in crate::cli) struct Args {
    /// The request.
    #[arg(add = complete::requests())]
    id: IdArg,

    /// For how long.
    #[arg(long = "for", value_name = "DURATION", default_value = "5m")]
    limit: Lifetime,

    #[command(flatten)]
    store: StoreArgs,

    /// How to print it.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

pub(in crate::cli) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    wait(async {
        let service = stored(&args.store).await?;
        follow(&service, &args.id.find(&service, now).await?, args.limit, args.output, now).await
    })
}

/// Prints what is told of a request until it is decided.
pub(super) async fn follow(
    service: &Service,
    id: &RequestId,
    limit: Lifetime,
    output: Format,
    now: Timestamp,
) -> anyhow::Result<Outcome> {
    let began = Instant::now();
    let told = async {
        let mut seen = 0;
        loop {
            let now = now.checked_add(began.elapsed()).unwrap_or(now);
            let request = service.find(id, now).await?;
            let notices = service.store().notices(request.id().as_str()).await?;
            let news: Vec<_> = notices.into_iter().filter(|notice| notice.recipient == "channel").collect();
            for notice in news.iter().skip(seen) {
                print::notice(notice, output);
            }
            seen = news.len();
            if let Some(outcome) = outcome(request.state().name()) {
                return outcome;
            }
            tokio::time::sleep(PERIOD).await;
        }
    };
    match tokio::time::timeout(limit.duration().unsigned_abs(), told).await {
        Ok(outcome) => outcome,
        Err(_) => {
            errln!("nothing became of it within {limit}; it goes on without you");
            Ok(Outcome::TimedOut)
        }
    }
}

/// How watching ends in this state; `None` where it goes on.
fn outcome(state: StateName) -> Option<anyhow::Result<Outcome>> {
    match state {
        StateName::Merged | StateName::Active | StateName::Extending => Some(Ok(Outcome::Done)),
        StateName::Denied => Some(Ok(Outcome::Refused)),
        StateName::Cancelled
        | StateName::TimedOut
        | StateName::Failed
        | StateName::Revoking
        | StateName::Revoked => Some(Err(anyhow::anyhow!("it {}", state.label()))),
        StateName::Pending | StateName::AwaitingReview | StateName::Approved | StateName::Proposed => None,
    }
}
