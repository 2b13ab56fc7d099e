//! Where a Gitea is, and which repository on it: parsed once.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

/// The address of a Gitea, without credentials: `https://git.example.com`, or with a path where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl(Url);

/// A repository: `owner/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RepositoryName {
    owner: String,
    name: String,
}

/// Why a text is no address of a Gitea, or no repository on it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not a URL that can be asked.
    #[error("the address of Gitea is not a URL that starts with https:// or http://")]
    NoUrl,
    /// A password where everybody reads it.
    #[error(
        "the address of Gitea holds a user or a password; take them out, and give the token in the environment"
    )]
    Credentials,
    /// Not one repository.
    #[error("`{0}` is not a repository: write OWNER/NAME")]
    NoRepository(String),
}

impl ServerUrl {
    /// Splits the address of a repository into its server and its name: `https://git.example.com/OWNER/NAME.git`.
    ///
    /// # Errors
    /// [`AddressError`], without the address where that may hold a secret.
    pub fn of_repository(url: &str) -> Result<(Self, RepositoryName), AddressError> {
        let Self(mut server) = url.parse()?;
        let path = server.path().trim_matches('/').to_owned();
        let (front, name) = path.rsplit_once('/').ok_or_else(|| AddressError::NoRepository(path.clone()))?;
        let (prefix, owner) = front.rsplit_once('/').unwrap_or(("", front));
        let name = name.strip_suffix(".git").unwrap_or(name);
        let repository = format!("{owner}/{name}").parse()?;
        server.set_path(prefix);
        Ok((Self(server), repository))
    }

    /// The URL of something below the API's root. Each segment is escaped.
    pub(crate) fn endpoint<'s>(&self, segments: impl IntoIterator<Item = &'s str>) -> Url {
        let mut url = self.0.clone();
        // An http URL always has segments.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["api", "v1"]).extend(segments);
        }
        url
    }
}

impl RepositoryName {
    /// Whose it is.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for ServerUrl {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let mut url = Url::parse(text).map_err(|_| AddressError::NoUrl)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(AddressError::NoUrl);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Credentials);
        }
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self(url))
    }
}

impl FromStr for RepositoryName {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let is_name = |part: &str| {
            let letters = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
            !part.is_empty() && part.chars().all(letters) && part.chars().any(|letter| letter != '.')
        };
        match text.split_once('/') {
            Some((owner, name)) if is_name(owner) && is_name(name) => {
                Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
            }
            _ => Err(AddressError::NoRepository(text.to_owned())),
        }
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repositorys_address_names_its_server_and_itself() {
        for (url, server, repository) in [
            ("https://git.example.com/ops/access.git", "https://git.example.com", "ops/access"),
            ("http://127.0.0.1:3000/ops/access", "http://127.0.0.1:3000", "ops/access"),
            ("https://example.com/git/ops/access.git/", "https://example.com/git", "ops/access"),
        ] {
            let (found, name) = ServerUrl::of_repository(url).unwrap();
            assert_eq!(
                (found.to_string().as_str(), name.to_string().as_str()),
                (server, repository),
                "{url}"
            );
        }
        for url in
            ["ssh://git@example.com/a/b.git", "/srv/a.git", "https://example.com/a", "https://u:p@h/a/b"]
        {
            assert!(ServerUrl::of_repository(url).is_err(), "{url}");
        }
    }

    #[test]
    fn no_name_leaves_its_place_in_a_path() {
        let server: ServerUrl = "https://example.com/git/".parse().unwrap();
        let url = server.endpoint(["repos", "a", "b", "pulls", "release/1", "p0", "grant"]);
        assert_eq!(url.as_str(), "https://example.com/git/api/v1/repos/a/b/pulls/release%2F1/p0/grant");
        for name in ["a/..", "../b", "a/b/c", "a", "a/", "a/b?c"] {
            assert!(name.parse::<RepositoryName>().is_err(), "{name}");
        }
    }
}
