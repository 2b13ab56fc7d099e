//! The token of a `tokenFile`, as client-go reads it: without the white space around it, again about once a minute, and the
//! last good one where the file cannot be read.
//!
//! kube sends the file's bytes as they are, so a file that ends with a newline gives no valid header; therefore this
//! sets the header.
//!
//! Source: `fileTokenSource` and `cachingTokenSource`,
//! <https://github.com/kubernetes/client-go/blob/v0.36.0/transport/token_source.go>.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use kube::config::AuthInfo;
use secrecy::{ExposeSecret, SecretString};

use crate::credentials;

/// How long a token that was read is used before the file is read again.
const PERIOD: Duration = Duration::from_secs(60);

/// A file with a token.
#[derive(Clone)]
pub(crate) struct TokenFile {
    path: PathBuf,
    last: Arc<Mutex<Option<(HeaderValue, Instant)>>>,
}

impl TokenFile {
    /// Takes the token file out of `user`, where it is the credential that counts: a file counts before a token, and basic
    /// authentication before both, as in client-go.
    pub(crate) fn take(user: &mut AuthInfo) -> Option<Self> {
        // An empty user name is an absent one, as in client-go; kube would take it for basic authentication.
        user.username = user.username.take().filter(|name| !name.is_empty());
        if user.username.is_some() || user.auth_provider.is_some() {
            return None;
        }
        let path = user.token_file.take().filter(|path| !path.is_empty())?;
        let fallback = user.token.take().and_then(|token| header(&token).ok());
        let expired = Instant::now().checked_sub(PERIOD).unwrap_or_else(Instant::now);
        let last = fallback.map(|header| (header, expired));
        user.exec = None;
        Some(Self { path: path.into(), last: Arc::new(Mutex::new(last)) })
    }

    /// Reads the file now.
    ///
    /// # Errors
    /// Where it cannot be read, or what it holds is not a token, and there is no earlier one.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.read() {
            Ok(header) => {
                self.keep(header);
                Ok(())
            }
            Err(_) if self.kept().is_some() => Ok(()),
            Err(error) => Err(format!("`{}`: {error}", self.path.display())),
        }
    }

    /// The request with the token of now.
    pub(crate) fn authorize<B>(&self, mut request: Request<B>) -> Request<B> {
        let kept = self.kept();
        let header = match kept {
            Some((header, since)) if since.elapsed() < PERIOD => Some(header),
            kept => match self.read() {
                Ok(header) => {
                    self.keep(header.clone());
                    Some(header)
                }
                Err(error) => {
                    tracing::warn!(path = %self.path.display(), error, "the token file cannot be read again");
                    kept.map(|(header, _)| header)
                }
            },
        };
        if let Some(header) = header {
            request.headers_mut().insert(AUTHORIZATION, header);
        }
        request
    }

    fn read(&self) -> Result<HeaderValue, String> {
        let text = std::fs::read_to_string(&self.path).map_err(|error| error.to_string())?;
        header(&SecretString::from(text))
    }

    fn kept(&self) -> Option<(HeaderValue, Instant)> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, header: HeaderValue) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((header, Instant::now()));
    }
}

fn header(token: &SecretString) -> Result<HeaderValue, String> {
    let token = credentials::token(token.expose_secret()).map_err(|error| error.to_string())?;
    let mut header = HeaderValue::try_from(format!("Bearer {token}")).map_err(|error| error.to_string())?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(file: &TokenFile) -> Option<String> {
        let request = file.authorize(Request::new(()));
        request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_newline_at_the_end_is_not_sent() {
        let path = std::env::temp_dir().join(format!("p0-cluster-token-{}", std::process::id()));
        std::fs::write(&path, "abc.def\n").unwrap();
        let mut user = AuthInfo {
            token: Some(SecretString::from("other".to_owned())),
            token_file: Some(path.display().to_string()),
            ..AuthInfo::default()
        };
        let file = TokenFile::take(&mut user).unwrap();
        assert!(user.token.is_none() && user.token_file.is_none());
        assert_eq!(file.check(), Ok(()));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(sent(&file).as_deref(), Some("Bearer abc.def"));
        let gone = TokenFile { path, last: Arc::default() };
        assert!(gone.check().unwrap_err().contains("p0-cluster-token"));
        assert_eq!(sent(&gone), None);
    }
}
