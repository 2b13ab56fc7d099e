//! What there is in the cluster besides what a state knows: roles to cut grants from, and grants of whoever made them.

use std::collections::BTreeSet;

use p0_grant::catalogue::ListedRole;
use p0_grant::manifest::GRANT;
use p0_grant::role::Role;

use super::object::{Kind, LiveObject, ObjectRef};
use super::{Cluster, ClusterError};
use crate::discovered::unseen_roles;

impl Cluster {
    /// All ClusterRoles, and the Roles of one namespace, but for role objects of grants.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn roles(&self, namespace: Option<&str>) -> Result<Vec<Role>, ClusterError> {
        let selector = format!("!{GRANT}");
        let mut live = self.list(Kind::ClusterRole, None, &selector).await?;
        if namespace.is_some() {
            live.extend(self.list(Kind::Role, namespace, &selector).await?);
        }
        live.iter().map(read_role).collect()
    }

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

fn read_role(live: &LiveObject) -> Result<Role, ClusterError> {
    let listed: Result<ListedRole, _> = serde_json::from_value(live.value().clone());
    listed
        .map(ListedRole::into_role)
        .map_err(|error| ClusterError::Answer { action: "list roles".to_owned(), detail: error.to_string() })
}
