//! Posting to somebody else's server: over HTTPS, within a time limit, and to that address alone.
//!
//! No error holds the address: it may be a secret itself. Not here: what is posted.

use std::time::Duration;

use http::HeaderMap;
use p0_grant::cause::chain;
use reqwest::{Certificate, Client, Url, redirect};

/// How long one post may take.
const LIMIT: Duration = Duration::from_secs(10);

/// An address that may be posted to.
#[derive(Clone)]
pub struct PostTarget {
    client: Client,
    url: Url,
}

/// Why an address cannot be posted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostTargetError {
    /// Not an address.
    #[error(
        "the address has to begin with `https://`, or with `http://localhost` on this machine, and has no user or password"
    )]
    Url,
    /// Not certificates.
    #[error("the certificates of `caFile` cannot be read as PEM")]
    Authorities,
    /// The HTTPS client does not start.
    #[error("the HTTPS client cannot be set up with the certificates of this system")]
    Client,
}

impl PostTarget {
    /// The address `url`, which also certificates of `authorities`, in PEM, may prove.
    ///
    /// # Errors
    /// [`PostTargetError`].
    pub fn new(url: &str, authorities: Option<&[u8]>) -> Result<Self, PostTargetError> {
        let url = check(url)?;
        let own = authorities.map(Certificate::from_pem_bundle).transpose();
        let own = own.map_err(|_| PostTargetError::Authorities)?.unwrap_or_default();
        let builder = Client::builder()
            .user_agent(concat!("p0-gitops/", env!("CARGO_PKG_VERSION")))
            // What is posted goes nowhere else.
            .redirect(redirect::Policy::none())
            .timeout(LIMIT);
        let builder = if own.is_empty() { builder } else { builder.tls_certs_merge(own) };
        Ok(Self { client: builder.build().map_err(|_| PostTargetError::Client)?, url })
    }

    /// Posts `body`; only an answer of success is one.
    ///
    /// # Errors
    /// What went wrong, without the address.
    pub async fn post(&self, headers: HeaderMap, body: String) -> Result<(), String> {
        let sent = self.client.post(self.url.clone()).headers(headers).body(body).send().await;
        let answer = sent.map_err(|error| chain(&error.without_url()))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(format!("it answered {status}")),
        }
    }
}

/// What is posted is not read on the way: plain HTTP does not leave this machine.
pub(crate) fn check(url: &str) -> Result<Url, PostTargetError> {
    let url = Url::parse(url).map_err(|_| PostTargetError::Url)?;
    let is_here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let is_private = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    let is_plain = url.username().is_empty() && url.password().is_none() && url.has_host();
    if is_private && is_plain { Ok(url) } else { Err(PostTargetError::Url) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        for url in ["https://hooks.example.com/p0?x=1", "http://localhost:9000/", "http://127.0.0.1/"] {
            assert!(check(url).is_ok(), "{url}");
        }
        for url in [
            "http://hooks.example.com/",
            "http://localhost.example.com/",
            "https://me:secret@hooks.example.com/",
            "file:///etc/passwd",
            "hooks.example.com",
            "",
        ] {
            assert_eq!(check(url).unwrap_err(), PostTargetError::Url, "{url}");
        }
    }
}
