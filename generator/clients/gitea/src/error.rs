//! Why Gitea did not do what was asked, and what to do about it. No error holds the token, nor more of an answer than a line.

use std::fmt;
use std::time::Duration;

use reqwest::StatusCode;

/// A call that brought nothing.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {problem}")]
pub struct GiteaError {
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
    #[error("Gitea cannot be reached; check the repository's address and the network")]
    Unreachable(#[source] reqwest::Error),
    /// No answer. What was asked may have been done.
    #[error("Gitea did not answer in time; it is asked again later")]
    TimedOut,
    /// 401.
    #[error(
        "Gitea does not accept the token: make a new one in the bot's settings under Applications, and give it in the environment"
    )]
    Unauthorized,
    /// 403.
    #[error(
        "Gitea forbids it: {0}; give the bot's user write access to the repository, and its token the scopes write:repository, write:issue and read:user"
    )]
    Forbidden(Said),
    /// 404.
    #[error(
        "there is no such thing, or the token may not see it; check the repository's address, and that the bot's user is its collaborator"
    )]
    NotFound,
    /// 3xx: redirects are not followed, because the token would go along.
    #[error(
        "it has moved: the repository was renamed or transferred, or Gitea has another address; write the present one in the settings"
    )]
    Moved,
    /// 405: the rules of the repository are against it now.
    #[error("Gitea refuses it now: {0}")]
    NotAllowed(Said),
    /// 409.
    #[error("something else came first: {0}")]
    Conflict(Said),
    /// 400 and 422.
    #[error("Gitea cannot take it: {0}")]
    Invalid(Said),
    /// 423.
    #[error("the repository is archived; unarchive it, or take it out of the settings")]
    Archived,
    /// 413.
    #[error("it is larger than Gitea accepts")]
    TooLarge,
    /// 429.
    #[error("Gitea limits how often it is asked; it is asked again later")]
    Limited(Option<Duration>),
    /// 5xx. What was asked may have been done.
    #[error("Gitea failed with {0}; it is asked again later")]
    Failed(StatusCode),
    /// An answer that is none of Gitea's.
    #[error(
        "the answer is not Gitea's: {0}; check that the address is that of a Gitea or Forgejo, with its path"
    )]
    Unreadable(String),
}

/// What an answer says: one line, without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said(String);

/// The longest line that is taken from an answer.
const LONGEST: usize = 300;

impl Said {
    pub(crate) fn of(body: &[u8]) -> Self {
        let text = match serde_json::from_slice::<serde_json::Value>(body) {
            Ok(value) => value.get("message").and_then(|text| text.as_str()).unwrap_or_default().to_owned(),
            Err(_) => String::from_utf8_lossy(body).into_owned(),
        };
        let words: Vec<&str> =
            text.split(|letter: char| letter.is_whitespace() || letter.is_control()).collect();
        let line: String =
            words.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(" ");
        match line.is_empty() {
            true => Self("no reason is given".to_owned()),
            false => Self(line.chars().take(LONGEST).collect()),
        }
    }

    /// Whether it holds `words`.
    pub fn has(&self, words: &str) -> bool {
        self.0.contains(words)
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Problem {
    pub(crate) fn of(status: StatusCode, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let said = || Said::of(body);
        match status.as_u16() {
            300..400 => Self::Moved,
            401 => Self::Unauthorized,
            403 => Self::Forbidden(said()),
            404 => Self::NotFound,
            405 => Self::NotAllowed(said()),
            409 => Self::Conflict(said()),
            413 => Self::TooLarge,
            423 => Self::Archived,
            429 => Self::Limited(retry_after),
            400 | 422 => Self::Invalid(said()),
            500.. => Self::Failed(status),
            other => Self::Unreadable(format!("its status is {other}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_quoted_in_one_line_of_bounded_length() {
        assert_eq!(
            Said::of(br#"{"message":"head out\n of date","url":"x"}"#).to_string(),
            "head out of date"
        );
        assert_eq!(Said::of(b"").to_string(), "no reason is given");
        assert_eq!(Said::of("\u{1b}[31m".repeat(500).as_bytes()).to_string().chars().count(), LONGEST);
        assert!(!Said::of(b"\x1b[31mred").to_string().contains('\u{1b}'));
    }
}
