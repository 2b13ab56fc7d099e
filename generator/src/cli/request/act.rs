//! Acting on one request: what every verb that does so has in common.

use jiff::Timestamp;
use p0_access::request::{Request, RequestId};

use super::args::CallArgs;
use super::print;
use crate::cli::args::IdArg;
use crate::cli::complete;
use crate::cli::output::Outcome;
use crate::cli::runtime::wait;
use crate::service::Service;
use crate::workflow::WorkflowError;
use crate::workflow::actor::Claim;

/// Which request, and who acts on it.
#[derive(Debug, clap::Args)]
pub(super) struct ActArgs {
    /// The request: its id, or the beginning of it.
    #[arg(add = complete::requests())]
    pub(super) id: IdArg,

    #[command(flatten)]
    pub(super) call: CallArgs,
}

impl ActArgs {
    /// Does `deed`, proved by a claim to `verb` this request; then what is thereby to be done, and says where it stands.
    pub(super) fn act<D>(&self, verb: &str, now: Timestamp, deed: D) -> anyhow::Result<Outcome>
    where
        D: AsyncFnOnce(&Service, &RequestId, &Claim) -> Result<Request, WorkflowError>,
    {
        let CallArgs { service, who, output } = &self.call;
        let actor = who.actor()?;
        wait(async {
            let open = service.open(now).await?;
            let id = self.id.find(&open.service, now).await?;
            let claim = actor.claim(verb, id.as_str(), now)?;
            deed(&open.service, &id, &claim).await?;
            open.carry_out(now).await;
            let request = open.service.find(&id, now).await?;
            let may = open.service.may_approve(&request, now).await;
            print::moved(&request, &may, now, *output)?;
            Ok(Outcome::Done)
        })
    }
}
