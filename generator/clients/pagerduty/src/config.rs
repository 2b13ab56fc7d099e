//! Where PagerDuty is, and what it is asked with. Not here: asking.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::HeaderValue;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

/// How to reach PagerDuty.
#[derive(Clone, Debug)]
pub struct Config {
    /// One of PagerDuty's regions, or another address.
    pub endpoint: Endpoint,
    /// The API key.
    pub token: Token,
    /// How long one call may take, with all of its pages and tries.
    pub limit: Duration,
    /// Certificates of authorities, in PEM, that are trusted besides the system's.
    pub authorities: Option<Vec<u8>>,
}

/// The address of PagerDuty's REST API. Always HTTPS: the API key goes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(Cow<'static, str>);

/// An API key of PagerDuty. It is never shown.
#[derive(Clone)]
pub struct Token(SecretString);

/// Why the configuration cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not an address.
    #[error(
        "the address of PagerDuty has to be `https://` and a host, without user, path, query or fragment"
    )]
    Endpoint,
    /// Not an API key.
    #[error(
        "the PagerDuty API token is empty, or holds a space, a line end or another character that no token has"
    )]
    Token,
    /// Not certificates.
    #[error("the certificates for PagerDuty cannot be read as PEM")]
    Authorities,
    /// The HTTPS client does not start.
    #[error("the HTTPS client for PagerDuty cannot be set up with the certificates of this system")]
    Client,
}

impl Config {
    /// The usual limit, and the system's certificates.
    pub fn new(endpoint: Endpoint, token: Token) -> Self {
        Self { endpoint, token, limit: Duration::from_secs(8), authorities: None }
    }
}

impl Endpoint {
    /// PagerDuty's service region in the United States.
    pub const fn us() -> Self {
        Self(Cow::Borrowed("https://api.pagerduty.com"))
    }

    /// PagerDuty's service region in the European Union.
    pub const fn eu() -> Self {
        Self(Cow::Borrowed("https://api.eu.pagerduty.com"))
    }

    /// The address of a resource; `path` begins with a slash.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl FromStr for Endpoint {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let url = Url::parse(text).map_err(|_| ConfigError::Endpoint)?;
        let is_bare = url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none();
        match url.scheme() == "https" && url.has_host() && is_bare {
            true => Ok(Self(Cow::Owned(url.as_str().trim_end_matches('/').to_owned()))),
            false => Err(ConfigError::Endpoint),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Token {
    /// The header that proves who asks.
    pub(crate) fn header(&self) -> Result<HeaderValue, ConfigError> {
        let text = format!("Token token={}", self.0.expose_secret());
        let mut value = HeaderValue::try_from(text).map_err(|_| ConfigError::Token)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl FromStr for Token {
    type Err = ConfigError;

    /// Spaces and line ends around it are left out: it is often read from a file.
    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let token = text.trim();
        match !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Ok(Self(token.into())),
            false => Err(ConfigError::Token),
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_and_a_host() {
        for text in ["https://api.pagerduty.com", "https://api.eu.pagerduty.com/", "https://localhost:8443"] {
            assert!(text.parse::<Endpoint>().is_ok(), "{text}");
        }
        for text in [
            "http://api.pagerduty.com",
            "https://me:secret@api.pagerduty.com",
            "https://api.pagerduty.com/v2",
            "https://api.pagerduty.com?x=1",
            "api.pagerduty.com",
            "",
        ] {
            assert_eq!(text.parse::<Endpoint>(), Err(ConfigError::Endpoint), "{text}");
        }
    }

    #[test]
    fn a_token_is_one_word_and_is_never_shown() {
        let token: Token = " u+x3fvwWPSBT6zt3ZkZw\n".parse().unwrap();
        assert_eq!(token.header().unwrap(), "Token token=u+x3fvwWPSBT6zt3ZkZw");
        assert!(token.header().unwrap().is_sensitive());
        let shown = format!("{token:?} {:?}", Config::new(Endpoint::us(), token.clone()));
        assert!(!shown.contains("u+x3"), "{shown}");
        for text in ["", " ", "two words", "line\nend", "naïve"] {
            assert_eq!(text.parse::<Token>().unwrap_err(), ConfigError::Token, "{text}");
        }
    }
}
