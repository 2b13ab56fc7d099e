//! Following the names of a cluster's objects, for as long as the server runs. Not here: what they are for ([`super::names`]).

use std::sync::Arc;
use std::time::Duration;

use p0_access::layout::ClusterName;
use p0_cluster::{Access, Cluster, ClusterError};
use tokio::task::JoinHandle;

use super::names::{FollowedKind, ObjectNames};

/// The wait after a failure; after each further one it is twice as long, up to the longest.
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// A cluster whose objects are followed, and as whom.
#[derive(Clone, Debug)]
pub struct Followed {
    /// Which.
    pub cluster: ClusterName,
    /// By a credential that may list and watch these kinds, and nothing else.
    pub access: Access,
    /// Which kinds.
    pub kinds: Vec<FollowedKind>,
}

impl Followed {
    /// Follows each kind in a task of its own. What was known stays known while a cluster does not answer.
    pub fn spawn(self, names: &Arc<ObjectNames>) -> Vec<JoinHandle<()>> {
        let Self { cluster, access, kinds } = self;
        let follow = |kind| tokio::spawn(follow(cluster.clone(), access.clone(), kind, names.clone()));
        kinds.into_iter().map(follow).collect()
    }
}

async fn follow(cluster: ClusterName, access: Access, kind: FollowedKind, names: Arc<ObjectNames>) {
    let mut wait = FIRST_WAIT;
    loop {
        let mut has_begun = false;
        let followed = once(&access, &kind, |change| {
            has_begun = true;
            names.hear(&cluster, &kind, change);
        });
        let why = followed.await;
        if has_begun {
            wait = FIRST_WAIT;
        }
        tracing::warn!(%cluster, %kind, %why, ?wait, "the names of objects are not followed; what was known is offered");
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Follows a kind until that fails; why it did.
async fn once(
    access: &Access,
    kind: &FollowedKind,
    hear: impl FnMut(p0_cluster::NameChange) + Send,
) -> ClusterError {
    let connected = async {
        let cluster = Cluster::connect(access).await?;
        let served = cluster.served_as(kind.group(), kind.plural()).await?;
        Ok::<_, ClusterError>((cluster, served))
    };
    match connected.await {
        Ok((cluster, Some(resource))) => cluster.follow_names(&resource, hear).await,
        Ok((_, None)) => ClusterError::Answer {
            action: format!("follow {kind}"),
            detail: "the cluster does not serve it".to_owned(),
        },
        Err(error) => error,
    }
}
