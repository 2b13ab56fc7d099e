//! The credentials of the provider block, checked before a client gets them: errors name the attribute and the remedy.
//!
//! Not here: the credentials of a kubeconfig ([`p0_cluster::load`] checks them).

use p0_cluster::credentials::{self, CredentialError, PemKind};
use secrecy::SecretString;
use tfplugin::diagnostics::Diagnostic;

use super::Exec;
use crate::text::sentence;

/// The identity that asks, where the kubeconfig does not say or is overruled.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// A bearer token.
    pub token: Option<SecretString>,
    /// Basic authentication.
    pub basic: Option<(String, SecretString)>,
    /// A client certificate and its key, PEM.
    pub certificate: Option<(String, SecretString)>,
    /// A program that prints credentials.
    pub exec: Option<Exec>,
}

/// A token without the white space around it, which `file("…")` leaves.
pub(super) fn token(text: Option<String>) -> Result<Option<SecretString>, Diagnostic> {
    let Some(text) = text else { return Ok(None) };
    let token = credentials::token(&text).map_err(|error| unusable("token", error))?;
    Ok(Some(SecretString::from(token.to_owned())))
}

/// PEM text that holds certificates.
pub(super) fn certificate(attribute: &str, text: Option<String>) -> Result<Option<String>, Diagnostic> {
    pem(attribute, text, PemKind::Certificate)
}

/// PEM text that holds a key.
pub(super) fn key(attribute: &str, text: Option<String>) -> Result<Option<SecretString>, Diagnostic> {
    Ok(pem(attribute, text, PemKind::Key)?.map(SecretString::from))
}

/// The name by which the server's certificate is verified.
pub(super) fn server_name(text: Option<String>) -> Result<Option<String>, Diagnostic> {
    verified("tls_server_name", text, credentials::server_name)
}

/// A proxy's address. It may hold a password, so it is never shown.
pub(super) fn proxy_url(text: Option<String>) -> Result<Option<String>, Diagnostic> {
    verified("proxy_url", text, credentials::proxy_address)
}

fn verified(
    attribute: &str,
    text: Option<String>,
    check: fn(&str) -> Result<(), CredentialError>,
) -> Result<Option<String>, Diagnostic> {
    text.iter().try_for_each(|text| check(text)).map_err(|error| unusable(attribute, error))?;
    Ok(text)
}

fn pem(attribute: &str, text: Option<String>, kind: PemKind) -> Result<Option<String>, Diagnostic> {
    let Some(text) = text else { return Ok(None) };
    credentials::pem(&text, kind).map_err(|error| unusable(attribute, error))?;
    Ok(Some(text))
}

fn unusable(attribute: &str, error: CredentialError) -> Diagnostic {
    Diagnostic::error("A credential cannot be used", sentence(&format!("`{attribute}`: {error}")))
        .at_attribute(attribute)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn what_file_leaves_around_a_token_is_taken_away_and_other_faults_name_the_attribute() {
        let read = token(Some("abc\n".to_owned())).unwrap().unwrap();
        assert_eq!(read.expose_secret(), "abc");
        let error = token(Some("a\nb".to_owned())).unwrap_err();
        assert_eq!(error.path.as_ref().map(ToString::to_string).as_deref(), Some("token"));
        assert!(!error.detail.contains("a\nb"), "{error:?}");
        let encoded = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==".to_owned();
        let error = certificate("cluster_ca_certificate", Some(encoded)).unwrap_err();
        assert!(error.detail.contains("base64decode"), "{error:?}");
    }
}
