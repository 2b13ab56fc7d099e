//! User names that EKS gives: which ones a mapping may write, and which two can be one person's and another's.
//!
//! Not here: which entry has which ([`crate::aws_auth`]).
//!
//! Sources: <https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html> for reserved prefixes and the
//! colon, `renderTemplate` of
//! <https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/master/pkg/server/server.go> for the placeholders.

use crate::text::{TextError, check_line};

mod pattern;

pub(crate) use pattern::{can_be_equal, render};

/// What EKS replaces by the session's name, unchanged.
pub(crate) const SESSION: &str = "{{SessionNameRaw}}";

/// Prefixes that EKS keeps for itself.
const RESERVED: [&str; 5] = ["system:", "eks:", "aws:", "amazon:", "iam:"];

/// The longest user name that a mapping may write, in bytes.
const LONGEST: usize = 512;

/// Why a user name cannot be mapped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// No name.
    #[error("the user name is empty")]
    Empty,
    /// More than 512 bytes.
    #[error("the user name has {0} bytes; at most 512 are mapped")]
    TooLong(usize),
    /// Braces that EKS would replace or that pretend to be replaced.
    #[error("the user name `{0}` holds `{{{{` or `}}}}`, which EKS uses for placeholders")]
    Placeholder(String),
    /// A prefix that EKS keeps for itself.
    #[error("the user name `{name}` begins with `{prefix}`, which EKS reserves")]
    Reserved {
        /// The name.
        name: String,
        /// The prefix.
        prefix: &'static str,
    },
    /// Control characters, or text that a GitOps engine would replace.
    #[error("the user name cannot stand in a file")]
    Text(#[source] TextError),
    /// An Identity Center user's name that does not end in the session's name after a fixed prefix.
    #[error(
        "the user name `{name}` must be a fixed prefix that ends in `:` or `/`, and then the session's name `{session}`"
    )]
    Session {
        /// The name.
        name: String,
        /// The session's.
        session: String,
    },
    /// An access entry's name with `{{SessionName}}` and no colon before it.
    #[error("the user name `{0}` needs a `:` before `{{{{SessionName}}}}`")]
    Colon(String),
    /// Another user's ARN.
    #[error("the user name `{0}` is the ARN of another identity")]
    OtherArn(String),
}

/// Checks a user name that has no placeholders.
///
/// # Errors
/// [`UsernameError`].
pub fn check(name: &str) -> Result<(), UsernameError> {
    if name.is_empty() {
        return Err(UsernameError::Empty);
    }
    if name.len() > LONGEST {
        return Err(UsernameError::TooLong(name.len()));
    }
    if name.contains("{{") || name.contains("}}") {
        return Err(UsernameError::Placeholder(name.to_owned()));
    }
    check_prefix(name)?;
    check_line(name).map_err(UsernameError::Text)
}

/// Checks the user name of an access entry, which may hold `{{SessionName}}` or `{{SessionNameRaw}}` after a colon.
///
/// # Errors
/// [`UsernameError`].
pub fn check_access_entry(name: &str) -> Result<(), UsernameError> {
    let found = ["{{SessionName}}", SESSION].iter().find_map(|placeholder| name.split_once(placeholder));
    match found {
        None => check(name),
        Some((before, after)) if before.contains(':') => {
            check(before)?;
            if after.is_empty() { Ok(()) } else { check(after) }
        }
        Some(_) => Err(UsernameError::Colon(name.to_owned())),
    }
}

fn check_prefix(name: &str) -> Result<(), UsernameError> {
    let begins =
        |prefix: &&str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    match RESERVED.into_iter().find(begins) {
        Some(prefix) => Err(UsernameError::Reserved { name: name.to_owned(), prefix }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_prefixes_and_placeholders_are_refused() {
        for name in ["alice", "alice@example.com", "corp:alice", "arn:aws:iam::123456789012:user/alice", "é"]
        {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        for name in ["system:admin", "EKS:node", "aws:x", "amazon:x", "iam:x", "System:masters"] {
            assert!(matches!(check(name), Err(UsernameError::Reserved { .. })), "{name}");
        }
        assert_eq!(check(""), Err(UsernameError::Empty));
        assert!(matches!(check("{{SessionName}}"), Err(UsernameError::Placeholder(_))));
        assert!(matches!(check("a}}b"), Err(UsernameError::Placeholder(_))));
        assert!(matches!(check("a\u{1b}b"), Err(UsernameError::Text(_))));
        assert!(matches!(check("${x}"), Err(UsernameError::Text(_))));
        assert_eq!(check(&"a".repeat(513)), Err(UsernameError::TooLong(513)));
    }

    #[test]
    fn an_access_entry_needs_a_colon_before_the_session() {
        assert_eq!(check_access_entry("corp:{{SessionName}}"), Ok(()));
        assert_eq!(check_access_entry("corp:{{SessionNameRaw}}"), Ok(()));
        assert_eq!(check_access_entry("alice"), Ok(()));
        for name in ["{{SessionName}}", "corp/{{SessionName}}", "{{SessionNameRaw}}"] {
            assert!(matches!(check_access_entry(name), Err(UsernameError::Colon(_))), "{name}");
        }
        assert!(check_access_entry("aws:{{SessionName}}").is_err());
        assert!(check_access_entry("corp:{{AccountID}}").is_err());
    }
}
