//! What can go wrong between the provider and an API server, each with what to do about it. Never a secret.

use std::error::Error;
use std::time::Duration;

use tfplugin::diagnostics::{Diagnostic, Diagnostics};

/// Why the cluster did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    /// The credentials could not be had.
    #[error(
        "Cannot get credentials for {server}: {detail}. Log in again, or run the plugin by hand to see why."
    )]
    Credentials {
        /// The API server.
        server: String,
        /// What failed. Never what a plugin printed on its standard output: that is where tokens are.
        detail: String,
    },
    /// No answer.
    #[error(
        "Cannot {action}: the API server {server} cannot be reached: {detail}. Check the address, the certificate \
         authority, the network and the VPN."
    )]
    Unreachable {
        /// What was being done.
        action: String,
        /// The API server.
        server: String,
        /// The innermost cause.
        detail: String,
    },
    /// No answer in time.
    #[error(
        "Cannot {action}: the API server {server} gave no answer within {} s. `request_timeout` in the provider block \
         sets how long one request may take.",
        after.as_secs()
    )]
    Slow {
        /// What was being done.
        action: String,
        /// The API server.
        server: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// An answer that is no success.
    #[error("{}", self.refusal())]
    Refused(Refusal),
    /// Another answer than was asked for.
    #[error("Cannot {action}: {detail}.")]
    Answer {
        /// What was being done.
        action: String,
        /// What came instead.
        detail: String,
    },
}

/// What the server answered instead of doing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What was being done, completing "cannot …".
    pub action: String,
    /// The right that it takes, such as `create clusterroles.rbac.authorization.k8s.io`.
    pub right: String,
    /// The HTTP status.
    pub code: u16,
    /// Kubernetes' reason, such as `AlreadyExists`.
    pub reason: String,
    /// The server's sentence.
    pub message: String,
}

impl ClusterError {
    /// Whether there is no such object.
    pub fn is_not_found(&self) -> bool {
        self.code() == Some(404)
    }

    /// Whether whoever asks may not.
    pub fn is_forbidden(&self) -> bool {
        self.code() == Some(403)
    }

    /// Whether the object has changed meanwhile, or is there already.
    pub fn is_conflict(&self) -> bool {
        self.code() == Some(409)
    }

    /// Whether the server has certainly not done it: it answered, and with a refusal.
    pub fn is_certain(&self) -> bool {
        self.code().is_some_and(|code| code < 500) || matches!(self, Self::Credentials { .. })
    }

    fn code(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.code),
            _ => None,
        }
    }

    fn refusal(&self) -> String {
        let Self::Refused(Refusal { action, right, code, message, .. }) = self else { return String::new() };
        match code {
            401 => format!(
                "Cannot {action}: the API server does not accept the credentials: they are wrong or have expired. Log in \
                 again, or renew the token."
            ),
            403 if message.contains("attempting to grant RBAC permissions not currently held") => format!(
                "Cannot {action}: whoever runs Terraform does not hold these rules, and Kubernetes lets nobody give what \
                 they lack. The server says: {message}"
            ),
            403 => format!(
                "Cannot {action}: the right `{right}` is missing, or a policy of the cluster forbids it. The server says: {message}"
            ),
            _ => format!("Cannot {action}: the API server answers {code}: {message}"),
        }
    }

    /// Says what an error of the client means for whoever reads it.
    pub(super) fn client(server: &str, action: &str, error: kube::Error) -> Self {
        let (server, action) = (server.to_owned(), action.to_owned());
        match error {
            kube::Error::Auth(error) => Self::credentials(server, &error),
            kube::Error::HyperError(error) => Self::unreachable(server, action, &error),
            kube::Error::Service(error) => match error.downcast::<kube::client::AuthError>() {
                Ok(error) => Self::credentials(server, &error),
                Err(error) => Self::unreachable(server, action, error.as_ref()),
            },
            other => Self::Answer { action, detail: other.to_string() },
        }
    }

    pub(super) fn unreachable(server: String, action: String, error: &(dyn Error + 'static)) -> Self {
        let causes = std::iter::successors(Some(error), |&error| error.source());
        let detail = causes.last().map_or_else(String::new, ToString::to_string);
        Self::Unreachable { action, server, detail }
    }

    pub(crate) fn credentials(server: String, error: &kube::client::AuthError) -> Self {
        let detail = match error {
            // Its command line and its standard output may hold secrets.
            kube::client::AuthError::AuthExecRun { out, .. } => {
                let said = String::from_utf8_lossy(&out.stderr);
                let said = said.lines().next().unwrap_or("it says nothing");
                format!("the credential plugin failed with {}: {said}", out.status)
            }
            other => other.to_string(),
        };
        Self::Credentials { server, detail }
    }

    /// Whether the server's certificate was not accepted: asking again would not change that.
    pub(super) fn is_untrusted(error: &kube::Error) -> bool {
        let error: &(dyn Error + 'static) = error;
        std::iter::successors(Some(error), |&error| within(error)).any(|cause| {
            matches!(cause.downcast_ref::<rustls::Error>(), Some(rustls::Error::InvalidCertificate(_)))
        })
    }

    fn summary(&self) -> &'static str {
        match self {
            Self::Credentials { .. } => "No credentials for the cluster",
            Self::Unreachable { .. } | Self::Slow { .. } => "The cluster does not answer",
            Self::Refused(refusal) => match refusal.code {
                401 => "The credentials are not accepted",
                403 => "Not allowed by the cluster",
                404 => "Not found in the cluster",
                409 => "Changed by somebody else meanwhile",
                _ => "Refused by the cluster",
            },
            Self::Answer { .. } => "An unexpected answer of the cluster",
        }
    }
}

impl From<ClusterError> for Diagnostic {
    fn from(error: ClusterError) -> Self {
        Self::error(error.summary(), error.to_string())
    }
}

impl From<ClusterError> for Diagnostics {
    fn from(error: ClusterError) -> Self {
        Diagnostic::from(error).into()
    }
}

/// What is behind an error. An I/O error tells the cause of what it carries, and not what it carries.
fn within<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(carried) => Some(carried),
        None => error.source(),
    }
}
