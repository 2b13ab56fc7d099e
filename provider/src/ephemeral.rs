//! Ephemeral resources: access that lives while Terraform runs.

use std::sync::Arc;

use tfplugin::provider::Ephemeral;

use crate::session::Session;

mod lease;
mod terms;
mod token;

/// All of them by name.
pub fn all(session: &Session) -> Vec<(&'static str, Arc<dyn Ephemeral>)> {
    vec![("p0_k8s_token", Arc::new(token::Token(session.clone())))]
}
