//! `request` and `extend`: what is asked for, on the command line.

use clap::Subcommand;
use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::layout::ClusterName;
use p0_access::request::RequestId;
use p0_grant::name::GrantId;
use p0_grant::role::RoleRef;
use p0_grant::subject::Subject;

use super::act::ActArgs;
use super::again::{self, Again};
use super::selection::{SelectionArgs, role};
use super::submit::SubmitArgs;
use crate::cli::args::new_id;
use crate::cli::complete;
use crate::cli::output::Outcome;
use crate::service::{Length, NewRequest, RequestItem, Service};
use crate::workflow::actor::Claim;

/// Request access.
///
/// What is asked for is checked at once: the role, the resource and policy, all as the base branch has them. An equal
/// request that waits, or access that is live, is said instead of asked for again.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops request k8s resource view --cluster prod --locator 'deployment / default / nginx-deployment' --reason 'rollout hangs'
  p0-gitops request again vpl5aqzpwnnqmnkrzze2")]
pub(in crate::cli) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Kubernetes.
    K8s(K8s),
    Again(Box<Again>),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops request k8s resource view --cluster prod --locator 'deployment / default / nginx-deployment' --reason 'rollout hangs'")]
struct K8s {
    #[command(subcommand)]
    what: Access,
}

#[derive(Debug, Subcommand)]
enum Access {
    Resource(Box<Resource>),
}

/// Request a role on a resource.
///
/// Give `--cluster`, `--role` and `--locator` several times for a bundle: one request, one approval, one change.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops request k8s resource view --cluster prod --locator 'deployment / default / nginx-deployment' --reason 'rollout hangs'
  p0-gitops request k8s resource 'ClusterRole / edit' --cluster prod --locator 'pod / shop / *' --subresource log --duration 2h --wait 5m")]
struct Resource {
    /// The role: `NAME`, `ClusterRole / NAME` or `Role / NAMESPACE / NAME`.
    #[arg(value_name = "ROLE", value_parser = role, add = complete::roles())]
    role: RoleRef,

    #[command(flatten)]
    selection: SelectionArgs,

    /// Another thing in the same request, as `CLUSTER: ROLE: LOCATOR`; may be repeated.
    #[arg(long = "and", value_name = "WHAT", value_parser = another)]
    others: Vec<Another>,

    /// For whom: a user's name, or `User/NAME`, `Group/NAME`, `ServiceAccount/NAMESPACE/NAME`; without it, for you.
    #[arg(long, value_name = "SUBJECT")]
    to: Option<Subject>,

    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// How long, from the approval on: `4h`, `'10 minutes'`, `7d`; without it, as the policy's rule has it.
    #[arg(long, value_name = "DURATION", conflicts_with = "persistent")]
    duration: Option<Lifetime>,

    /// Until the day on which the rule is to be reviewed.
    #[arg(long)]
    persistent: bool,

    /// Its id, 20 characters of `a-z0-9`, used once ever; without it, a random one.
    #[arg(long, value_name = "ID")]
    id: Option<GrantId>,

    #[command(flatten)]
    submit: SubmitArgs,
}

/// One thing more.
#[derive(Clone, Debug)]
struct Another(RequestItem);

fn another(text: &str) -> Result<Another, String> {
    let mut parts = text.splitn(3, ':').map(str::trim);
    let (Some(cluster), Some(named), Some(locator)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("write it as `CLUSTER: ROLE: LOCATOR`".to_owned());
    };
    Ok(Another(RequestItem {
        cluster: ClusterName::new(cluster).map_err(|error| error.to_string())?,
        role: role(named)?,
        locator: locator.parse().map_err(|error: p0_grant::locator::LocatorError| error.to_string())?,
        subresources: Vec::new(),
    }))
}

/// Request an extension: access for longer.
///
/// The length counts from the approval. Policy answers as for a new request, and says how long a grant may live with its
/// extensions.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops extend vpl5aqzpwnnqmnkrzze2 --duration 2h --reason 'still hangs'")]
pub(in crate::cli) struct ExtendArgs {
    /// How long, from the approval on.
    #[arg(long, value_name = "DURATION")]
    duration: Lifetime,

    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    act: ActArgs,
}

pub(in crate::cli) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    let args = match &args.what {
        What::Again(args) => return again::run(args, now),
        What::K8s(K8s { what: Access::Resource(args) }) => args,
    };
    let ask = args.ask()?;
    args.submit.submit(now, async |_| Ok(ask))
}

impl Resource {
    fn ask(&self) -> anyhow::Result<NewRequest> {
        let first = self.selection.item(self.role.clone());
        let mut grants = vec![(self.id.clone().map_or_else(new_id, Ok)?, first)];
        for Another(item) in &self.others {
            grants.push((new_id()?, item.clone()));
        }
        let length = match (self.persistent, self.duration) {
            (true, _) => Length::Persistent,
            (false, Some(lifetime)) => Length::For(lifetime),
            (false, None) => Length::Default,
        };
        Ok(NewRequest { to: self.to.clone(), grants, length, reason: self.reason.clone() })
    }
}

pub(in crate::cli) fn extend(args: &ExtendArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    let reason = args.reason.clone();
    let deed = async |service: &Service, id: &RequestId, claim: &Claim| {
        service.extend(id, args.duration, reason, claim, now).await
    };
    args.act.act("extend", now, deed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_as_p0_writes_them() {
        for (text, expected) in [
            ("view", "ClusterRole/view"),
            ("ClusterRole / view", "ClusterRole/view"),
            ("clusterrole/view", "ClusterRole/view"),
            ("Role / shop / deployer", "Role/shop/deployer"),
            ("shop/deployer", "Role/shop/deployer"),
        ] {
            assert_eq!(role(text).unwrap().to_string(), expected, "{text}");
        }
        assert!(role("a / b / c / d").is_err());
    }

    #[test]
    fn another_thing_is_a_cluster_a_role_and_a_locator() {
        let Another(item) = another("prod: ClusterRole / view: pod / shop / *").unwrap();
        assert_eq!((item.cluster.as_str(), item.role.to_string().as_str()), ("prod", "ClusterRole/view"));
        assert!(another("prod: view").is_err());
    }
}
