//! Why PagerDuty did not answer. No error holds the API key, nor an address that was asked. Not here: what is tried again.

use std::time::Duration;

use http::StatusCode;

/// Why a read did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no connection.
    #[error("PagerDuty cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    /// There was no answer in time.
    #[error("PagerDuty did not answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The API key does not count.
    #[error(
        "PagerDuty does not accept the API token; it is wrong or revoked, or belongs to the other service region"
    )]
    Token,
    /// The API key may not read this.
    #[error("the PagerDuty API token may not read {0}")]
    Forbidden(String),
    /// It is not there.
    #[error("PagerDuty has no {0}, or the API token does not see it")]
    Missing(String),
    /// Too many requests, for longer than the read may take.
    #[error("PagerDuty's rate limit is reached")]
    RateLimited,
    /// The server said no.
    #[error("PagerDuty answered {status} when asked for {what}")]
    Status {
        /// For what it was asked.
        what: String,
        /// What it answered.
        status: StatusCode,
    },
    /// The answer is none.
    #[error("PagerDuty's answer about {what} cannot be read: {problem}")]
    Unreadable {
        /// For what it was asked.
        what: String,
        /// What is wrong.
        problem: String,
    },
    /// More than PagerDuty gives in pages.
    #[error("PagerDuty has more than 10,000 {0}, which is more than it tells")]
    TooMany(String),
}
