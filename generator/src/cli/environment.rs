//! What commands take from the environment they run in: secrets, the repository with its credentials, who commits, and a person's
//! own store. Not here: arguments ([`super::args`]).

use std::path::PathBuf;

use anyhow::Context;
use jiff::Timestamp;

use crate::git::{BaseBranch, Credentials, Identity, Remote};
use crate::repository::Repository;

/// A secret. They come in by the environment alone: arguments are everybody's to read.
pub(super) fn secret(name: &str) -> Option<String> {
    variable(name)
}

/// An empty variable is none.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The repository at `place`, with the credentials of this environment.
pub(super) fn open_repository(place: &str, base: &str) -> anyhow::Result<Repository> {
    open_repository_with(place, base, secret("P0_GIT_TOKEN"))
}

/// The same with the token of its own forge.
pub(super) fn open_repository_with(
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
pub(super) fn open_repository_as(
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
pub(super) fn identity(at: Timestamp) -> Identity {
    let setting = |name: &str| {
        git2::Config::open_default().ok()?.get_string(name).ok().filter(|value| !value.is_empty())
    };
    let name = variable("GIT_COMMITTER_NAME").or_else(|| setting("user.name"));
    let email = variable("GIT_COMMITTER_EMAIL").or_else(|| setting("user.email"));
    Identity {
        name: name.unwrap_or_else(|| "p0-gitops".to_owned()),
        email: email.unwrap_or_else(|| "p0-gitops@localhost".to_owned()),
        at,
    }
}

/// The store that the environment names, or a person's own.
pub(super) fn store() -> anyhow::Result<String> {
    variable("P0_STORE").map_or_else(own_store, Ok)
}

/// The address of a person's own store.
pub(super) fn own_store() -> anyhow::Result<String> {
    Ok(format!("sqlite://{}", state_folder()?.join("p0.db").display()))
}

/// Where a person's own store is.
pub(super) fn state_folder() -> anyhow::Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set("XDG_STATE_HOME").or_else(|| set("HOME").map(|home| home.join(".local/state")));
    let folder = folder.context("there is no home folder to keep the store in; name one with `--store`")?;
    Ok(folder.join("p0-gitops"))
}

/// Where remote repositories are kept between runs.
fn cache_folder() -> anyhow::Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let base = base.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    Ok(base.context("there is no home folder to keep a cache in; set XDG_CACHE_HOME")?.join("p0-gitops"))
}
