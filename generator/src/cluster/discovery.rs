//! Discovery: every resource that is served, of every group. What the answers mean is the engine's
//! ([`p0_grant::discovery`]); here they are asked for.

use p0_grant::discovery::Discovered;

use super::Cluster;
use super::error::ClusterError;

mod fetch;

impl Cluster {
    pub(super) async fn discover(&self) -> Result<Discovered, ClusterError> {
        Ok(Discovered::merge(self.group_versions().await?))
    }
}
