//! What went wrong with a call. No error shows a token, an address with a ticket, or what was sent.

/// Why a call came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlackError {
    /// Slack could not be reached.
    #[error("Slack does not answer `{method}`: {why}")]
    Network {
        /// Which method.
        method: &'static str,
        /// What went wrong, without the address.
        why: String,
    },
    /// Slack is not well.
    #[error("Slack answers `{method}` with HTTP status {status}")]
    Unavailable {
        /// Which method.
        method: &'static str,
        /// The status.
        status: u16,
    },
    /// Slack asks to wait longer than a caller should.
    #[error("Slack's rate limit stops `{method}` for another {seconds} s")]
    RateLimited {
        /// Which method.
        method: &'static str,
        /// How long.
        seconds: u64,
    },
    /// Slack said no.
    #[error("Slack refuses `{method}`: {code}{}{detail}", if detail.is_empty() { "" } else { ": " })]
    Refused {
        /// Which method.
        method: &'static str,
        /// Slack's word.
        code: String,
        /// What Slack added.
        detail: String,
    },
    /// An answer that is none.
    #[error("Slack's answer to `{method}` cannot be read")]
    Unreadable {
        /// Which method.
        method: &'static str,
    },
}

impl SlackError {
    pub(crate) fn network(method: &'static str, error: &reqwest::Error) -> Self {
        let why = match () {
            () if error.is_timeout() => "it took too long",
            () if error.is_connect() => "there is no connection",
            () if error.is_builder() => "the request cannot be made",
            () => "the connection broke",
        };
        Self::Network { method, why: why.to_owned() }
    }

    pub(crate) fn refused(method: &'static str, code: &str) -> Self {
        Self::Refused { method, code: code.to_owned(), detail: String::new() }
    }

    /// Slack's word for why it said no, where it did.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Whether somebody else replaced the view in between.
    pub fn is_conflict(&self) -> bool {
        self.code() == Some("hash_conflict")
    }

    /// Whether the same call gets the same answer until somebody changes the app, its token or the workspace.
    pub fn is_final(&self) -> bool {
        let codes = [
            "not_authed",
            "invalid_auth",
            "account_inactive",
            "token_revoked",
            "token_expired",
            "user_removed_from_team",
            "team_disabled",
            "missing_scope",
            "not_allowed_token_type",
        ];
        self.code().is_some_and(|code| codes.contains(&code))
    }
}
