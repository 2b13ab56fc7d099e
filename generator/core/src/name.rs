//! Names that people give in the repository's files: of persons, groups and rules, each checked once.
//!
//! Small letters only, so that no two names look alike. Not here: names of objects in a cluster (`p0_grant::name`).

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A text that is no such name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a name: use at most 100 characters of `a-z`, `0-9`, `.`, `_`, `-`, `+` and `@`, and begin with a letter \
     or a digit"
)]
pub struct NameError(String);

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks `name`.
            ///
            /// # Errors
            /// [`NameError`].
            pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
                let name = name.into();
                if is_name(&name) { Ok(Self(name)) } else { Err(NameError(name)) }
            }

            /// The checked text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    };
}

name! {
    /// A person of `p0/identities.yaml`.
    PersonName
}

name! {
    /// A group of persons; each person who has it in `p0/identities.yaml` is a member.
    GroupName
}

name! {
    /// A rule of `p0/policy.yaml`.
    RuleName
}

name! {
    /// A webhook or an export of the audit log, in the server's settings.
    HookName
}

fn is_name(text: &str) -> bool {
    let of_a_name = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'-' | b'+' | b'@')
    };
    let begins = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 100 && text.as_bytes().first().is_some_and(begins) && text.bytes().all(of_a_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_small_and_plain() {
        for text in ["alice", "alice@example.com", "on-call.2", "a+b", "7"] {
            assert_eq!(PersonName::new(text).unwrap().as_str(), text);
        }
        for text in ["", "Alice", "al ice", "-a", "a,b", "é", "a/b", "${a}", &"a".repeat(101)] {
            assert!(PersonName::new(text).is_err(), "{text:?}");
        }
    }
}
