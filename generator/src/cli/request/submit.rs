//! How a request is made and awaited, whatever asks for it.

use jiff::Timestamp;
use p0_access::duration::Lifetime;

use super::args::CallArgs;
use super::{print, watch};
use crate::cli::output::Outcome;
use crate::cli::runtime::wait;
use crate::service::{NewRequest, Service, Submitted};

/// How it is asked.
#[derive(Debug, clap::Args)]
pub(super) struct SubmitArgs {
    /// Wait so long for what becomes of it.
    #[arg(short, long, value_name = "DURATION", num_args = 0..=1, default_missing_value = "5m")]
    wait: Option<Lifetime>,

    #[command(flatten)]
    call: CallArgs,
}

impl SubmitArgs {
    /// Submits what `ask` makes, runs the effects that are due, and prints the result; with `--wait` it waits for the access.
    pub(super) fn submit<A>(&self, now: Timestamp, ask: A) -> anyhow::Result<Outcome>
    where
        A: AsyncFnOnce(&Service) -> anyhow::Result<NewRequest>,
    {
        let CallArgs { service, who, output } = &self.call;
        let actor = who.actor()?;
        wait(async {
            let mut open = service.open(now).await?;
            open.check_key()?;
            let ask = ask(&open.service).await?;
            let about = ask.grants.first().map(|(id, _)| id.to_string()).unwrap_or_default();
            let claim = actor.claim("request", &about, now)?;
            let opened = open.service.request(&ask, &claim, now).await?;
            if let Submitted::Existing(request) = &opened {
                print::existing(request, ask.length, *output)?;
                return Ok(Outcome::Done);
            }
            open.carry_out(now).await;
            let request = open.service.find(opened.request().id(), now).await?;
            let may = open.service.may_approve(&request, now).await;
            print::moved(&request, &may, now, *output)?;
            print::catalogues(&request, *output);
            match self.wait {
                Some(limit) => watch::follow(&open.service, request.id(), limit, *output, now).await,
                None => Ok(Outcome::Done),
            }
        })
    }
}
