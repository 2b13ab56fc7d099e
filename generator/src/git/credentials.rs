//! Credentials for a remote: each kind is tried once, and what was tried is said.
//!
//! Nothing secret is ever put into a URL, an argument or an error. Not here: the signing key of grants, which is another.

use std::cell::RefCell;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use git2::{Config, Cred, CredentialType};

/// Where a token comes from.
#[derive(Clone)]
enum TokenSource {
    Fixed(String),
    /// It ends, or may be taken back, and there is another one then.
    Renewed(Arc<dyn Fn(TokenAsk) -> Result<String, String> + Send + Sync>),
}

/// When a token is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenAsk {
    /// A remote wants one.
    First,
    /// The remote has refused it: another one is wanted.
    AfterRefusal,
}

/// What a caller has to offer besides the SSH agent and Git's credential helpers, which are always asked.
#[derive(Clone, Default)]
pub struct Credentials {
    token: Option<TokenSource>,
    ssh_key: Option<PathBuf>,
}

impl Credentials {
    /// With a token for HTTPS, as forges give them.
    #[must_use]
    pub fn with_token(self, token: impl Into<String>) -> Self {
        Self { token: Some(TokenSource::Fixed(token.into())), ..self }
    }

    /// With tokens that end: one is asked for whenever a remote wants it. It says why there is none.
    #[must_use]
    pub fn with_token_source(
        self,
        source: impl Fn(TokenAsk) -> Result<String, String> + Send + Sync + 'static,
    ) -> Self {
        Self { token: Some(TokenSource::Renewed(Arc::new(source))), ..self }
    }

    /// With the file of an unencrypted private key for SSH.
    #[must_use]
    pub fn with_ssh_key(mut self, path: impl Into<PathBuf>) -> Self {
        self.ssh_key = Some(path.into());
        self
    }
}

/// Neither the token nor the key's place is printed.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials { .. }")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Agent,
    KeyFile,
    Token,
    OtherToken,
    Helper,
}

/// One conversation with a remote: remembers what was tried, because libgit2 asks until it is told to stop.
pub(super) struct Attempts<'c> {
    credentials: &'c Credentials,
    tried: RefCell<Vec<Kind>>,
}

impl<'c> Attempts<'c> {
    pub(super) fn new(credentials: &'c Credentials) -> Self {
        Self { credentials, tried: RefCell::default() }
    }

    /// Forgets what was tried: another conversation begins.
    pub(super) fn begin(&self) {
        self.tried.borrow_mut().clear();
    }

    /// What was tried, for reading.
    pub(super) fn tried(&self) -> String {
        let tried = self.tried.borrow();
        let names = tried.iter().map(|kind| match kind {
            Kind::Agent => "the SSH agent",
            Kind::KeyFile => "the SSH key file",
            Kind::Token => "the token",
            Kind::OtherToken => "another token",
            Kind::Helper => "Git's credential helper",
        });
        let names = names.collect::<Vec<_>>().join(", ");
        if names.is_empty() { "nothing".to_owned() } else { names }
    }

    /// libgit2's callback.
    pub(super) fn next(
        &self,
        url: &str,
        user: Option<&str>,
        allowed: CredentialType,
    ) -> Result<Cred, git2::Error> {
        let name = user.unwrap_or("git");
        if allowed.contains(CredentialType::USERNAME) {
            return Cred::username(name);
        }
        for kind in [Kind::Agent, Kind::KeyFile, Kind::Token, Kind::OtherToken, Kind::Helper] {
            if self.tried.borrow().contains(&kind) {
                continue;
            }
            if let Some(credential) = self.make(kind, url, user, name, allowed) {
                self.tried.borrow_mut().push(kind);
                return credential;
            }
        }
        Err(git2::Error::new(git2::ErrorCode::Auth, git2::ErrorClass::Callback, "no credential was accepted"))
    }

    /// `None` where the kind does not apply here.
    fn make(
        &self,
        kind: Kind,
        url: &str,
        user: Option<&str>,
        name: &str,
        allowed: CredentialType,
    ) -> Option<Result<Cred, git2::Error>> {
        let ssh = allowed.contains(CredentialType::SSH_KEY);
        let password = allowed.contains(CredentialType::USER_PASS_PLAINTEXT);
        match kind {
            Kind::Agent if ssh => Some(Cred::ssh_key_from_agent(name)),
            Kind::KeyFile if ssh => {
                self.credentials.ssh_key.as_deref().map(|path| Cred::ssh_key(name, None, path, None))
            }
            Kind::Token if password => self.token(TokenAsk::First, user),
            Kind::OtherToken if password => self.token(TokenAsk::AfterRefusal, user),
            Kind::Helper if password => {
                let config = Config::open_default().ok()?;
                Cred::credential_helper(&config, url, user).ok().map(Ok)
            }
            _ => None,
        }
    }

    /// `None` where there is no token, or no other one.
    fn token(&self, ask: TokenAsk, user: Option<&str>) -> Option<Result<Cred, git2::Error>> {
        let token = match (self.credentials.token.as_ref()?, ask) {
            (TokenSource::Fixed(token), TokenAsk::First) => Ok(token.clone()),
            (TokenSource::Fixed(_), TokenAsk::AfterRefusal) => return None,
            (TokenSource::Renewed(source), ask) => source(ask),
        };
        let no_token = |why: String| git2::Error::new(git2::ErrorCode::Auth, git2::ErrorClass::Callback, why);
        // Forges take any user name beside a token; this is the one that GitHub documents.
        let user = user.unwrap_or("x-access-token");
        Some(token.map_err(no_token).and_then(|token| Cred::userpass_plaintext(user, &token)))
    }
}
