//! Which cluster, and with whose credentials. Not here: what a kubeconfig holds ([`super::kubeconfig`]).

use std::path::PathBuf;

use kube::Config;

use crate::error::ClusterError;
use crate::kubeconfig::{Kubeconfigs, Selection, load, read_files};
use crate::token_file::TokenFile;

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

/// A client's configuration, ready for use.
#[derive(Clone)]
pub(crate) struct Prepared {
    pub(crate) config: Config,
    pub(crate) token_file: Option<TokenFile>,
}

impl Access {
    pub(crate) async fn prepare(&self) -> Result<Prepared, ClusterError> {
        match self {
            Self::Kubeconfig { file, context } => {
                let files = match file {
                    Some(file) => Kubeconfigs::One(file.clone()),
                    None => Kubeconfigs::from_environment()?,
                };
                let selection = Selection { context: context.clone(), ..Selection::default() };
                load(read_files(&files)?, &selection).await.map(Prepared::from)
            }
            Self::InCluster => Config::incluster()
                .map_err(|error| ClusterError::NotInCluster(error.to_string()))
                .map(Prepared::from),
        }
    }
}

impl From<Config> for Prepared {
    fn from(mut config: Config) -> Self {
        let token_file = TokenFile::take(&mut config.auth_info);
        Self { config, token_file }
    }
}
