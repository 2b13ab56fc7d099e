//! `cancel`, `relinquish`, `revoke` and `retry`.

use jiff::Timestamp;
use p0_access::layout::ClusterName;
use p0_access::name::PersonName;
use p0_access::request::RequestId;
use p0_grant::signature::Fingerprint;
use ssh_key::PublicKey;

use super::act::ActArgs;
use super::args::{CallArgs, wait};
use super::print;
use crate::cli::output::Outcome;
use crate::service::Scope;

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

/// Take access away, all of it in one change.
///
/// Whoever could approve a request may revoke it. What you may not revoke is listed and stays.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("scope").required(true), after_help = "\
Examples:
  p0-gitops revoke vpl5aqzpwnnqmnkrzze2 --reason 'wrong namespace'
  p0-gitops revoke --user alice
  p0-gitops revoke --signed-by stolen_bot_key.pub
  p0-gitops revoke --all --reason 'incident 42'")]
pub(in crate::cli) struct RevokeArgs {
    /// One request.
    #[arg(group = "scope")]
    id: Option<RequestId>,

    /// Everything that this person asked for or has.
    #[arg(long, value_name = "NAME", group = "scope")]
    user: Option<PersonName>,

    /// Everything that this key signed: a public key's file.
    #[arg(long = "signed-by", visible_alias = "key-file", value_name = "FILE", group = "scope")]
    signed_by: Option<std::path::PathBuf>,

    /// Everything on this cluster.
    #[arg(long, value_name = "NAME", group = "scope")]
    cluster: Option<ClusterName>,

    /// Everything.
    #[arg(long, group = "scope")]
    all: bool,

    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    call: CallArgs,
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

pub(in crate::cli) fn revoke(args: &RevokeArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    let CallArgs { service, who, output } = &args.call;
    let actor = who.actor()?;
    let scope = args.scope()?;
    wait(async {
        let open = service.open(now).await?;
        let claim = actor.claim("revoke", &scope.about(), now)?;
        let done = open.service.revoke(&scope, args.reason.clone(), &claim, now).await?;
        open.carry_out(now).await;
        let mut ended = Vec::with_capacity(done.ended.len());
        for request in &done.ended {
            ended.push(open.service.find(request.id()).await?);
        }
        print::revoked(&ended, &done, *output)?;
        Ok(if done.kept.is_empty() { Outcome::Done } else { Outcome::Refused })
    })
}

impl RevokeArgs {
    fn scope(&self) -> anyhow::Result<Scope> {
        let Self { id, user, signed_by, cluster, .. } = self;
        Ok(match (id, user, signed_by, cluster) {
            (Some(id), ..) => Scope::One(id.clone()),
            (_, Some(person), ..) => Scope::Person(person.clone()),
            (_, _, Some(path), _) => {
                Scope::Key(Fingerprint::of(PublicKey::read_openssh_file(path)?.key_data()))
            }
            (.., Some(cluster)) => Scope::Cluster(cluster.clone()),
            (None, None, None, None) => Scope::All,
        })
    }
}
