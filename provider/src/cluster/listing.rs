//! The grants in the cluster, of both products, whether a state knows them or not.

use std::collections::BTreeSet;

use p0_grant::manifest::GRANT;

use super::{Cluster, ClusterError, Kind, LiveObject, ObjectRef};

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

/// Roles that a binding among `objects` gives and that are not among them: gone, or not labelled as a grant's.
pub(crate) fn unseen_roles(objects: &[LiveObject]) -> BTreeSet<ObjectRef> {
    let seen: BTreeSet<ObjectRef> = objects.iter().filter_map(LiveObject::reference).collect();
    let given = objects.iter().filter_map(|live| granted_role(&live.reference()?, live));
    given.filter(|reference| !seen.contains(reference)).collect()
}

/// Where the role object is that a binding gives; `None` for what is no binding.
pub(crate) fn granted_role(reference: &ObjectRef, live: &LiveObject) -> Option<ObjectRef> {
    let kind = Kind::called(live.text("/roleRef/kind")?)?;
    let namespace = reference.namespace.clone().filter(|_| kind == Kind::Role);
    Some(ObjectRef { kind, namespace, name: live.text("/roleRef/name")?.to_owned() })
}
