//! `revoke`: taking access away. What ends more than one grant is shown first, and asked.

use anyhow::Context;
use jiff::Timestamp;
use p0_access::layout::ClusterName;
use p0_access::name::PersonName;
use p0_grant::signature::Fingerprint;
use ssh_key::PublicKey;

use super::args::CallArgs;
use super::print;
use crate::cli::args::IdArg;
use crate::cli::complete;
use crate::cli::confirm::{Answer, Answered, ask};
use crate::cli::output::Outcome;
use crate::cli::runtime::wait;
use crate::service::{Revocation, Run, Scope, Service};

/// Take access away, all of it in one change.
///
/// Who asked for it, has it, approved it or could approve it may revoke it, and members of the policy's `trustedGroups` may revoke
/// everything. What you may not revoke is listed with those who may, and stays. What ends more than one grant is listed first, and a
/// terminal is asked; without a terminal it needs `--yes`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("scope").required(true), after_help = "\
Examples:
  p0-gitops revoke vpl5aqzpwnnqmnkrzze2 --reason 'wrong namespace'
  p0-gitops revoke --person alice --dry-run
  p0-gitops revoke --signed-by stolen_bot_key.pub
  p0-gitops revoke --all --yes --reason 'incident 42'")]
pub(in crate::cli) struct RevokeArgs {
    /// One request.
    #[arg(group = "scope", add = complete::requests())]
    id: Option<IdArg>,

    /// Everything that this person asked for or has.
    #[arg(long, value_name = "PERSON", group = "scope", alias = "user")]
    person: Option<PersonName>,

    /// Everything that this key signed, as the bot's or as an approver's: a public key's file.
    #[arg(long = "signed-by", visible_alias = "key-file", value_name = "FILE", group = "scope")]
    signed_by: Option<std::path::PathBuf>,

    /// Everything on this cluster.
    #[arg(long, value_name = "NAME", group = "scope", add = complete::clusters())]
    cluster: Option<ClusterName>,

    /// Everything.
    #[arg(long, group = "scope")]
    all: bool,

    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Only list what would end, and what would stay.
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,

    /// Do not ask at the terminal: for scripts.
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    call: CallArgs,
}

pub(in crate::cli) fn revoke(args: &RevokeArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    let CallArgs { service, who, output } = &args.call;
    let actor = who.actor()?;
    wait(async {
        let open = service.open(now).await?;
        let scope = args.scope(&open.service, now).await?;
        let mut now = now;
        if !args.yes {
            let claim = actor.claim("revoke", &scope.about(), now)?;
            let would = open.service.revoke(Run::Dry, &scope, None, &claim, now).await?;
            if args.dry_run {
                print::revocable(&would, *output)?;
                return Ok(outcome(&would));
            }
            if is_many(&would) {
                match asked(&would, now)? {
                    Some(at) => now = at,
                    None => return Ok(Outcome::Refused),
                }
            }
        }
        let claim = actor.claim("revoke", &scope.about(), now)?;
        let done = open.service.revoke(Run::Real, &scope, args.reason.clone(), &claim, now).await?;
        open.carry_out(now).await;
        let mut ended = Vec::with_capacity(done.ended.len());
        for request in &done.ended {
            ended.push(open.service.find(request.id(), now).await?);
        }
        print::revoked(&ended, &done, *output)?;
        Ok(outcome(&done))
    })
}

/// What stays is a no, also where the rest has ended.
fn outcome(done: &Revocation) -> Outcome {
    match done.kept.is_empty() && done.strays.is_empty() {
        true => Outcome::Done,
        false => Outcome::Refused,
    }
}

/// Whether more than one grant would end.
fn is_many(would: &Revocation) -> bool {
    let grants: usize = would.ended.iter().map(|request| request.spec().grants.len()).sum();
    grants + would.closed.len() > 1
}

/// Shows what would end, and asks; the time of a yes.
fn asked(would: &Revocation, now: Timestamp) -> anyhow::Result<Option<Timestamp>> {
    print::shown_before(would);
    let Answered { answer, at } = ask("Revoke all of it?", now)?;
    match answer {
        Answer::Yes => Ok(Some(at)),
        Answer::No => {
            errln!("nothing is revoked");
            Ok(None)
        }
        Answer::NotAsked => anyhow::bail!(
            "nothing is revoked: this ends more than one grant, and there is no terminal to ask at; give `--yes`"
        ),
    }
}

impl RevokeArgs {
    async fn scope(&self, service: &Service, now: Timestamp) -> anyhow::Result<Scope> {
        let Self { id, person, signed_by, cluster, .. } = self;
        Ok(match (id, person, signed_by, cluster) {
            (Some(id), ..) => Scope::One(id.find(service, now).await?),
            (_, Some(person), ..) => Scope::Person(person.clone()),
            (_, _, Some(path), _) => {
                let key = PublicKey::read_openssh_file(path).with_context(|| {
                    format!(
                        "`{}` is no file with an SSH public key; give the key's `.pub` file",
                        path.display()
                    )
                })?;
                Scope::Key(Fingerprint::of(key.key_data()))
            }
            (.., Some(cluster)) => Scope::Cluster(cluster.clone()),
            (None, None, None, None) => Scope::All,
        })
    }
}
