//! Which cluster and whose credentials the block and the `KUBE_*` variables name. Pure: variables come in.
//!
//! There is one answer or an error that names the attribute. What is set in the block counts before a variable of the same
//! meaning; two settings that could mean two clusters are refused, wherever they come from.

use std::path::PathBuf;

use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::value::{Attr, Value};

use super::credentials::{self, Credentials};
use super::{Block, Exec};

/// How the cluster is reached.
#[derive(Clone, Debug)]
pub struct Access {
    /// Where the cluster is named.
    pub source: Source,
    /// The name in the server's certificate.
    pub tls_server_name: Option<String>,
    /// Whether the server is not verified.
    pub insecure: Option<bool>,
    /// Certificate authorities, PEM.
    pub cluster_ca_certificate: Option<String>,
    /// A proxy.
    pub proxy_url: Option<String>,
    /// The identity that asks, where the kubeconfig does not say or is overruled.
    pub credentials: Credentials,
}

/// Where the cluster is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An address.
    Host(String),
    /// Files.
    Kubeconfig(Kubeconfig),
    /// The pod that the provider runs in: where nothing at all is set.
    InCluster,
}

/// Kubeconfig files, and what of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kubeconfig {
    /// The files, merged in order.
    pub files: Vec<PathBuf>,
    /// The context; the current one without it.
    pub context: Option<String>,
    /// The user.
    pub auth_info: Option<String>,
    /// The cluster.
    pub cluster: Option<String>,
    /// The attribute that errors are about.
    pub attribute: &'static str,
}

/// The access, or why it cannot be told yet.
#[derive(Clone, Debug)]
pub enum AccessLookup {
    /// All is known.
    Known(Box<Access>),
    /// This attribute is not known yet.
    Unknown(&'static str),
}

/// Attributes and the variables that stand in for them.
const VARIABLES: [(&str, &str); 13] = [
    ("client_certificate", "KUBE_CLIENT_CERT_DATA"),
    ("client_key", "KUBE_CLIENT_KEY_DATA"),
    ("cluster_ca_certificate", "KUBE_CLUSTER_CA_CERT_DATA"),
    ("config_context", "KUBE_CTX"),
    ("config_context_auth_info", "KUBE_CTX_AUTH_INFO"),
    ("config_context_cluster", "KUBE_CTX_CLUSTER"),
    ("config_path", "KUBE_CONFIG_PATH"),
    ("host", "KUBE_HOST"),
    ("password", "KUBE_PASSWORD"),
    ("proxy_url", "KUBE_PROXY_URL"),
    ("tls_server_name", "KUBE_TLS_SERVER_NAME"),
    ("token", "KUBE_TOKEN"),
    ("username", "KUBE_USER"),
];

/// Reads the block and the variables.
///
/// # Errors
/// Each about the attribute that is wrong, missing or contradicted.
pub fn find(block: &Block, variable: &dyn Fn(&str) -> Option<String>) -> Result<AccessLookup, Diagnostics> {
    if let Some(name) = unknown(block) {
        return Ok(AccessLookup::Unknown(name));
    }
    let get = |name: &'static str, attribute: &Attr<String>| given(name, attribute, variable);
    let mut parts = Parts {
        host: get("host", &block.host),
        username: get("username", &block.username),
        password: get("password", &block.password),
        token: get("token", &block.token),
        client_certificate: get("client_certificate", &block.client_certificate),
        client_key: get("client_key", &block.client_key),
        cluster_ca_certificate: get("cluster_ca_certificate", &block.cluster_ca_certificate),
        tls_server_name: get("tls_server_name", &block.tls_server_name),
        proxy_url: get("proxy_url", &block.proxy_url),
        context: get("config_context", &block.config_context),
        auth_info: get("config_context_auth_info", &block.config_context_auth_info),
        cluster: get("config_context_cluster", &block.config_context_cluster),
        insecure: insecure(block, variable)?,
        exec: Exec::read(&block.exec)?,
        files: Vec::new(),
        attribute: "config_path",
    };
    (parts.files, parts.attribute) = files(block, variable)?;
    let wrong = parts.contradictions();
    if wrong.has_errors() {
        return Err(wrong);
    }
    parts.into_access().map(Box::new).map(AccessLookup::Known)
}

/// The first part of the connection that is not known yet.
fn unknown(block: &Block) -> Option<&'static str> {
    let texts = [
        ("host", &block.host),
        ("username", &block.username),
        ("password", &block.password),
        ("token", &block.token),
        ("tls_server_name", &block.tls_server_name),
        ("client_certificate", &block.client_certificate),
        ("client_key", &block.client_key),
        ("cluster_ca_certificate", &block.cluster_ca_certificate),
        ("proxy_url", &block.proxy_url),
        ("config_path", &block.config_path),
        ("config_context", &block.config_context),
        ("config_context_auth_info", &block.config_context_auth_info),
        ("config_context_cluster", &block.config_context_cluster),
    ];
    let text = texts.into_iter().find(|(_, attribute)| attribute.is_unknown()).map(|(name, _)| name);
    let wide = || {
        let values = [("config_paths", &block.config_paths), ("exec", &block.exec)];
        values.into_iter().find(|(_, value)| !value.is_wholly_known()).map(|(name, _)| name)
    };
    text.or_else(|| block.insecure.is_unknown().then_some("insecure")).or_else(wide)
}

