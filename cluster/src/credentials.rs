//! Credentials as people paste them, checked before kube gets them: white space around a token, a certificate that is or is
//! not base64-encoded, an address. An error names what is wrong and what to do, and never shows a secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use rustls::pki_types::ServerName;

/// A setting of a kubeconfig, by its name there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// `token`
    Token,
    /// `tokenFile`
    TokenFile,
    /// `certificate-authority-data`
    AuthorityData,
    /// `certificate-authority`
    Authority,
    /// `client-certificate-data`
    ClientCertificateData,
    /// `client-certificate`
    ClientCertificate,
    /// `client-key-data`
    ClientKeyData,
    /// `client-key`
    ClientKey,
    /// `id-token` of an `auth-provider`
    IdToken,
    /// `access-token` of an `auth-provider`
    AccessToken,
    /// `as`
    As,
    /// `as-uid`
    AsUid,
    /// `as-groups`
    AsGroups,
    /// `as-user-extra`
    AsUserExtra,
    /// `server`
    Server,
    /// `proxy-url`
    ProxyUrl,
    /// `tls-server-name`
    TlsServerName,
}

impl std::fmt::Display for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Token => "token",
            Self::TokenFile => "tokenFile",
            Self::AuthorityData => "certificate-authority-data",
            Self::Authority => "certificate-authority",
            Self::ClientCertificateData => "client-certificate-data",
            Self::ClientCertificate => "client-certificate",
            Self::ClientKeyData => "client-key-data",
            Self::ClientKey => "client-key",
            Self::IdToken => "id-token",
            Self::AccessToken => "access-token",
            Self::As => "as",
            Self::AsUid => "as-uid",
            Self::AsGroups => "as-groups",
            Self::AsUserExtra => "as-user-extra",
            Self::Server => "server",
            Self::ProxyUrl => "proxy-url",
            Self::TlsServerName => "tls-server-name",
        })
    }
}

/// Why a credential cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// There is nothing in it.
    #[error("it is empty; set a value, or leave it out")]
    Empty,
    /// It has characters that no token has.
    #[error(
        "it holds a line break, a space or another character that no token has; give the token alone, as one line"
    )]
    TokenForm,
    /// A text that no HTTP header can hold.
    #[error("it holds a line break or a control character; write the name as one line")]
    HeaderForm,
    /// No address.
    #[error("it is not the address of a server; write `https://host:port`")]
    NotAnAddress,
    /// An address with a user, which errors would show.
    #[error(
        "it holds a user name or a password; write `https://host:port` here, and `username` and `password` at the user"
    )]
    AddressOfAUser,
    /// No proxy's address, which may hold a password.
    #[error("it is not the address of a proxy; write `http://host:port` or `socks5://host:port`")]
    NotAProxy,
    /// No name that a certificate can have.
    #[error("it is neither a DNS name nor an IP address; write the name that the server's certificate has")]
    NotAServerName,
    /// PEM where base64 belongs.
    #[error(
        "it holds PEM text, and base64 of that text belongs there; encode it (`base64 -w0`), or name the file in the \
         setting without `-data`"
    )]
    NotEncoded,
    /// Neither base64 nor PEM.
    #[error("it is not base64; encode the PEM file with `base64 -w0`")]
    NotBase64,
    /// Several lines where the name of a file belongs.
    #[error(
        "it holds several lines, and the name of a file belongs there; write the text to a file, or give it in base64 in the \
         setting with `-data`"
    )]
    NotAFile,
    /// Base64 where PEM belongs.
    #[error("it is base64-encoded, and PEM belongs there; decode it, as in `base64decode(…)`")]
    StillEncoded,
    /// No PEM.
    #[error("it is not PEM: no line begins with `-----BEGIN`")]
    NotPem,
    /// PEM of something else.
    #[error("it is PEM, and holds no certificate (`-----BEGIN CERTIFICATE-----`)")]
    NoCertificate,
    /// PEM of something else.
    #[error("it is PEM, and holds no private key (`-----BEGIN PRIVATE KEY-----` or its like)")]
    NoKey,
}

/// What a PEM text has to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PemKind {
    /// At least one certificate.
    Certificate,
    /// A private key.
    Key,
}

/// The token without the white space around it.
///
/// # Errors
/// [`CredentialError`] where the rest is not one visible word, as a header needs.
pub fn token(text: &str) -> Result<&str, CredentialError> {
    let token = text.trim();
    if token.is_empty() {
        return Err(CredentialError::Empty);
    }
    if token.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(token)
    } else {
        Err(CredentialError::TokenForm)
    }
}

/// Checks a text that is sent in a header.
///
/// # Errors
/// [`CredentialError::HeaderForm`].
pub fn header_text(text: &str) -> Result<(), CredentialError> {
    HeaderValue::from_str(text).map(drop).map_err(|_| CredentialError::HeaderForm)
}

