//! Who asks: a token as it was given, or an App, whose installation gives tokens that end after an hour and are renewed before.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::app::{AppId, AppKey};
use super::error::{GithubError, Problem};
use super::repository::Installation;
use super::transport::{Transport, parse};
use super::{RepositoryName, ServerUrl};

/// Who asks.
#[derive(Clone)]
pub enum Credential {
    /// A token of a user: a fine-grained personal access token.
    Token(SecretString),
    /// An App that is installed on the repository.
    App {
        /// Which.
        id: AppId,
        /// Its private key.
        key: AppKey,
    },
}

/// How long before its end a token is renewed: a call that begins with it has to end with it.
const EARLY: SignedDuration = SignedDuration::from_secs(5 * 60);

/// The tokens of one credential for one repository.
#[derive(Clone)]
pub(crate) struct Auth {
    credential: Credential,
    server: ServerUrl,
    repository: RepositoryName,
    issued: Arc<Mutex<Option<Issued>>>,
    /// One renewal at a time.
    renewing: Arc<tokio::sync::Mutex<()>>,
}

/// A token of the installation. Its length and letters are nobody's business.
struct Issued {
    token: SecretString,
    expires_at: Timestamp,
}

#[derive(Deserialize)]
struct Answer {
    token: String,
    expires_at: Timestamp,
}

impl Auth {
    pub(crate) fn new(credential: Credential, server: ServerUrl, repository: RepositoryName) -> Self {
        Self { credential, server, repository, issued: Arc::default(), renewing: Arc::default() }
    }

    pub(crate) fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The token to ask with.
    pub(crate) async fn token(&self, transport: &Transport) -> Result<SecretString, GithubError> {
        if let Credential::Token(token) = &self.credential {
            return Ok(token.clone());
        }
        if let Some(token) = self.fresh() {
            return Ok(token);
        }
        let _one = self.renewing.lock().await;
        match self.fresh() {
            // Another call renewed it.
            Some(token) => Ok(token),
            None => self.renew(transport).await,
        }
    }

    /// Forgets a token that was refused before its end; whether another one can be had.
    pub(crate) fn forget(&self, token: &SecretString) -> bool {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if issued.as_ref().is_some_and(|own| own.token.expose_secret() == token.expose_secret()) {
            *issued = None;
        }
        matches!(self.credential, Credential::App { .. })
    }

    /// Forgets the token of now.
    pub(crate) fn forget_present(&self) {
        *self.issued.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn fresh(&self) -> Option<SecretString> {
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = issued.as_ref().filter(|own| own.expires_at - EARLY > Timestamp::now())?;
        Some(fresh.token.clone())
    }

    async fn renew(&self, transport: &Transport) -> Result<SecretString, GithubError> {
        let doing = "getting a token for the App's installation";
        let installation = self.installation(transport).await?;
        let number = installation.id.to_string();
        let url = self.server.endpoint(["app", "installations", &number, "access_tokens"]);
        // The token reaches this one repository, whatever else the App is installed on.
        let body = json!({ "repositories": [self.repository.name()] });
        let answer = transport.exchange(doing, transport.http.post(url).json(&body), &self.word()?).await?;
        let Answer { token, expires_at } = parse(doing, &answer.body)?;
        let token = SecretString::from(token);
        let issued = Issued { token: token.clone(), expires_at };
        *self.issued.lock().unwrap_or_else(PoisonError::into_inner) = Some(issued);
        Ok(token)
    }

    /// The App's installation on the repository.
    pub(crate) async fn installation(&self, transport: &Transport) -> Result<Installation, GithubError> {
        let doing = "finding the App's installation";
        let url =
            self.server.endpoint(["repos", self.repository.owner(), self.repository.name(), "installation"]);
        let found = transport.exchange(doing, transport.http.get(url), &self.word()?).await;
        let found: Installation = match found {
            Ok(answer) => parse(doing, &answer.body)?,
            Err(GithubError { problem: Problem::NotFound, .. }) => {
                return Err(GithubError { doing, problem: Problem::NotInstalled });
            }
            Err(error) => return Err(error),
        };
        match found.suspended_at {
            Some(_) => Err(GithubError { doing, problem: Problem::Suspended }),
            None => Ok(found),
        }
    }

    /// The App's own word.
    pub(crate) fn word(&self) -> Result<SecretString, GithubError> {
        let doing = "signing as the App";
        match &self.credential {
            Credential::Token(_) => Err(GithubError { doing, problem: Problem::Unauthorized }),
            Credential::App { id, key } => match key.word(id, Timestamp::now()) {
                Ok(word) => Ok(word.into()),
                Err(error) => Err(GithubError { doing, problem: Problem::Key(error) }),
            },
        }
    }
}

/// No secret is printed.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token(..)",
            Self::App { .. } => "App(..)",
        })
    }
}
