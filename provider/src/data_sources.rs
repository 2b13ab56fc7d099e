//! Data sources: what can be seen of a cluster without writing to it.

use std::sync::Arc;

use tfplugin::provider::DataSource;

use crate::session::Session;

mod grants;
mod role_subset;
mod roles;

/// All of them by name.
pub fn all(session: &Session) -> Vec<(&'static str, Arc<dyn DataSource>)> {
    vec![
        ("p0_k8s_grants", Arc::new(grants::Grants(session.clone()))),
        ("p0_k8s_role_subset", Arc::new(role_subset::RoleSubset(session.clone()))),
        ("p0_k8s_roles", Arc::new(roles::Roles(session.clone()))),
    ]
}
