//! The grants in the cluster, of both products, whether a state knows them or not.

use std::collections::BTreeSet;

use p0_grant::manifest::GRANT;

use super::{Cluster, ClusterError, Kind, LiveObject, ObjectRef};
use crate::discovered::unseen_roles;

impl Cluster {
    /// Every object that carries a grant's id, and the roles that those bindings give; in all namespaces or in one.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn granted(&self, namespace: Option<&str>) -> Result<Vec<LiveObject>, ClusterError> {
        let of = |kind: Kind| self.list(kind, namespace, GRANT);
        let mut found = match namespace {
            None => {
                let (roles, cluster_roles, bindings, cluster_bindings) = tokio::try_join!(
                    of(Kind::Role),
                    of(Kind::ClusterRole),
                    of(Kind::RoleBinding),
                    of(Kind::ClusterRoleBinding)
                )?;
                [roles, cluster_roles, bindings, cluster_bindings].concat()
            }
            Some(_) => {
                let (roles, bindings) = tokio::try_join!(of(Kind::Role), of(Kind::RoleBinding))?;
                [roles, bindings].concat()
            }
        };
        let unseen = unseen_roles(&found);
        found.extend(self.bound(unseen).await?);
        Ok(found)
    }

    async fn bound(&self, unseen: BTreeSet<ObjectRef>) -> Result<Vec<LiveObject>, ClusterError> {
        let mut found = Vec::new();
        for reference in unseen {
            found.extend(self.get(&reference).await?);
        }
        Ok(found)
    }
}
