//! Why GitHub did not do what was asked, and what to do about it. No error holds a token or a key, nor more of an answer than a line.

use std::fmt;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use super::app::KeyError;

/// A call that brought nothing.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {problem}")]
pub struct GithubError {
    /// What was asked, for reading.
    pub doing: &'static str,
    /// What went wrong.
    #[source]
    pub problem: Problem,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// No connection. Nothing is known of what was asked.
    #[error("GitHub cannot be reached; check the repository's address and the network")]
    Unreachable(#[source] reqwest::Error),
    /// No answer. What was asked may have been done.
    #[error("GitHub did not answer in time; it is asked again later")]
    TimedOut,
    /// 401.
    #[error(
        "GitHub does not accept the token or the App's key: it was revoked, has ended, or is of another App; make a new one, give it in the \
         environment, and check this machine's clock"
    )]
    Unauthorized,
    /// The key of the App cannot sign.
    #[error(transparent)]
    Key(KeyError),
    /// The App is not installed on the repository.
    #[error(
        "the App is not installed on the repository, or there is no such repository: install it there (Settings, GitHub Apps), and check the \
         repository's address"
    )]
    NotInstalled,
    /// The installation was suspended.
    #[error(
        "the App's installation is suspended: an owner of the repository lifts that in its settings under GitHub Apps"
    )]
    Suspended,
    /// 403.
    #[error(
        "GitHub forbids it: {0}; give the App, or the token, the permissions that docs/github.md lists, and accept them in the installation"
    )]
    Forbidden(Said),
    /// 404.
    #[error(
        "there is no such thing, or it may not be seen; check the repository's address and the permissions"
    )]
    NotFound,
    /// 3xx: redirects are not followed, because the token would go along.
    #[error(
        "it has moved: the repository was renamed or transferred; write its present address in the settings"
    )]
    Moved,
    /// 405: the rules of the repository are against it now.
    #[error("GitHub refuses it now: {0}")]
    NotAllowed(Said),
    /// 409, or a head that is not the expected one.
    #[error("something else came first: {0}")]
    Conflict(Said),
    /// 400 and 422.
    #[error("GitHub cannot take it: {0}")]
    Invalid(Said),
    /// Nothing can be written to the repository.
    #[error("the repository is archived; unarchive it, or take it out of the settings")]
    Archived,
    /// 413.
    #[error("it is larger than GitHub accepts")]
    TooLarge,
    /// GitHub limits how often it is asked.
    #[error("GitHub limits how often it is asked; it is asked again later")]
    Limited(Option<Duration>),
    /// 5xx. What was asked may have been done.
    #[error("GitHub failed with {0}; it is asked again later")]
    Failed(StatusCode),
    /// An answer that is none of GitHub's.
    #[error("the answer is not GitHub's: {0}; check that the address is that of a repository on GitHub")]
    Unreadable(String),
}

/// What an answer says: one line, without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said(String);

/// The longest line that is taken from an answer.
const LONGEST: usize = 300;

impl Said {
    /// What the body of an answer says.
    pub fn of(body: &[u8]) -> Self {
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => Self::line(&words(&value)),
            Err(_) => Self::line(&String::from_utf8_lossy(body)),
        }
    }

    pub(crate) fn line(text: &str) -> Self {
        let words: Vec<&str> = text
            .split(|letter: char| letter.is_whitespace() || letter.is_control())
            .filter(|word| !word.is_empty())
            .collect();
        match words.is_empty() {
            true => Self("no reason is given".to_owned()),
            false => Self(words.join(" ").chars().take(LONGEST).collect()),
        }
    }

    /// Whether it holds `words`, in capitals or not.
    pub fn has(&self, words: &str) -> bool {
        self.0.to_lowercase().contains(&words.to_lowercase())
    }
}

/// The message and what its details say: `Validation Failed` alone tells nobody anything.
fn words(value: &Value) -> String {
    let message = value.get("message").and_then(Value::as_str).unwrap_or_default();
    let detail = |own: &Value| match own {
        Value::String(text) => Some(text.clone()),
        own => ["message", "code"].iter().find_map(|key| own.get(*key)?.as_str()).map(str::to_owned),
    };
    let details: Vec<String> = match value.get("errors") {
        Some(Value::Array(all)) => all.iter().filter_map(detail).collect(),
        Some(own) => detail(own).into_iter().collect(),
        None => Vec::new(),
    };
    std::iter::once(message.to_owned()).chain(details).collect::<Vec<_>>().join(": ")
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Problem {
    pub(crate) fn of(status: StatusCode, body: &[u8]) -> Self {
        let said = Said::of(body);
        match status.as_u16() {
            300..400 => Self::Moved,
            401 => Self::Unauthorized,
            403 if said.has("archived") => Self::Archived,
            403 if said.has("suspended") => Self::Suspended,
            403 => Self::Forbidden(said),
            404 => Self::NotFound,
            405 => Self::NotAllowed(said),
            409 => Self::Conflict(said),
            413 => Self::TooLarge,
            400 | 422 => Self::Invalid(said),
            500.. => Self::Failed(status),
            other => Self::Unreadable(format!("its status is {other}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_quoted_in_one_line_of_bounded_length_with_its_details() {
        let body = br#"{"message":"Validation\nFailed","errors":[{"code":"custom","message":"A pull request already exists"}]}"#;
        assert_eq!(Said::of(body).to_string(), "Validation Failed: A pull request already exists");
        assert_eq!(Said::of(br#"{"message":"No","errors":["one","two"]}"#).to_string(), "No: one: two");
        assert_eq!(Said::of(b"").to_string(), "no reason is given");
        assert_eq!(Said::of("\u{1b}[31m".repeat(500).as_bytes()).to_string().chars().count(), LONGEST);
        assert!(!Said::of(b"\x1b[31mred").to_string().contains('\u{1b}'));
    }

    #[test]
    fn what_a_403_says_tells_what_to_do() {
        let of = |message: &str| {
            Problem::of(StatusCode::FORBIDDEN, format!("{{\"message\":\"{message}\"}}").as_bytes())
        };
        assert!(matches!(of("Repository was archived so is read-only."), Problem::Archived));
        assert!(matches!(of("This installation has been suspended"), Problem::Suspended));
        assert!(matches!(of("Resource not accessible by integration"), Problem::Forbidden(_)));
    }
}
