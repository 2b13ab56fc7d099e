//! What can go wrong between this program and an API server, each with what to do about it.

use std::error::Error;
use std::path::PathBuf;

use kube::config::KubeconfigError;
use p0_grant::catalogue::CatalogueError;
use p0_grant::discovery::FailedGroup;
use p0_grant::nearest::Nearest;

/// Why a cluster was not read.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No kubeconfig, or not one.
    #[error(
        "cannot use the kubeconfig: {0}; name another with `--kubeconfig`, or use `--in-cluster` inside a pod"
    )]
    Kubeconfig(String),
    /// The kubeconfig does not have the context.
    #[error("the kubeconfig has no context `{asked}`, it has {}{nearest}", listed(contexts))]
    NoContext {
        /// The context that was asked for.
        asked: String,
        /// What may have been meant.
        nearest: Nearest,
        /// What there is.
        contexts: Vec<String>,
    },
    /// No context was named, and none is current.
    #[error(
        "the kubeconfig has no current context: name one with `--context`; there are {}",
        listed(contexts)
    )]
    NoCurrentContext {
        /// What there is.
        contexts: Vec<String>,
    },
    /// Asked for the pod's own credentials outside of one.
    #[error("this does not run in a pod with a service account: {0}; name a kubeconfig with `--kubeconfig`")]
    NotInCluster(String),
    /// The credentials could not be had.
    #[error(
        "cannot get credentials for {server}: {detail}; log in again, or run the plugin by hand to see why"
    )]
    Credentials {
        /// The API server.
        server: String,
        /// What failed. Never what a plugin printed on its standard output: that is where tokens are.
        detail: String,
    },
    /// No answer.
    #[error(
        "cannot reach the API server {server}: {detail}; check the address, the certificate authority, the network and the VPN"
    )]
    Unreachable {
        /// The API server.
        server: String,
        /// The innermost cause.
        detail: String,
    },
    /// The server does not know who asks.
    #[error(
        "the API server {server} does not accept the credentials: they are wrong or have expired; log in again"
    )]
    Unauthorized {
        /// The API server.
        server: String,
    },
    /// The server knows, and says no.
    #[error(
        "not allowed to {action}: {message}; an export needs discovery, and `list` on clusterroles, roles and namespaces in the whole cluster"
    )]
    Forbidden {
        /// The right that is missing.
        action: String,
        /// What the server says.
        message: String,
    },
    /// Pages expired while they were read, again and again.
    #[error(
        "cannot {action}: the list expired before its last page, {attempts} times; try again when the server has less to do"
    )]
    Expired {
        /// What was being read.
        action: String,
        /// How often it was begun.
        attempts: u32,
    },
    /// Another answer than was asked for.
    #[error("cannot {action}: {detail}")]
    Answer {
        /// What was being done.
        action: String,
        /// What came instead.
        detail: String,
    },
    /// Discovery lacks groups.
    #[error(
        "discovery is incomplete, and a catalogue without these would lose them: {}; `kubectl get apiservices` says why; \
         `--allow-partial` writes the rest and keeps what the former file has of them",
        failed.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    )]
    Incomplete {
        /// The group versions that did not answer.
        failed: Vec<FailedGroup>,
    },
    /// The answers do not make a catalogue.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

impl ClusterError {
    /// Says what an error of the client means for whoever reads it; `action` completes "cannot …".
    pub(super) fn answer(server: &str, action: impl Into<String>, error: kube::Error) -> Self {
        let (server, action) = (server.to_owned(), action.into());
        match error {
            kube::Error::Api(status) if status.code == 401 => Self::Unauthorized { server },
            kube::Error::Api(status) if status.code == 403 => {
                Self::Forbidden { action, message: status.message }
            }
            kube::Error::Api(status) => Self::Answer {
                action,
                detail: format!("the server answers {} {}", status.code, status.message),
            },
            kube::Error::Auth(error) => Self::credentials(server, &error),
            kube::Error::HyperError(error) => Self::unreachable(server, &error),
            kube::Error::Service(error) => match error.downcast::<kube::client::AuthError>() {
                Ok(error) => Self::credentials(server, &error),
                Err(error) => Self::unreachable(server, error.as_ref()),
            },
            other => Self::Answer { action, detail: other.to_string() },
        }
    }

    fn unreachable(server: String, error: &(dyn Error + 'static)) -> Self {
        let causes = std::iter::successors(Some(error), |&error| error.source());
        let detail = causes.last().map_or_else(String::new, ToString::to_string);
        Self::Unreachable { server, detail }
    }

    fn credentials(server: String, error: &kube::client::AuthError) -> Self {
        let detail = match error {
            // Its command line and its standard output may hold secrets.
            kube::client::AuthError::AuthExecRun { out, .. } => {
                let said = String::from_utf8_lossy(&out.stderr);
                let said = said.lines().next().unwrap_or("it says nothing");
                format!("the kubeconfig's credential plugin failed with {}: {said}", out.status)
            }
            other => other.to_string(),
        };
        Self::Credentials { server, detail }
    }

    pub(super) fn kubeconfig(file: Option<&PathBuf>, error: &KubeconfigError) -> Self {
        let file = file.map_or_else(String::new, |file| format!("`{}`: ", file.display()));
        Self::Kubeconfig(match error {
            KubeconfigError::ReadConfig(error, file) => format!("`{}`: {error}", file.display()),
            // The parser would show the lines around the fault, and tokens stand in such lines.
            KubeconfigError::Parse(error) => format!("{file}{}", error.without_snippet()),
            other => format!("{file}{other}"),
        })
    }
}

fn listed(contexts: &[String]) -> String {
    if contexts.is_empty() {
        return "none".to_owned();
    }
    let quoted: Vec<String> = contexts.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
