//! The secret of a webhook, and the signature that it makes: HMAC-SHA256 over id, time and body, as Standard Webhooks has it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::Sha256;

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// How many bytes a secret has.
const LENGTH: std::ops::RangeInclusive<usize> = 24..=64;

/// The keys of one webhook. Each of them signs, so that a receiver can change to the next one when it likes.
#[derive(Clone)]
pub struct HookSecret(Vec<SecretSlice<u8>>);

/// Not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a webhook's secret is `whsec_` and 24 to 64 random bytes in base64, one a line: `echo whsec_$(openssl rand -base64 32)`"
)]
pub struct HookSecretError;

impl HookSecret {
    /// Reads the secret: one key a line.
    ///
    /// # Errors
    /// [`HookSecretError`].
    pub fn read(text: &str) -> Result<Self, HookSecretError> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys = lines.map(key).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(HookSecretError) } else { Ok(Self(keys)) }
    }

    /// The signatures of all keys, separated by spaces.
    pub(super) fn sign(&self, id: &str, seconds: &str, body: &str) -> String {
        let signature = |key: &SecretSlice<u8>| {
            let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret()).ok()?;
            for part in [id, ".", seconds, ".", body] {
                mac.update(part.as_bytes());
            }
            Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
        };
        self.0.iter().filter_map(signature).collect::<Vec<_>>().join(" ")
    }
}

fn key(line: &str) -> Result<SecretSlice<u8>, HookSecretError> {
    let bytes = line.strip_prefix(PREFIX).and_then(|rest| STANDARD.decode(rest).ok());
    bytes.filter(|bytes| LENGTH.contains(&bytes.len())).map(SecretSlice::from).ok_or(HookSecretError)
}

impl fmt::Debug for HookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HookSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification of Standard Webhooks.
    const EXAMPLE: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn it_signs_as_the_specification_s_example() {
        let secret = HookSecret::read(EXAMPLE).unwrap();
        let signed = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_key_signs_and_none_is_shown() {
        let other = format!("whsec_{}", STANDARD.encode([7; 32]));
        let secret = HookSecret::read(&format!("{other}\n\n{EXAMPLE}\n")).unwrap();
        assert_eq!(secret.sign("a", "1", "b").split(' ').count(), 2);
        assert_eq!(format!("{secret:?}"), "HookSecret(…)");
    }

    #[test]
    fn what_is_too_short_or_in_another_form_is_refused() {
        for text in ["", "whsec_", "secret", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_?"]
        {
            assert!(HookSecret::read(text).is_err(), "{text}");
        }
    }
}
