//! `propose`: a signed grant as a branch of the repository.

use std::sync::Arc;

use jiff::Timestamp;
use p0_access::duration::Lifetime;
use p0_access::eks::Eks;
use p0_access::planned::{GrantTerms, Planned};
use p0_grant::grant::Workflow;
use p0_grant::manifest::Manifest;
use p0_grant::signature::Purpose;
use serde::Serialize;

use super::args::{GrantArgs, PickArgs, RepositoryArgs, SigningArgs};
use super::environment::identity;
use super::output::{Format, Outcome, danger_style, plain, structured};
use crate::git::Ensured;
use crate::repository::grant_branch;
use crate::workflow::recorded_reason;

/// Propose a grant: one signed file on a branch of its own.
///
/// Role, resource and settings are read from the base branch, never from this machine. Proposing the same grant twice (same
/// `--id`, `--created-at` and the rest) changes nothing. The person who may merge decides.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops propose --repo ./access.git --cluster prod --key ./bot_key \\
    --role view --locator 'deployment / default / nginx-deployment' --to alice@example.com --reason 'rollout hangs'
  p0-gitops propose --repo ssh://git@forge.example/access.git --cluster prod \\
    --role edit --locator 'configmap / shop / settings' --to Group/sre --duration 4h")]
pub(super) struct Args {
    #[command(flatten)]
    repository: RepositoryArgs,

    #[command(flatten)]
    pick: PickArgs,

    #[command(flatten)]
    grant: GrantArgs,

    #[command(flatten)]
    signing: SigningArgs,

    /// Who asks; without it, the address that Git commits with.
    #[arg(long, value_name = "NAME")]
    requester: Option<String>,

    /// Who approved; may be repeated.
    #[arg(long = "approver", value_name = "NAME")]
    approvers: Vec<String>,

    /// Why. The cluster file says whether Git keeps the text.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// How late the change may land, from its creation.
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    merge_within: Lifetime,

    /// How to print what was done.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// The documented answer.
#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    branch: String,
    commit: String,
    outcome: &'static str,
    path: String,
}

pub(super) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    let key = args.signing.find()?;
    let repository = args.repository.open()?;
    let cluster = &args.repository.cluster;
    let base = repository.snapshot()?;
    let (settings, catalogue) = (base.settings(cluster)?, base.catalogue(cluster)?);
    let (role, selection) = args.pick.find(&catalogue)?;
    let planned = Planned::new(role, selection, &settings.plan_settings(), &catalogue)?;
    // Only a cluster that knows its users by aws-auth needs persons here.
    let identities = match base.identities() {
        Err(problem) if problem.is_absent() => Arc::default(),
        read => read?,
    };
    let times = args.grant.times(now)?;
    let by = identity(times.created_at);
    let terms = GrantTerms {
        id: args.grant.id()?,
        iam: Eks::identity_of(settings.eks.as_ref(), &identities, &args.grant.to)?,
        subject: args.grant.to.clone(),
        created_at: times.created_at,
        expires_at: times.expires_at,
        workflow: Some(Workflow {
            cluster: cluster.to_string(),
            repository: base.repository_id()?.map(|id| id.to_string()),
            requester: args.requester.clone().unwrap_or_else(|| by.email.clone()),
            approvers: args.approvers.clone(),
            merge_before: Some(times.created_at.checked_add(args.merge_within.duration())?),
            reason: recorded_reason(args.reason.as_deref(), settings.grants.reason),
            ..Workflow::default()
        }),
    };
    let unsigned = Manifest::of(&planned.grant(terms, &settings.grants)?)?;
    let signature = key.sign(Purpose::Grant, unsigned.signed_text()?.as_bytes())?;
    let manifest = unsigned.with_signature(signature)?;
    let ensured = repository.propose_grant(cluster, &manifest, &by)?;
    if args.output.is_for_people() {
        for danger in planned.plan.report().dangers() {
            let style = danger_style(danger.class);
            errln!("{style}{}{style:#} {}: {}", danger.class, plain(&danger.what), danger.why);
        }
    }
    tell(args, &manifest, ensured)?;
    Ok(Outcome::Done)
}

fn tell(args: &Args, manifest: &Manifest, ensured: Ensured) -> anyhow::Result<()> {
    let id = &manifest.claims().id;
    let (outcome, commit) = match ensured {
        Ensured::Made(commit) => ("proposed", commit),
        Ensured::Unchanged(commit) => ("unchanged", commit),
        Ensured::AlreadyOnBase(commit) => ("already-merged", commit),
    };
    let (branch, path) = (grant_branch(id), args.repository.cluster.grant_path(id));
    if !args.output.is_for_people() {
        return structured(
            &Answer { id: id.as_str(), branch, commit: commit.to_string(), outcome, path },
            args.output,
        );
    }
    match ensured {
        Ensured::Made(_) => outln!("proposed {id}: {path} on branch {branch} ({commit})"),
        Ensured::Unchanged(_) => {
            outln!("nothing to do: {id} is proposed on branch {branch} ({commit})");
        }
        Ensured::AlreadyOnBase(_) => outln!("nothing to do: {id} is merged"),
    }
    Ok(())
}
