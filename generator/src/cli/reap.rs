//! `reap`: expired grants leave the cluster itself, as a job inside it.

use std::path::PathBuf;

use jiff::Timestamp;

use super::output::{Format, Outcome, plain, structured, table};
use crate::cluster::{Access, Cluster, ClusterError};
use crate::reap::{self, Mode, Reaped};
use crate::when::written;

/// Delete expired grants of both products from a cluster.
///
/// An optional last line of defence: a job in the cluster with `list` and `delete` on roles and bindings and nothing else
/// (`examples/reap/`). It deletes what carries the label of a grant, is named like one and has expired, in exactly the state
/// it was listed in. A grant that is still in Git comes back with the applier's next sync. What cannot be
/// deleted does not keep the rest. Ends with 2 where that is so, or where something carries a grant's label and cannot be read.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops reap --in-cluster
  p0-gitops reap --kube-context prod --dry-run")]
pub(super) struct Args {
    /// Use the service account of the pod this runs in.
    #[arg(long, conflicts_with_all = ["kube_context", "kubeconfig"])]
    in_cluster: bool,

    /// The kubeconfig; without it, as kubectl finds it.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,

    /// The kubeconfig's context; without it, its current one.
    #[arg(long, value_name = "NAME")]
    kube_context: Option<String>,

    /// Only tell what would be deleted.
    #[arg(long)]
    dry_run: bool,

    /// How to print what was done.
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

pub(super) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    let access = match args.in_cluster {
        true => Access::InCluster,
        false => Access::Kubeconfig { file: args.kubeconfig.clone(), context: args.kube_context.clone() },
    };
    let mode = if args.dry_run { Mode::DryRun } else { Mode::Delete };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let reaped = runtime.block_on(async {
        Ok::<_, ClusterError>(reap::reap(&Cluster::connect(&access).await?, mode, now).await)
    })?;
    match args.output {
        Format::Table | Format::Wide => tell(&reaped, mode),
        format => structured(&reaped, format)?,
    }
    let left = |own: &&Reaped| {
        matches!(own.outcome, reap::Outcome::Unreadable { .. } | reap::Outcome::Failed { .. })
    };
    let left = reaped.iter().filter(left).count();
    if left == 0 {
        return Ok(Outcome::Done);
    }
    errln!("alarm: {left} object(s) could not be read or deleted, and may still grant access");
    Ok(Outcome::Refused)
}

fn tell(reaped: &[Reaped], mode: Mode) {
    if reaped.is_empty() {
        outln!("nothing has expired");
        return;
    }
    let rows = reaped.iter().map(|own| {
        let outcome = match (&own.outcome, mode) {
            (reap::Outcome::Deleted { expired_at }, Mode::Delete) => {
                format!("deleted, expired {}", written(*expired_at))
            }
            (reap::Outcome::Deleted { expired_at }, Mode::DryRun) => {
                format!("would be deleted, expired {}", written(*expired_at))
            }
            (reap::Outcome::Moved, _) => "changed meanwhile; the next run looks again".to_owned(),
            (reap::Outcome::Failed { why }, _) => format!("left: {}", plain(why)),
            (reap::Outcome::Unreadable { why }, _) => format!("left: {why}"),
        };
        vec![plain(&own.object), outcome]
    });
    table(&["OBJECT", ""], rows).lines().for_each(|line| outln!("{}", line.trim_end()));
}