/// Checks the address of an API server. Without a scheme it is refused: a credential is not sent on a guess.
///
/// # Errors
/// [`CredentialError::NotAnAddress`], [`CredentialError::AddressOfAUser`].
pub fn server_address(text: &str) -> Result<(), CredentialError> {
    if !is_address(text, &["https", "http"]) {
        return Err(CredentialError::NotAnAddress);
    }
    let authority = text.parse::<Uri>().ok().and_then(|uri| uri.into_parts().authority);
    match authority.is_some_and(|authority| authority.as_str().contains('@')) {
        true => Err(CredentialError::AddressOfAUser),
        false => Ok(()),
    }
}

/// Checks the address of a proxy.
///
/// # Errors
/// [`CredentialError::NotAProxy`].
pub fn proxy_address(text: &str) -> Result<(), CredentialError> {
    match is_address(text, &["https", "http", "socks5"]) {
        true => Ok(()),
        false => Err(CredentialError::NotAProxy),
    }
}

fn is_address(text: &str, schemes: &[&str]) -> bool {
    text.parse::<Uri>().is_ok_and(|uri| {
        uri.scheme_str().is_some_and(|scheme| schemes.contains(&scheme))
            && uri.host().is_some_and(|host| !host.is_empty())
    })
}

/// Checks the name by which a server's certificate is verified.
///
/// # Errors
/// [`CredentialError::NotAServerName`].
pub fn server_name(text: &str) -> Result<(), CredentialError> {
    ServerName::try_from(text).map(drop).map_err(|_| CredentialError::NotAServerName)
}

/// Checks the name of a file. What was pasted in its place, a private key for example, has several lines and is not shown.
///
/// # Errors
/// [`CredentialError::NotAFile`].
pub fn file_name(text: &str) -> Result<(), CredentialError> {
    if text.contains(['\n', '\r']) || text.contains("-----BEGIN ") {
        return Err(CredentialError::NotAFile);
    }
    Ok(())
}

/// Checks PEM text.
///
/// # Errors
/// [`CredentialError`] where it holds nothing of `kind`.
pub fn pem(text: &str, kind: PemKind) -> Result<(), CredentialError> {
    if text.trim().is_empty() {
        return Err(CredentialError::Empty);
    }
    if !text.contains("-----BEGIN ") {
        let decoded = decode(text).and_then(|bytes| String::from_utf8(bytes).ok());
        return Err(match decoded {
            Some(inner) if inner.contains("-----BEGIN ") => CredentialError::StillEncoded,
            _ => CredentialError::NotPem,
        });
    }
    let mut labels = text.lines().filter_map(|line| line.trim().strip_prefix("-----BEGIN "));
    match kind {
        PemKind::Certificate if !labels.any(|label| label.contains("CERTIFICATE")) => {
            Err(CredentialError::NoCertificate)
        }
        PemKind::Key if !labels.any(|label| label.contains("PRIVATE KEY")) => Err(CredentialError::NoKey),
        _ => Ok(()),
    }
}

/// Checks base64 of PEM text, and gives it without white space, which client-go ignores and kube does not.
///
/// # Errors
/// [`CredentialError`] where it is not base64, or what it encodes holds nothing of `kind`.
pub fn base64_pem(text: &str, kind: PemKind) -> Result<String, CredentialError> {
    if text.trim().is_empty() {
        return Err(CredentialError::Empty);
    }
    if text.contains("-----BEGIN ") {
        return Err(CredentialError::NotEncoded);
    }
    let bytes = decode(text).ok_or(CredentialError::NotBase64)?;
    pem(&String::from_utf8_lossy(&bytes), kind)?;
    Ok(STANDARD.encode(bytes))
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let compact: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    STANDARD.decode(compact).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    #[test]
    fn white_space_around_a_token_is_taken_away_and_within_is_refused() {
        assert_eq!(token(" a.b-c \r\n"), Ok("a.b-c"));
        assert_eq!(token("\n"), Err(CredentialError::Empty));
        for wrong in ["a\nb", "a b", "a\u{e9}", "a\0"] {
            assert_eq!(token(wrong), Err(CredentialError::TokenForm), "{wrong:?}");
        }
    }

    #[test]
    fn each_wrong_encoding_has_its_own_remedy() {
        use CredentialError::{Empty, NoCertificate, NoKey, NotBase64, NotEncoded, NotPem, StillEncoded};
        let encoded = STANDARD.encode(PEM);
        let folded = format!("{}\n {}", &encoded[..10], &encoded[10..]);
        assert_eq!(pem(PEM, PemKind::Certificate), Ok(()));
        assert_eq!(pem(PEM, PemKind::Key), Err(NoKey));
        assert_eq!(pem(&encoded, PemKind::Certificate), Err(StillEncoded));
        assert_eq!(pem("certificate", PemKind::Certificate), Err(NotPem));
        assert_eq!(pem(&PEM.replace("CERTIFICATE", "PUBLIC KEY"), PemKind::Certificate), Err(NoCertificate));
        assert_eq!(base64_pem(&folded, PemKind::Certificate), Ok(encoded));
        assert_eq!(base64_pem(PEM, PemKind::Certificate), Err(NotEncoded));
        assert_eq!(base64_pem("%", PemKind::Certificate), Err(NotBase64));
        assert_eq!(base64_pem("", PemKind::Certificate), Err(Empty));
    }
}
