//! Reading a cluster's catalogue from the cluster itself. Not here: what is read ([`crate::cluster::export`]).

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::output::shows_progress;
use crate::cluster::{Access, Cluster, ClusterError, Export, Progress};

/// Reads a cluster, with progress where somebody sees it.
pub(super) fn read_cluster(access: &Access) -> anyhow::Result<Export> {
    let bar = if shows_progress() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    bar.set_style(ProgressStyle::with_template("{spinner} {msg}")?);
    bar.enable_steady_tick(Duration::from_millis(100));
    let tell = |progress: Progress| match progress {
        Progress::Discovering => bar.set_message("asking what the cluster serves"),
        Progress::Listing { what, read, remaining } => {
            bar.set_message(format!("reading {what}: {read} read, {remaining} to come"));
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let export =
        runtime.block_on(async { crate::cluster::export(&Cluster::connect(access).await?, &tell).await });
    bar.finish_and_clear();
    export.map_err(with_options)
}

/// The error with the options of this program that help.
fn with_options(error: ClusterError) -> anyhow::Error {
    let hint = match &error {
        ClusterError::Kubeconfig(_) => {
            "name another kubeconfig with `--kubeconfig`, or use `--in-cluster` inside a pod"
        }
        ClusterError::NoCurrentContext { .. } => "name a context with `--kube-context`",
        ClusterError::NotInCluster(_) => "name a kubeconfig with `--kubeconfig`",
        _ if error.is_forbidden() => {
            "an export needs discovery, and `list` on clusterroles, roles and namespaces in the whole cluster"
        }
        _ => return error.into(),
    };
    anyhow::anyhow!("{error}; {hint}")
}
