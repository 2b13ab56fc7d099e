//! Fingerprints: what a public key is called wherever a key is named.

use std::fmt;

use ssh_key::HashAlg;

/// A key's SHA-256 fingerprint as OpenSSH prints it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Of a public key.
    pub fn of(key: &ssh_key::public::KeyData) -> Self {
        Self(key.fingerprint(HashAlg::Sha256).to_string())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
