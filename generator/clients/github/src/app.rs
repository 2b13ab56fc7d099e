//! A GitHub App: its id and its private key, and the short-lived word that it signs to say who it is.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// The App's id, or its client id: both are on its page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppId(String);

/// The App's private key, as GitHub gives it in a `.pem` file.
#[derive(Clone)]
pub struct AppKey(Arc<KeyPair>);

/// What is no key of an App.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No number and no client id.
    #[error("the App's id is the number or the client id on the App's page, such as 123456 or Iv23liAbCdEf")]
    Id,
    /// Not PEM.
    #[error(
        "the App's private key is not a PEM file that begins with -----BEGIN RSA PRIVATE KEY-----; take the file that GitHub gave"
    )]
    NoPem,
    /// PEM, and no RSA key of a good size.
    #[error("the App's private key is no RSA key of at least 2048 bits; make a new one on the App's page")]
    NoKey,
    /// The library refuses.
    #[error("the App's private key cannot sign; make a new one on the App's page")]
    Unusable,
}

/// How far back a word begins: GitHub's clock may be behind ours.
const BEFORE: SignedDuration = SignedDuration::from_secs(60);
/// How long a word counts. GitHub takes at most ten minutes, by its own clock.
const AFTER: SignedDuration = SignedDuration::from_secs(9 * 60);
/// In bytes.
const SMALLEST: usize = 256;

impl AppId {
    /// Takes an id.
    ///
    /// # Errors
    /// [`KeyError::Id`].
    pub fn new(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        match !text.is_empty()
            && text.len() <= 64
            && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '.')
        {
            true => Ok(Self(text.to_owned())),
            false => Err(KeyError::Id),
        }
    }
}

impl AppKey {
    /// Reads a PEM file.
    ///
    /// # Errors
    /// [`KeyError`], without anything of the text.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        // In an environment a line's end may be written as two letters.
        let pem = pem.replace("\\n", "\n");
        let is_kind = |kind: &str| pem.contains(&format!("-----BEGIN {kind}-----"));
        let body: String = pem
            .lines()
            .map(str::trim)
            .skip_while(|line| !line.starts_with("-----BEGIN "))
            .skip(1)
            .take_while(|line| !line.starts_with("-----END "))
            .collect();
        let der = STANDARD.decode(body).map_err(|_| KeyError::NoPem)?;
        let pair = match (is_kind("RSA PRIVATE KEY"), is_kind("PRIVATE KEY")) {
            (true, _) => KeyPair::from_der(&der),
            (_, true) => KeyPair::from_pkcs8(&der),
            _ => return Err(KeyError::NoPem),
        };
        let pair = pair.map_err(|_| KeyError::NoKey)?;
        match pair.public_modulus_len() >= SMALLEST {
            true => Ok(Self(Arc::new(pair))),
            false => Err(KeyError::NoKey),
        }
    }

    /// The signed word that the App sends as a token of its own: a JWT with RS256.
    pub(crate) fn word(&self, id: &AppId, now: Timestamp) -> Result<String, KeyError> {
        let claims =
            json!({ "iat": (now - BEFORE).as_second(), "exp": (now + AFTER).as_second(), "iss": id.0 });
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": "RS256", "typ": "JWT" })), part(&claims));
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| KeyError::Unusable)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Nothing of the key is printed.
impl fmt::Debug for AppKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppKey { .. }")
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_word_is_signed_by_the_key_and_ends() {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(der.as_ref())
        );
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        for text in [pem.clone(), pem.replace('\n', "\\n")] {
            let word = AppKey::from_pem(&text).unwrap().word(&AppId::new("42").unwrap(), now).unwrap();
            let (signed, signature) = word.rsplit_once('.').unwrap();
            let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref());
            public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
            let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
            let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
            let at = now.as_second();
            assert_eq!(claims, json!({ "iat": at - 60, "exp": at + 540, "iss": "42" }));
        }
    }

    #[test]
    fn what_is_no_key_is_named_without_its_text() {
        for (text, expected) in [
            ("hunter2", KeyError::NoPem),
            ("-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----", KeyError::NoPem),
            ("-----BEGIN RSA PRIVATE KEY-----\naGVsbG8=\n-----END RSA PRIVATE KEY-----", KeyError::NoKey),
        ] {
            assert_eq!(AppKey::from_pem(text).unwrap_err(), expected);
            assert!(!expected.to_string().contains("hunter2"));
        }
        assert!(["", "a b", "1;2"].iter().all(|id| AppId::new(id).is_err()));
    }
}
