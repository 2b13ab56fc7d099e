//! Which objects the form completes, and as whom the cluster is asked for their names. Not here: asking.

use p0_access::layout::ClusterName;
use serde::{Deserialize, Serialize};

use crate::cluster::{Access, Followed, FollowedKind};

/// Objects of a cluster whose names are followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectSettings {
    /// As whom: a kubeconfig that may only list and watch these kinds, or `in-cluster`.
    pub access: String,
    /// Which kinds: plurals, with the group where there is one.
    #[serde(default = "usual")]
    pub kinds: Vec<FollowedKind>,
}

impl ObjectSettings {
    /// What is followed.
    pub fn followed(&self, cluster: &ClusterName) -> Followed {
        let access = match self.access.as_str() {
            "in-cluster" => Access::InCluster,
            file => Access::Kubeconfig { file: Some(file.into()), context: None },
        };
        Followed { cluster: cluster.clone(), access, kinds: self.kinds.clone() }
    }
}

/// What people ask for most and whose names tell little.
fn usual() -> Vec<FollowedKind> {
    let kinds = [
        ("apps", "deployments"),
        ("apps", "statefulsets"),
        ("apps", "daemonsets"),
        ("batch", "cronjobs"),
        ("batch", "jobs"),
        ("", "pods"),
        ("", "services"),
        ("", "configmaps"),
        ("", "nodes"),
    ];
    kinds.into_iter().filter_map(|(group, plural)| FollowedKind::new(group, plural)).collect()
}
