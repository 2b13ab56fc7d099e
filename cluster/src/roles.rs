//! Roles with their rules. Not here: which of them may be asked for ([`p0_grant::offer`]).

use p0_grant::catalogue::ListedRole;
use p0_grant::manifest::GRANT;
use p0_grant::role::{Role, RoleRef};

use crate::client::Cluster;
use crate::error::ClusterError;
use crate::object::{Kind, LiveObject, ObjectRef};

impl Cluster {
    /// A role with its rules; `None` where there is none.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn read_role(&self, reference: &RoleRef) -> Result<Option<Role>, ClusterError> {
        let kind = match reference {
            RoleRef::ClusterRole(_) => Kind::ClusterRole,
            RoleRef::Role { .. } => Kind::Role,
        };
        let namespace = reference.namespace().map(ToString::to_string);
        let object = ObjectRef { kind, namespace, name: reference.name().to_string() };
        let Some(live) = self.get(&object).await? else { return Ok(None) };
        role(&live, &format!("read {object}")).map(Some)
    }

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
        live.iter().map(|live| role(live, "list roles")).collect()
    }
}

fn role(live: &LiveObject, action: &str) -> Result<Role, ClusterError> {
    let listed: Result<ListedRole, _> = serde_json::from_value(live.value().clone());
    let wrong = |error: serde_json::Error| ClusterError::Answer {
        action: action.to_owned(),
        detail: error.to_string(),
    };
    listed.map(ListedRole::into_role).map_err(wrong)
}
