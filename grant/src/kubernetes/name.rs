//! Names: of objects, namespaces and grants, each checked once.
//!
//! Not here: names of resources and groups, which come from discovery ([`crate::resource`]).

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of one object, as a URL path segment may be.
///
/// RBAC objects may be called almost anything, so this is all the API server itself asks
/// (`IsValidPathSegmentName`, <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/>), less `*`, which a
/// locator reads as "all".
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectName(String);

/// The name of a namespace: a DNS-1123 label.
///
/// Source: <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names>.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Namespace(String);

/// What a grant is known by for ever: 20 characters of `[a-z0-9]`, used once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GrantId(String);

/// Why a text is not the name it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Empty, `.`, `..`, or with `/` or `%`.
    #[error("`{0}` cannot name an object: a name is not empty, not `.` or `..`, and has no `/` or `%`")]
    Object(String),
    /// `*`, which is no name.
    #[error(
        "`*` is not the name of an object; leave the name out, or write `*` in a locator, for all objects"
    )]
    Wildcard,
    /// Not a DNS-1123 label.
    #[error(
        "`{0}` cannot name a namespace: use at most 63 characters of `a-z`, `0-9` and `-`, no `-` at either end"
    )]
    Namespace(String),
    /// Not twenty characters of `[a-z0-9]`.
    #[error("`{0}` is not a grant id: it has exactly 20 characters of `a-z` and `0-9`")]
    GrantId(String),
}

impl ObjectName {
    /// Checks `name`.
    ///
    /// # Errors
    /// [`NameError::Object`] or [`NameError::Wildcard`].
    pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        match name.as_str() {
            "*" => Err(NameError::Wildcard),
            "" | "." | ".." => Err(NameError::Object(name)),
            text if text.contains(['/', '%']) => Err(NameError::Object(name)),
            _ => Ok(Self(name)),
        }
    }
}

impl Namespace {
    /// Checks `name`.
    ///
    /// # Errors
    /// [`NameError::Namespace`].
    pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        if is_dns_label(&name) { Ok(Self(name)) } else { Err(NameError::Namespace(name)) }
    }
}

impl GrantId {
    /// How many characters an id has.
    pub const LENGTH: usize = 20;

    /// Checks `id`.
    ///
    /// # Errors
    /// [`NameError::GrantId`].
    pub fn new(id: impl Into<String>) -> Result<Self, NameError> {
        let id = id.into();
        let well_formed = id.len() == Self::LENGTH
            && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if well_formed { Ok(Self(id)) } else { Err(NameError::GrantId(id)) }
    }
}

/// Whether `text` is a DNS-1123 label: what namespaces are called.
pub(crate) fn is_dns_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Whether `text` is a DNS-1123 subdomain: what service accounts are called.
pub(crate) fn is_dns_subdomain(text: &str) -> bool {
    let label = |part: &str| {
        part.len() <= 253 && {
            let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            !part.is_empty() && part.bytes().all(inner) && !part.starts_with('-') && !part.ends_with('-')
        }
    };
    (1..=253).contains(&text.len()) && text.split('.').all(label)
}

macro_rules! text {
    ($($name:ident),*) => {$(
        impl $name {
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

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    )*};
}

text!(ObjectName, Namespace, GrantId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_names_are_path_segments() {
        for name in ["web", "Upper.Case_x", "a:b@c", "a b", "é", "no", "012"] {
            assert!(ObjectName::new(name).is_ok(), "{name:?}");
        }
        for name in ["", ".", "..", "a/b", "50%", "*"] {
            assert!(ObjectName::new(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn namespaces_are_dns_labels() {
        for name in ["default", "a", "a-1", &"x".repeat(63)] {
            assert!(Namespace::new(name).is_ok(), "{name:?}");
        }
        for name in ["", "-a", "a-", "A", "a.b", "a_b", "*", &"x".repeat(64)] {
            assert!(Namespace::new(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn service_account_names_are_dns_subdomains() {
        for (name, expected) in [("a.b-c", true), ("a..b", false), (".a", false), ("A", false), ("", false)] {
            assert_eq!(is_dns_subdomain(name), expected, "{name:?}");
        }
    }

    #[test]
    fn grant_ids_are_twenty_lower_case_characters() {
        assert!(GrantId::new("vpl5aqzpwnnqmnkrzze2").is_ok());
        for id in ["", "short", "VPL5AQZPWNNQMNKRZZE2", "vpl5aqzpwnnqmnkrzze23", "vpl5aqzpwnnqmnkrzz-2"] {
            assert!(GrantId::new(id).is_err(), "{id:?}");
        }
    }
}
