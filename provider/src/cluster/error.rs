//! Errors of the cluster as diagnostics. Not here: what went wrong and why ([`p0_cluster::ClusterError`]).

use tfplugin::diagnostics::{Diagnostic, Diagnostics};

/// Why the cluster did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct ClusterError(#[from] p0_cluster::ClusterError);

impl ClusterError {
    /// Another answer than was asked for.
    pub(crate) fn answer(action: impl Into<String>, detail: impl Into<String>) -> Self {
        Self(p0_cluster::ClusterError::Answer { action: action.into(), detail: detail.into() })
    }

    /// Whether there is no such object.
    pub fn is_not_found(&self) -> bool {
        self.0.is_not_found()
    }

    /// Whether the identity that runs Terraform may not do it.
    pub fn is_forbidden(&self) -> bool {
        self.0.is_forbidden()
    }

    /// Whether the object has changed meanwhile, or is there already.
    pub fn is_conflict(&self) -> bool {
        self.0.is_conflict()
    }

    fn summary(&self) -> &'static str {
        use p0_cluster::ClusterError as Error;
        match &self.0 {
            Error::Kubeconfig(_)
            | Error::NoContext { .. }
            | Error::NoCurrentContext { .. }
            | Error::NotInCluster(_)
            | Error::Setting { .. }
            | Error::Certificates { .. } => "The cluster's configuration cannot be used",
            Error::Credentials { .. } => "No credentials for the cluster",
            Error::Untrusted { .. } => "The cluster's certificate is not trusted",
            Error::Unreachable { .. } | Error::Slow { .. } => "The cluster does not answer",
            Error::Refused(refusal) => match refusal.code {
                401 => "The credentials are not accepted",
                403 => "Not allowed by the cluster",
                404 => "Not found in the cluster",
                409 => "Changed by another client meanwhile",
                _ => "Refused by the cluster",
            },
            Error::Expired { .. } | Error::Answer { .. } => "An unexpected answer of the cluster",
        }
    }

    /// What of the provider block helps.
    fn hint(&self) -> &'static str {
        match &self.0 {
            p0_cluster::ClusterError::Slow { .. } => {
                " `request_timeout` in the provider block sets how long one request may take."
            }
            p0_cluster::ClusterError::Untrusted { .. } => {
                " `cluster_ca_certificate`, or `certificate-authority-data` in the kubeconfig, sets the authority."
            }
            _ => "",
        }
    }
}

impl From<ClusterError> for Diagnostic {
    fn from(error: ClusterError) -> Self {
        let detail = format!("{}{}", crate::text::sentence(&error.to_string()), error.hint());
        Self::error(error.summary(), detail)
    }
}

impl From<ClusterError> for Diagnostics {
    fn from(error: ClusterError) -> Self {
        Diagnostic::from(error).into()
    }
}
