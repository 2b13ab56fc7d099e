//! Which repository, with whose credentials, and with which key.

use std::path::PathBuf;

use p0_access::layout::ClusterName;

use crate::cli::complete;
use crate::cli::environment::open_repository;
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
