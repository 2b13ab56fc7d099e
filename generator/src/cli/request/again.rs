//! `request again`: what was asked for before, filled in.

use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::request::{Request, RequestedGrant, Span};
use p0_grant::selection::SelectionText;

use super::submit::SubmitArgs;
use crate::cli::args::{IdArg, new_id};
use crate::cli::complete;
use crate::cli::output::Outcome;
use crate::service::{Length, NewRequest, RequestItem};

/// Request again what an earlier request asked for.
///
/// Role, resource, subject, length and reason are filled in from it; what is given here counts instead. Policy, role and
/// resource are looked at as they are now, and who asks is you.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops request again vpl5aqzpwnnqmnkrzze2
  p0-gitops request again vpl5aqzpwnnqmnkrzze2 --duration 1h --reason 'it hangs again'")]
pub(super) struct Again {
    /// The earlier request.
    #[arg(add = complete::requests())]
    id: IdArg,

    /// Why, this time.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// How long, this time.
    #[arg(long, value_name = "DURATION")]
    duration: Option<Lifetime>,

    #[command(flatten)]
    submit: SubmitArgs,
}

pub(super) fn run(args: &Again, now: Timestamp) -> anyhow::Result<Outcome> {
    args.submit
        .submit(now, async |service| args.ask(&service.find(&args.id.find(service, now).await?, now).await?))
}

impl Again {
    fn ask(&self, before: &Request) -> anyhow::Result<NewRequest> {
        let asked = before.spec();
        let length = match (self.duration, asked.span) {
            (Some(lifetime), _) => Length::For(lifetime),
            (None, Span::Persistent) => Length::Persistent,
            (None, Span::Timed) => Length::For(asked.lifetime),
        };
        let grants = asked.grants.iter().map(|want| Ok((new_id()?, item(want)?)));
        Ok(NewRequest {
            to: Some(asked.subject.clone()),
            grants: grants.collect::<anyhow::Result<_>>()?,
            length,
            reason: self.reason.clone().or_else(|| asked.reason.clone()),
        })
    }
}

fn item(want: &RequestedGrant) -> anyhow::Result<RequestItem> {
    let selection: SelectionText = want.selection.parse()?;
    Ok(RequestItem {
        cluster: want.cluster.clone(),
        role: want.role.clone(),
        locator: selection.into(),
        subresources: want.subresources.clone(),
    })
}
