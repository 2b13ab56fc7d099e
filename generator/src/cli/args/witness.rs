//! Ways to look into clusters, so that "active" and "gone" can be said on their word.

use p0_access::layout::ClusterName;

use crate::cluster::Access;
use crate::reconcile::ConnectedWitness;
use crate::repository::Repository;

/// A cluster and a way into it that only reads.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Look {
    cluster: ClusterName,
    access: Access,
}

impl Look {
    /// By a kubeconfig's path, or `in-cluster` for the service account of the pod that this runs in.
    pub(in crate::cli) fn new(cluster: ClusterName, way: &str) -> Self {
        let access = match way {
            "in-cluster" => Access::InCluster,
            file => Access::Kubeconfig { file: Some(file.into()), context: None },
        };
        Self { cluster, access }
    }

    /// Reads `CLUSTER=FILE`.
    pub(in crate::cli) fn parse(text: &str) -> Result<Self, String> {
        let (cluster, way) = text.split_once('=').ok_or("write it as `CLUSTER=FILE`")?;
        Ok(Self::new(ClusterName::new(cluster).map_err(|error| error.to_string())?, way))
    }
}

/// Who looks into those clusters of `repository` whose own files say how grants are confirmed.
pub(in crate::cli) async fn witnesses(
    looks: &[Look],
    repository: &Repository,
) -> anyhow::Result<Vec<(ClusterName, ConnectedWitness)>> {
    let mut witnesses = Vec::with_capacity(looks.len());
    for Look { cluster, access } in looks {
        match repository.snapshot()?.settings(cluster)?.confirm.clone() {
            Some(named) => witnesses.push((cluster.clone(), ConnectedWitness::new(&named, access).await?)),
            None => tracing::warn!(%cluster, "its cluster file has no `confirm`, so it is not looked into"),
        }
    }
    Ok(witnesses)
}
