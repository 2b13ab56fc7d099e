//! `merge` and `revert`: a grant comes to base, and goes from it.

use jiff::Timestamp;
use p0_grant::name::GrantId;

use super::args::RepositoryArgs;
use super::environment::identity;
use super::output::Outcome;
use crate::repository::{Merged, RepositoryError, Reverted};
use crate::when::written;

/// Merge a proposed grant, judged on the head it lands on.
///
/// A merge commit on the current head of base is made, judged as `verify` would, and base is moved to it only if nothing
/// speaks against it. Merging twice changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops merge --repo ./access.git --cluster prod vpl5aqzpwnnqmnkrzze2")]
pub(super) struct MergeArgs {
    #[command(flatten)]
    repository: RepositoryArgs,

    /// The grant's id.
    id: GrantId,
}

/// Remove a grant from base: exactly what it added.
///
/// A grant that is proposed and not merged is withdrawn. Reverting twice changes nothing. The cluster follows at the applier's next sync.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops revert --repo ./access.git --cluster prod vpl5aqzpwnnqmnkrzze2")]
pub(super) struct RevertArgs {
    #[command(flatten)]
    repository: RepositoryArgs,

    /// The grant's id.
    id: GrantId,
}

pub(super) fn merge(args: &MergeArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    let repository = args.repository.open()?;
    let (merged, claims) = repository.merge_grant(&args.repository.cluster, &args.id, &identity(now), now)?;
    match (merged, claims) {
        (Merged::Now(commit), Some(claims)) => {
            outln!(
                "merged {}: {} on {} to {} until {} ({commit})",
                args.id,
                claims.role,
                claims.selection,
                claims.subject,
                written(claims.expires_at)
            );
        }
        (Merged::Now(commit), None) => outln!("merged {} ({commit})", args.id),
        (Merged::Before(_), _) => outln!("nothing to do: {} is merged", args.id),
        (Merged::Refused(findings), _) => return Err(RepositoryError::Refused(findings).into()),
    }
    Ok(Outcome::Done)
}

pub(super) fn revert(args: &RevertArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    let repository = args.repository.open()?;
    match repository.revert_grant(&args.repository.cluster, &args.id, &identity(now))? {
        Reverted::Now(commit) => outln!("reverted {} ({commit})", args.id),
        Reverted::Withdrawn => outln!("withdrawn {}: it was proposed and not merged", args.id),
        Reverted::Before => outln!("nothing to do: {} is not on base", args.id),
    }
    Ok(Outcome::Done)
}
