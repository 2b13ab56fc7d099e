//! `cancel`, `relinquish` and `retry`.

use jiff::Timestamp;

use super::act::ActArgs;
use crate::cli::output::Outcome;

macro_rules! one_request {
    ($(#[$doc:meta])* $name:ident, $example:literal) => {
        $(#[$doc])*
        #[derive(Debug, clap::Args)]
        #[command(after_help = concat!("Examples:\n  p0-gitops ", $example, " vpl5aqzpwnnqmnkrzze2"))]
        pub(in crate::cli) struct $name {
            #[command(flatten)]
            act: ActArgs,
        }
    };
}

one_request! {
    /// Take back a request that is not live yet, or an extension.
    CancelArgs, "cancel"
}

one_request! {
    /// Give access back before its time is over.
    RelinquishArgs, "relinquish"
}

one_request! {
    /// Try again to land an approved request that has failed.
    RetryArgs, "retry"
}

pub(in crate::cli) fn cancel(args: &CancelArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    args.act.act("cancel", now, async |service, id, claim| service.cancel(id, claim, now).await)
}

pub(in crate::cli) fn relinquish(args: &RelinquishArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    args.act.act("relinquish", now, async |service, id, claim| service.relinquish(id, claim, now).await)
}

pub(in crate::cli) fn retry(args: &RetryArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    args.act.act("retry", now, async |service, id, claim| service.retry(id, claim, now).await)
}
