//! What can go wrong between this program and an API server, each with what to do about it. Never a secret.
//!
//! Not here: which setting or option of a product is meant; each product adds that.

use std::error::Error;
use std::time::Duration;

use p0_grant::nearest::Nearest;

use crate::credentials::Setting;

/// Why the cluster did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    /// No kubeconfig, or not one.
    #[error("cannot use the kubeconfig: {0}")]
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
    #[error("the kubeconfig has no current context: name a context; there are {}", listed(contexts))]
    NoCurrentContext {
        /// What there is.
        contexts: Vec<String>,
    },
    /// Asked for the pod's own credentials outside of one.
    #[error("this does not run in a pod with a service account: {0}")]
    NotInCluster(String),
    /// A setting of the kubeconfig cannot be used.
    #[error("`{setting}` in the kubeconfig cannot be used: {detail}")]
    Setting {
        /// Which setting.
        setting: Setting,
        /// Why, and what to do.
        detail: String,
    },
    /// The client certificate, its key or the certificate authority cannot be used.
    #[error(
        "cannot use the certificates for {server}: {detail}; a client certificate must be an X.509 version 3 certificate \
         that belongs to its key, and an authority a certificate: sign a version 1 certificate anew with extensions (`openssl \
         x509 -req -extfile …`)"
    )]
    Certificates {
        /// The API server.
        server: String,
        /// What is wrong.
        detail: String,
    },
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
        "cannot {action}: the API server {server} cannot be reached: {detail}; check the address, the certificate authority, \
         the network and the VPN"
    )]
    Unreachable {
        /// What was being done.
        action: String,
        /// The API server.
        server: String,
        /// The innermost cause.
        detail: String,
    },
    /// The server's certificate is not signed by an authority that is trusted.
    #[error(
        "cannot {action}: the certificate of the API server {server} is not trusted: {detail}; the certificate authority in \
         the configuration must be the one that signed the server's certificate, not that certificate itself, and the server's \
         name must be in it"
    )]
    Untrusted {
        /// What was being done.
        action: String,
        /// The API server.
        server: String,
        /// What is wrong with the certificate.
        detail: String,
    },
    /// No answer in time.
    #[error("cannot {action}: the API server {server} gave no answer within {} s", after.as_secs())]
    Slow {
        /// What was being done.
        action: String,
        /// The API server.
        server: String,
        /// How long the client waited.
        after: Duration,
    },
    /// An answer that is no success.
    #[error("{}", .0.sentence())]
    Refused(Box<Refusal>),
    /// Pages expired while they were read, again and again.
    #[error(
        "cannot {action}: the list expired before its last page, {attempts} times; try again when the server has less to do"
    )]
    Expired {
        /// What was being read.
        action: String,
        /// How often reading began.
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
}

/// What the server answered instead of doing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The API server.
    pub server: String,
    /// What was being done, completing "cannot …".
    pub action: String,
    /// The permission that it needs, such as `create clusterroles.rbac.authorization.k8s.io`; empty where it is not told.
    pub right: String,
    /// The HTTP status.
    pub code: u16,
    /// Kubernetes' reason, such as `AlreadyExists`.
    pub reason: String,
    /// The server's sentence.
    pub message: String,
}

impl Refusal {
    fn sentence(&self) -> String {
        let Self { server, action, right, code, message, .. } = self;
        match code {
            401 => format!(
                "cannot {action}: the API server {server} does not accept the credentials: they are wrong or have expired; log \
                 in again, or renew the token"
            ),
            403 if message.contains("attempting to grant RBAC permissions not currently held") => format!(
                "cannot {action}: the identity of this program does not hold these rules, and Kubernetes does not let an \
                 identity grant rules that it lacks. The server says: {message}"
            ),
            403 if right.is_empty() => format!("not allowed to {action}: {message}"),
            403 => format!(
                "cannot {action}: the right `{right}` is missing, or a policy of the cluster forbids it. The server says: {message}"
            ),
            _ => format!("cannot {action}: the API server answers {code}: {message}"),
        }
    }
}

impl ClusterError {
    /// Whether there is no such object.
    pub fn is_not_found(&self) -> bool {
        self.code() == Some(404)
    }

    /// Whether the identity of this program may not do it.
    pub fn is_forbidden(&self) -> bool {
        self.code() == Some(403)
    }

    /// Whether the object has changed meanwhile, or is there already.
    pub fn is_conflict(&self) -> bool {
        self.code() == Some(409)
    }

    /// Whether a list's state has expired on the server, so that the next page cannot be had.
    pub fn is_expired(&self) -> bool {
        self.code() == Some(410)
    }

    /// The HTTP status of the server's refusal.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.code),
            _ => None,
        }
    }

    /// Says what an error of kube's client means.
    pub(crate) fn client(server: &str, action: &str, error: kube::Error) -> Self {
        let is_untrusted = is_untrusted(&error);
        let (server, action) = (server.to_owned(), action.to_owned());
        match error {
            kube::Error::Api(status) => Self::Refused(Box::new(Refusal {
                server,
                action,
                right: String::new(),
                code: status.code,
                reason: status.reason,
                message: status.message,
            })),
            kube::Error::Auth(error) => Self::credentials(server, &error),
            kube::Error::RustlsTls(error) => Self::Certificates { server, detail: innermost(&error) },
            kube::Error::HyperError(error) if is_untrusted => {
                Self::Untrusted { action, server, detail: innermost(&error) }
            }
            kube::Error::HyperError(error) => Self::unreachable(server, action, &error),
            kube::Error::Service(error) => match error.downcast::<kube::client::AuthError>() {
                Ok(error) => Self::credentials(server, &error),
                Err(error) if is_untrusted => {
                    Self::Untrusted { action, server, detail: innermost(error.as_ref()) }
                }
                Err(error) => Self::unreachable(server, action, error.as_ref()),
            },
            other => Self::Answer { action, detail: other.to_string() },
        }
    }

    pub(crate) fn unreachable(server: String, action: String, error: &(dyn Error + 'static)) -> Self {
        Self::Unreachable { action, server, detail: innermost(error) }
    }

    fn credentials(server: String, error: &kube::client::AuthError) -> Self {
        let detail = match error {
            // Its command line and its standard output may hold secrets.
            kube::client::AuthError::AuthExecRun { out, .. } => {
                let text = String::from_utf8_lossy(&out.stderr);
                let line = text.lines().next().unwrap_or("it says nothing");
                format!("the credential plugin failed with {}: {line}", out.status)
            }
            other => other.to_string(),
        };
        Self::Credentials { server, detail }
    }
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    std::iter::successors(Some(error), |&error| error.source())
        .last()
        .map_or_else(String::new, ToString::to_string)
}

/// Whether the server's certificate was not accepted: another attempt would not change that.
fn is_untrusted(error: &kube::Error) -> bool {
    let error: &(dyn Error + 'static) = error;
    std::iter::successors(Some(error), |&error| within(error)).any(|cause| {
        matches!(cause.downcast_ref::<rustls::Error>(), Some(rustls::Error::InvalidCertificate(_)))
    })
}

/// What is behind an error. An I/O error tells the cause of what it carries, and not what it carries.
fn within<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(carried) => Some(carried),
        None => error.source(),
    }
}

fn listed(contexts: &[String]) -> String {
    if contexts.is_empty() {
        return "none".to_owned();
    }
    let quoted: Vec<String> = contexts.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
