//! What the provider knows once it is configured: its settings, and the cluster or why there is none yet.
//!
//! One process may be configured several times (when it is debugged); each time it forgets what it has learnt.

use std::sync::{Arc, PoisonError, RwLock};

use tfplugin::diagnostics::{Diagnostic, Diagnostics};

use crate::cluster::Cluster;
use crate::config::Settings;

/// The provider's state, shared by all that it serves.
#[derive(Clone, Default)]
pub struct Session(Arc<RwLock<Option<Configured>>>);

/// What a configuration gave.
#[derive(Clone)]
pub struct Configured {
    /// What holds for all grants.
    pub settings: Arc<Settings>,
    /// The cluster.
    pub connection: Connection,
}

/// The cluster, or why there is none yet.
#[derive(Clone)]
pub enum Connection {
    /// It can be asked.
    Known(Arc<Cluster>),
    /// This attribute of the provider block is not known yet.
    Unknown(&'static str),
}

impl Session {
    /// Takes a new configuration.
    pub fn set(&self, configured: Configured) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(configured);
    }

    /// The configuration.
    ///
    /// # Errors
    /// Where Terraform asks before it has configured the provider.
    pub fn configured(&self) -> Result<Configured, Diagnostics> {
        let configured = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        configured.ok_or_else(|| {
            Diagnostic::error("The provider is not configured", "Terraform has not configured it yet.").into()
        })
    }

    /// The cluster, for what cannot be done without.
    ///
    /// # Errors
    /// Where the provider block is not known yet. Another cluster is never asked instead.
    pub fn cluster(&self) -> Result<Arc<Cluster>, Diagnostics> {
        match self.configured()?.connection {
            Connection::Known(cluster) => Ok(cluster),
            Connection::Unknown(attribute) => Err(not_known_yet(attribute).into()),
        }
    }
}

fn not_known_yet(attribute: &str) -> Diagnostic {
    let detail = format!(
        "`{attribute}` in the provider block is not known before apply, so the cluster cannot be asked, and no other one is \
         asked instead. Apply what `{attribute}` depends on first (`-target`), or plan without looking at what is there \
         (`-refresh=false`)."
    );
    Diagnostic::error("The cluster is not known yet", detail).at_attribute(attribute)
}
