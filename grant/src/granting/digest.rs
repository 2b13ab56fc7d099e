//! Digests: what a request pins of its rules, so that a change of them cannot go unnoticed.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::rule::Rule;

/// SHA-256 over the compact JSON of rules in their order, in lower-case hexadecimal.
///
/// It is over the rules that are granted, after restriction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SubsetDigest(String);

/// A text that is no digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a SHA-256 digest: it has 64 characters of `0-9` and `a-f`")]
pub struct DigestError(String);

impl SubsetDigest {
    /// The digest of `rules`.
    ///
    /// ```
    /// let digest = p0_grant::digest::SubsetDigest::of(&[]);
    /// assert_eq!(digest.to_string(), "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945");
    /// ```
    #[expect(clippy::expect_used, reason = "lists of strings always have a JSON form")]
    pub fn of(rules: &[Rule]) -> Self {
        let json = serde_json::to_vec(rules).expect("JSON");
        Self(format!("{:x}", Sha256::digest(json)))
    }
}

impl fmt::Display for SubsetDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for SubsetDigest {
    type Error = DigestError;

    fn try_from(text: String) -> Result<Self, DigestError> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 64 && text.bytes().all(is_hex) { Ok(Self(text)) } else { Err(DigestError(text)) }
    }
}

impl From<SubsetDigest> for String {
    fn from(digest: SubsetDigest) -> Self {
        digest.0
    }
}
