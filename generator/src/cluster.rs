//! The cluster: reading what it serves and which roles it has.
//!
//! Nothing here writes to a cluster. Not here: what the answers mean ([`p0_grant::catalogue`]) and printing them.

use std::path::PathBuf;
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use p0_grant::nearest::Nearest;

mod discovery;
mod error;
mod export;
mod pages;
pub mod witness;

pub use error::ClusterError;
pub use export::{Export, Progress};
pub use p0_grant::discovery::{FailedGroup, LeftOut};

/// How long to wait for a connection, and for the next bytes of an answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Which cluster, and with whose credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// As kubectl finds it.
    Kubeconfig {
        /// The file; without one, those of `KUBECONFIG`, else `~/.kube/config`.
        file: Option<PathBuf>,
        /// The context; without one, the file's current one.
        context: Option<String>,
    },
    /// The service account of the pod this runs in.
    InCluster,
}

/// A cluster that can be asked.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    server: String,
}

impl Cluster {
    /// Reads credentials and prepares a client; the server is not asked yet.
    ///
    /// # Errors
    /// [`ClusterError`] where the configuration cannot be read, has no such context or makes no client.
    pub async fn connect(access: &Access) -> Result<Self, ClusterError> {
        let mut config = match access {
            Access::Kubeconfig { file, context } => {
                from_kubeconfig(file.as_ref(), context.as_deref()).await?
            }
            Access::InCluster => {
                Config::incluster().map_err(|error| ClusterError::NotInCluster(error.to_string()))?
            }
        };
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        config.read_timeout = Some(READ_TIMEOUT);
        // A group whose server is down answers 503 for good; retrying each one would take minutes.
        config.default_retry = false;
        let server = config.cluster_url.to_string();
        tracing::debug!(server, "asking the cluster");
        let client = Client::try_from(config)
            .map_err(|error| ClusterError::answer(&server, "make a client", error))?;
        Ok(Self { client, server })
    }

    /// The client, for what asks for single objects.
    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Says what an error of the client means; `action` completes "cannot …".
    pub(crate) fn failed(&self, action: impl Into<String>, error: kube::Error) -> ClusterError {
        ClusterError::answer(&self.server, action, error)
    }
}

async fn from_kubeconfig(file: Option<&PathBuf>, context: Option<&str>) -> Result<Config, ClusterError> {
    let unreadable = |error: KubeconfigError| ClusterError::kubeconfig(file, &error);
    let kubeconfig = match file {
        Some(file) => Kubeconfig::read_from(file),
        None => Kubeconfig::read(),
    }
    .map_err(unreadable)?;
    check_context(&kubeconfig, context)?;
    let options = KubeConfigOptions { context: context.map(str::to_owned), ..KubeConfigOptions::default() };
    Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(unreadable)
}

/// Refuses a context that is not there, before kube answers without saying which are.
fn check_context(kubeconfig: &Kubeconfig, asked: Option<&str>) -> Result<(), ClusterError> {
    let contexts: Vec<String> = kubeconfig.contexts.iter().map(|context| context.name.clone()).collect();
    match asked.or(kubeconfig.current_context.as_deref()) {
        Some(name) if contexts.iter().any(|context| context == name) => Ok(()),
        Some(name) => Err(ClusterError::NoContext {
            asked: name.to_owned(),
            nearest: Nearest::to(name, contexts.iter().map(String::as_str)),
            contexts,
        }),
        None => Err(ClusterError::NoCurrentContext { contexts }),
    }
}