/// A part as it is set. An empty text is not set: modules pass `""` for "nothing".
fn given(name: &str, attribute: &Attr<String>, variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let own = attribute.known().filter(|text| !text.is_empty()).cloned();
    let from_variable = || {
        let (_, variable_name) = VARIABLES.iter().find(|(attribute, _)| *attribute == name)?;
        variable(variable_name).filter(|text| !text.is_empty())
    };
    own.or_else(from_variable)
}

fn insecure(block: &Block, variable: &dyn Fn(&str) -> Option<String>) -> Result<Option<bool>, Diagnostics> {
    if let Attr::Known(insecure) = block.insecure {
        return Ok(Some(insecure));
    }
    match variable("KUBE_INSECURE").filter(|text| !text.is_empty()).as_deref() {
        None => Ok(None),
        Some("true" | "1") => Ok(Some(true)),
        Some("false" | "0") => Ok(Some(false)),
        Some(_) => Err(wrong("insecure", "`KUBE_INSECURE` is neither `true` nor `false`.").into()),
    }
}

fn files(
    block: &Block,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<(Vec<PathBuf>, &'static str), Diagnostics> {
    let one = given("config_path", &block.config_path, variable);
    let several: Vec<PathBuf> = match &block.config_paths {
        Value::List(paths) => paths.iter().filter_map(Value::as_str).map(expanded(variable)).collect(),
        _ => variable("KUBE_CONFIG_PATHS")
            .map(|paths| std::env::split_paths(&paths).filter(|path| !path.as_os_str().is_empty()).collect())
            .unwrap_or_default(),
    };
    match (one, several.is_empty()) {
        (Some(_), false) => Err(wrong(
            "config_paths",
            "`config_path` (or `KUBE_CONFIG_PATH`) and `config_paths` (or `KUBE_CONFIG_PATHS`) are both set: leave one out.",
        )
        .into()),
        (Some(one), true) => Ok((vec![expanded(variable)(&one)], "config_path")),
        (None, _) => Ok((several, "config_paths")),
    }
}

/// `~/` is the home directory, as in a shell.
fn expanded(variable: &dyn Fn(&str) -> Option<String>) -> impl Fn(&str) -> PathBuf + '_ {
    move |path| match (path.strip_prefix("~/"), variable("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}

fn wrong(attribute: &str, detail: impl Into<String>) -> Diagnostic {
    Diagnostic::error("The provider's configuration contradicts itself", detail).at_attribute(attribute)
}

fn missing(attribute: &str, detail: impl Into<String>) -> Diagnostic {
    Diagnostic::error("The provider's configuration is not complete", detail).at_attribute(attribute)
}

struct Parts {
    host: Option<String>,
    username: Option<String>,
    password: Option<String>,
    token: Option<String>,
    client_certificate: Option<String>,
    client_key: Option<String>,
    cluster_ca_certificate: Option<String>,
    tls_server_name: Option<String>,
    proxy_url: Option<String>,
    context: Option<String>,
    auth_info: Option<String>,
    cluster: Option<String>,
    insecure: Option<bool>,
    exec: Option<Exec>,
    files: Vec<PathBuf>,
    attribute: &'static str,
}

impl Parts {
    fn into_access(self) -> Result<Access, Diagnostics> {
        let source = match self.host {
            Some(host) => Source::Host(address(&host)?),
            None if self.files.is_empty() => Source::InCluster,
            None => Source::Kubeconfig(Kubeconfig {
                files: self.files,
                context: self.context,
                auth_info: self.auth_info,
                cluster: self.cluster,
                attribute: self.attribute,
            }),
        };
        let credentials = Credentials {
            token: credentials::token(self.token)?,
            basic: self.username.zip(self.password.map(secrecy::SecretString::from)),
            certificate: credentials::certificate("client_certificate", self.client_certificate)?
                .zip(credentials::key("client_key", self.client_key)?),
            exec: self.exec,
        };
        Ok(Access {
            source,
            tls_server_name: credentials::server_name(self.tls_server_name)?,
            insecure: self.insecure,
            cluster_ca_certificate: credentials::certificate(
                "cluster_ca_certificate",
                self.cluster_ca_certificate,
            )?,
            proxy_url: credentials::proxy_url(self.proxy_url)?,
            credentials,
        })
    }
}

/// An address with a scheme. Without one it is https, because credentials are sent there.
fn address(host: &str) -> Result<String, Diagnostic> {
    let with_scheme = if host.contains("://") { host.to_owned() } else { format!("https://{host}") };
    let uri = with_scheme.parse::<http::Uri>().ok();
    let is_address = uri.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("https" | "http")) && uri.host().is_some_and(|host| !host.is_empty())
    });
    if is_address {
        Ok(with_scheme)
    } else {
        Err(wrong("host", format!("`{host}` is not an address: write `https://host:port`.")))
    }
}

mod contradictions;
#[cfg(test)]
mod tests;
