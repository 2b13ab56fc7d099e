//! The key of a GitHub App, made for a test, and what it signed. No key is ever committed.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// A private key and its public one.
pub struct AppKeyPair(KeyPair);

impl AppKeyPair {
    /// Another one each time.
    ///
    /// # Panics
    /// Where this machine has no randomness.
    pub fn generate() -> Self {
        Self(KeyPair::generate(KeySize::Rsa2048).expect("a key"))
    }

    /// As GitHub gives it to an App's owner.
    ///
    /// # Panics
    /// Where it cannot be written down.
    pub fn pem(&self) -> String {
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&self.0).expect("a key");
        let text = STANDARD.encode(der.as_ref());
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
    }

    /// Whether it signed a JWT.
    pub fn signed(&self, word: &str) -> bool {
        self.claims(word).is_some()
    }

    /// The claims of a JWT that it signed with RS256.
    pub fn claims(&self, word: &str) -> Option<Value> {
        let (signed, signature) = word.rsplit_once('.')?;
        let (head, claims) = signed.split_once('.')?;
        let part = |text: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(text).ok()?).ok();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.0.public_key().as_ref());
        public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        (part(head)?["alg"] == "RS256").then(|| part(claims)).flatten()
    }
}
