//! Where a GitHub is, and which repository on it: parsed once.
//!
//! github.com has its API on a host of its own, and so has each company's own part of GitHub's cloud (`ghe.com`). An Enterprise Server has it
//! on its own host, REST at `/api/v3` and GraphQL at `/api/graphql`.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;

/// A GitHub: the addresses of its two APIs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl {
    web: Url,
    rest: Url,
    graphql: Url,
}

/// A repository: `owner/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RepositoryName {
    owner: String,
    name: String,
}

/// Why a text is no address of a GitHub, or no repository on it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not a URL that can be asked.
    #[error("the address of GitHub is not a URL that starts with https:// or http://")]
    NoUrl,
    /// A password where everybody reads it.
    #[error(
        "the address of GitHub holds a user or a password; take them out, and give the key or the token in the environment"
    )]
    Credentials,
    /// A token would be readable on its way.
    #[error("the address of GitHub is http:// and leads to another machine; write https://")]
    Plain,
    /// Not one repository.
    #[error("`{0}` is not a repository: write OWNER/NAME")]
    NoRepository(String),
}

impl ServerUrl {
    /// Splits the address of a repository into its server and its name: `https://github.com/OWNER/NAME.git`.
    ///
    /// # Errors
    /// [`AddressError`], without the address where that may hold a secret.
    pub fn of_repository(url: &str) -> Result<(Self, RepositoryName), AddressError> {
        let url = checked(url)?;
        let path = url.path().trim_matches('/').to_owned();
        let name = path.strip_suffix(".git").unwrap_or(&path).parse()?;
        let mut web = url;
        web.set_path("");
        Ok((Self::of_web(web)?, name))
    }

    fn of_web(web: Url) -> Result<Self, AddressError> {
        let host = web.host_str().unwrap_or_default().to_owned();
        let own_api = match host.as_str() {
            "github.com" | "www.github.com" => Some("api.github.com".to_owned()),
            company if company.ends_with(".ghe.com") => Some(format!("api.{company}")),
            _ => None,
        };
        let (mut rest, mut graphql) = (web.clone(), web.clone());
        match own_api {
            Some(api) => {
                for url in [&mut rest, &mut graphql] {
                    url.set_host(Some(&api)).map_err(|_| AddressError::NoUrl)?;
                }
                graphql.set_path("/graphql");
            }
            None => {
                rest.set_path("/api/v3");
                graphql.set_path("/api/graphql");
            }
        }
        Ok(Self { web, rest, graphql })
    }

    /// The URL of something below the root of REST. Each segment is escaped.
    pub(crate) fn endpoint<'s>(&self, segments: impl IntoIterator<Item = &'s str>) -> Url {
        let mut url = self.rest.clone();
        // An http URL always has segments.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// The URL of GraphQL.
    pub(crate) fn graphql(&self) -> Url {
        self.graphql.clone()
    }
}

/// A URL without credentials; a token never goes unencrypted to another machine.
fn checked(text: &str) -> Result<Url, AddressError> {
    let mut url = Url::parse(text).map_err(|_| AddressError::NoUrl)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(AddressError::NoUrl);
    }
    let host = url.host_str().ok_or(AddressError::NoUrl)?;
    if url.scheme() == "http" && !matches!(host, "127.0.0.1" | "localhost" | "[::1]") {
        return Err(AddressError::Plain);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::Credentials);
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
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
        f.write_str(self.web.as_str().trim_end_matches('/'))
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
    fn each_kind_of_github_has_its_apis_at_its_own_place() {
        for (url, rest, graphql) in [
            (
                "https://github.com/ops/access.git",
                "https://api.github.com/x",
                "https://api.github.com/graphql",
            ),
            (
                "https://acme.ghe.com/ops/access",
                "https://api.acme.ghe.com/x",
                "https://api.acme.ghe.com/graphql",
            ),
            (
                "https://git.example.com/ops/access.git/",
                "https://git.example.com/api/v3/x",
                "https://git.example.com/api/graphql",
            ),
            (
                "http://127.0.0.1:3000/ops/access",
                "http://127.0.0.1:3000/api/v3/x",
                "http://127.0.0.1:3000/api/graphql",
            ),
        ] {
            let (server, name) = ServerUrl::of_repository(url).unwrap();
            let found = (server.endpoint(["x"]).to_string(), server.graphql().to_string(), name.to_string());
            assert_eq!(found, (rest.to_owned(), graphql.to_owned(), "ops/access".to_owned()), "{url}");
        }
    }

    #[test]
    fn an_address_that_would_lose_a_secret_or_its_place_is_refused() {
        for (url, expected) in [
            ("ssh://git@github.com/a/b.git", AddressError::NoUrl),
            ("/srv/a.git", AddressError::NoUrl),
            ("http://github.com/a/b", AddressError::Plain),
            ("https://u:p@github.com/a/b", AddressError::Credentials),
            ("https://github.com/a", AddressError::NoRepository("a".to_owned())),
            ("https://github.com/a/b/c", AddressError::NoRepository("a/b/c".to_owned())),
        ] {
            assert_eq!(ServerUrl::of_repository(url).unwrap_err(), expected, "{url}");
        }
        let (server, _) = ServerUrl::of_repository("https://github.com/a/b").unwrap();
        assert_eq!(server.endpoint(["heads/x", "..y"]).as_str(), "https://api.github.com/heads%2Fx/..y");
    }
}
