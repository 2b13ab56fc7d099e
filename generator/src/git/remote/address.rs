//! A repository behind an address: news are fetched into the cache, and pushed from there.

use std::collections::BTreeMap;

use git2::{FetchOptions, Oid, PushOptions, RemoteCallbacks};

use super::branches::{FETCHED, Kind};
use super::folder::patiently;
use super::{CommitId, Remote, Unmoved};
use crate::git::credentials::Attempts;
use crate::git::{Credentials, GitError};

/// What is being pushed is referred to from here by its own name, so that nothing collects it and no other push takes its place.
const PUSHING: &str = "refs/p0/push/";

impl Remote {
    pub(super) fn push(
        &self,
        url: &str,
        credentials: &Credentials,
        (branch, kind): (&str, Kind),
        from: Option<CommitId>,
        to: Option<CommitId>,
    ) -> Result<(), Unmoved> {
        let attempts = Attempts::new(credentials);
        let name = format!("refs/heads/{branch}");
        let local = to.map(|to| format!("{PUSHING}{to}"));
        let mut lost = false;
        let mut rejected = None;
        let outcome = (|| {
            if let (Some(to), Some(local)) = (to, &local) {
                self.repository.reference(local, to.0, true, "p0-gitops")?;
            }
            let mut callbacks = RemoteCallbacks::new();
            callbacks.credentials(|url, user, allowed| attempts.next(url, user, allowed));
            // What the remote has now must be what the new commit was built on.
            callbacks.push_negotiation(|updates| {
                lost = updates.iter().any(|update| update.src() != from.map_or(Oid::ZERO_SHA1, |id| id.0));
                if lost { Err(git2::Error::from_str("moved")) } else { Ok(()) }
            });
            callbacks.push_update_reference(|_, status| {
                rejected = status.map(str::to_owned);
                Ok(())
            });
            let mut options = PushOptions::new();
            options.remote_callbacks(callbacks);
            let source = local.as_deref().unwrap_or_default();
            // The server compares with what was there either way.
            let force = if kind == Kind::Replacement { "+" } else { "" };
            self.repository
                .remote_anonymous(url)?
                .push(&[format!("{force}{source}:{name}")], Some(&mut options))
        })();
        if let Some(Ok(mut reference)) = local.map(|local| self.repository.find_reference(&local)) {
            // Left behind it would only keep an object longer.
            let _kept = reference.delete();
        }
        match (outcome, rejected) {
            _ if lost => Err(Unmoved::Lost),
            // Between our look and the server's lock somebody else pushed.
            (_, Some(reason)) if is_race(&reason) => Err(Unmoved::Lost),
            (_, Some(reason)) => {
                let (place, branch) = (self.place(), branch.to_owned());
                Err(Unmoved::Failed(GitError::Rejected { place, branch, reason }))
            }
            (Err(error), None) if error.code() == git2::ErrorCode::NotFastForward => Err(Unmoved::Lost),
            (Err(error), None) => Err(Unmoved::Failed(self.network(&attempts, "pushing", error))),
            (Ok(()), None) => Ok(()),
        }
    }

    pub(super) fn fetch(&self, url: &str, credentials: &Credentials, branch: &str) -> Result<(), GitError> {
        // A wildcard that only the one branch matches lets pruning notice that it is gone.
        self.fetch_into(url, credentials, &format!("+refs/heads/{branch}*:{FETCHED}{branch}*"))
    }

    pub(super) fn fetch_into(
        &self,
        url: &str,
        credentials: &Credentials,
        specification: &str,
    ) -> Result<(), GitError> {
        let attempts = Attempts::new(credentials);
        let mut fetch = || {
            attempts.begin();
            let mut callbacks = RemoteCallbacks::new();
            callbacks.credentials(|url, user, allowed| attempts.next(url, user, allowed));
            let mut options = FetchOptions::new();
            options
                .remote_callbacks(callbacks)
                .download_tags(git2::AutotagOption::None)
                .prune(git2::FetchPrune::On);
            self.repository.remote_anonymous(url)?.fetch(&[specification], Some(&mut options), None)
        };
        // Another value, or another process, may be moving the same reference of the cache.
        patiently(&mut fetch).map_err(|error| self.network(&attempts, "fetching", error))
    }

    pub(super) fn list_remote(
        &self,
        url: &str,
        credentials: &Credentials,
    ) -> Result<BTreeMap<String, String>, GitError> {
        let attempts = Attempts::new(credentials);
        let outcome = (|| {
            let mut callbacks = RemoteCallbacks::new();
            callbacks.credentials(|url, user, allowed| attempts.next(url, user, allowed));
            let mut remote = self.repository.remote_anonymous(url)?;
            let connection = remote.connect_auth(git2::Direction::Fetch, Some(callbacks), None)?;
            let heads = connection.list()?.iter();
            Ok(heads.map(|head| (head.name().to_owned(), head.oid().to_string())).collect())
        })();
        outcome.map_err(|error| self.network(&attempts, "listing branches", error))
    }

    fn network(&self, attempts: &Attempts<'_>, doing: &'static str, source: git2::Error) -> GitError {
        match self.failed(doing, source) {
            GitError::Credentials { place, source, .. } => {
                GitError::Credentials { place, tried: attempts.tried(), source }
            }
            other => other,
        }
    }
}

/// What receive-pack says when the branch moved under its lock.
fn is_race(reason: &str) -> bool {
    ["failed to update ref", "cannot lock ref", "non-fast-forward", "fetch first", "stale info"]
        .iter()
        .any(|word| reason.contains(word))
}

/// `scheme://…`, or `user@host:path`; everything else is a path.
pub(super) fn is_address(location: &str) -> bool {
    location.contains("://")
        || location.split_once(':').is_some_and(|(host, _)| host.contains('@') && !host.contains('/'))
}

/// The address without user name and password.
pub(super) fn without_secrets(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("{scheme}://{host}/{path}")
        }
        None => url.to_owned(),
    }
}

/// A folder's name for an address: readable, and different for different addresses.
pub(super) fn cache_name(url: &str) -> String {
    let letters = url.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' });
    let digest = url.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{}-{digest:016x}.git", letters.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_from_a_path_and_never_shows_secrets() {
        for (location, address, shown) in [
            ("https://x:secret@forge.example/a/b.git", true, "https://forge.example/a/b.git"),
            ("ssh://git@forge.example/a.git", true, "ssh://forge.example/a.git"),
            ("git@forge.example:a/b.git", true, "git@forge.example:a/b.git"),
            ("/srv/git/a.git", false, "/srv/git/a.git"),
            ("./a:b", false, "./a:b"),
            ("demo", false, "demo"),
        ] {
            assert_eq!(is_address(location), address, "{location}");
            assert_eq!(without_secrets(location), shown);
        }
        assert_ne!(cache_name("https://a/b"), cache_name("https://a-b"));
    }
}
