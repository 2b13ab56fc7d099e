//! Which repository, with whose credentials, and with which key.

use std::path::PathBuf;

use anyhow::Context;
use jiff::Timestamp;
use p0_access::layout::ClusterName;

use crate::cli::complete;
use crate::git::{BaseBranch, Credentials, Identity, Remote};
use crate::repository::Repository;
use crate::signing::{KeySource, SigningKey};

/// Which repository.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct BaseArgs {
    /// The GitOps repository: a path, or an `https://` or `ssh://` address.
    ///
    /// Credentials are the SSH agent's keys, Git's credential helpers, the token in P0_GIT_TOKEN for `https://`, and the key
    /// file in P0_GIT_SSH_KEY for `ssh://`.
    #[arg(long, value_name = "PATH|URL", env = "P0_REPO")]
    repo: String,

    /// The protected branch that the cluster applies.
    #[arg(long, value_name = "BRANCH", default_value = "main", env = "P0_BASE")]
    base: String,
}

/// Which repository, and which cluster of it.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct RepositoryArgs {
    #[command(flatten)]
    at: BaseArgs,

    /// The cluster, as its folder in the repository is called.
    #[arg(long, value_name = "NAME", env = "P0_CLUSTER", add = complete::clusters())]
    pub(in crate::cli) cluster: ClusterName,
}

/// Which key signs.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct SigningArgs {
    /// The Ed25519 key that signs: a private key, or the `.pub` of one that the SSH agent holds; without it, the agent's only one.
    #[arg(long, value_name = "FILE", env = "P0_SIGNING_KEY")]
    key: Option<PathBuf>,
}

impl RepositoryArgs {
    pub(in crate::cli) fn open(&self) -> anyhow::Result<Repository> {
        self.at.open()
    }
}

impl BaseArgs {
    pub(in crate::cli) fn open(&self) -> anyhow::Result<Repository> {
        open_repository(&self.repo, &self.base)
    }
}

/// A secret. They come in by the environment alone: arguments are everybody's to read.
pub(in crate::cli) fn secret(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The repository at `place`, with the credentials of this environment.
pub(in crate::cli) fn open_repository(place: &str, base: &str) -> anyhow::Result<Repository> {
    open_repository_with(place, base, secret("P0_GIT_TOKEN"))
}

/// The same with the token of its own forge.
pub(in crate::cli) fn open_repository_with(
    place: &str,
    base: &str,
    token: Option<String>,
) -> anyhow::Result<Repository> {
    let credentials = match token {
        Some(token) => Credentials::default().with_token(token),
        None => Credentials::default(),
    };
    open_repository_as(place, base, credentials)
}

/// The same with credentials that come from elsewhere, and the SSH key of this environment.
pub(in crate::cli) fn open_repository_as(
    place: &str,
    base: &str,
    mut credentials: Credentials,
) -> anyhow::Result<Repository> {
    if let Some(key) = secret("P0_GIT_SSH_KEY") {
        credentials = credentials.with_ssh_key(key);
    }
    let remote = Remote::open(place, credentials, &cache_folder()?)?;
    Ok(Repository::new(BaseBranch::new(remote, base)))
}

/// Who commits: Git's own settings, as `git commit` would take them.
pub(in crate::cli) fn identity(at: Timestamp) -> Identity {
    let setting = |name: &str| {
        git2::Config::open_default().ok()?.get_string(name).ok().filter(|value| !value.is_empty())
    };
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let name = variable("GIT_COMMITTER_NAME").or_else(|| setting("user.name"));
    let email = variable("GIT_COMMITTER_EMAIL").or_else(|| setting("user.email"));
    Identity {
        name: name.unwrap_or_else(|| "p0-gitops".to_owned()),
        email: email.unwrap_or_else(|| "p0-gitops@localhost".to_owned()),
        at,
    }
}

impl SigningArgs {
    /// Whether a key was named, rather than left to the agent.
    pub(in crate::cli) fn is_named(&self) -> bool {
        self.key.is_some()
    }

    pub(in crate::cli) fn find(&self) -> anyhow::Result<SigningKey> {
        let source = KeySource {
            file: self.key.clone(),
            passphrase: std::env::var("P0_SIGNING_KEY_PASSPHRASE").ok().map(Into::into),
            agent: std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).map(PathBuf::from),
        };
        Ok(SigningKey::find(&source)?)
    }
}

/// Where remote repositories are kept between runs.
fn cache_folder() -> anyhow::Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let base = base.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    Ok(base.context("there is no home folder to keep a cache in; set XDG_CACHE_HOME")?.join("p0-gitops"))
}
