//! Signed deliveries. A delivery says that something may have happened, and nothing more: what is there is read from GitHub.

use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The key that GitHub signs deliveries with.
#[derive(Clone)]
pub struct WebhookSecret(SecretString);

/// A delivery whose signature is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// What happened: `push`, `pull_request`, `status`, ….
    pub event: String,
    /// The delivery's own name. A delivery that is sent again has the same.
    pub id: String,
}

/// Why a delivery is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// The key is too short to keep anybody out.
    #[error("the webhook's secret is shorter than 16 characters; make one with `openssl rand -hex 32`")]
    Short,
    /// No signature, or a wrong one.
    #[error("the delivery is not signed with the webhook's secret")]
    Unsigned,
    /// A signed delivery without its name or its event.
    #[error("the delivery does not say what it is")]
    Nameless,
}

/// The shortest key.
const SHORTEST: usize = 16;

impl WebhookSecret {
    /// Takes a key.
    ///
    /// # Errors
    /// [`WebhookError::Short`].
    pub fn new(secret: SecretString) -> Result<Self, WebhookError> {
        match secret.expose_secret().trim().len() < SHORTEST {
            true => Err(WebhookError::Short),
            false => Ok(Self(secret)),
        }
    }

    /// Checks a delivery: its body as it came, and its headers, asked for by their names.
    ///
    /// # Errors
    /// [`WebhookError`].
    pub fn check<'h>(
        &self,
        body: &[u8],
        header: impl Fn(&str) -> Option<&'h str>,
    ) -> Result<Delivery, WebhookError> {
        let signature = header("x-hub-signature-256")
            .and_then(|own| hex(own.strip_prefix("sha256=")?))
            .ok_or(WebhookError::Unsigned)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret().trim().as_bytes())
            .map_err(|_| WebhookError::Unsigned)?;
        mac.update(body);
        // Compared in constant time.
        mac.verify_slice(&signature).map_err(|_| WebhookError::Unsigned)?;
        match (header("x-github-event"), header("x-github-delivery")) {
            (Some(event), Some(id)) => Ok(Delivery { event: event.to_owned(), id: id.to_owned() }),
            _ => Err(WebhookError::Nameless),
        }
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    rest.is_empty().then(|| pairs.iter().map(byte).collect()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> WebhookSecret {
        WebhookSecret::new("0123456789abcdef".into()).unwrap()
    }

    /// `printf '{"a":1}' | openssl dgst -sha256 -hmac 0123456789abcdef`
    const SIGNED: &str = "sha256=1c76fbb930d3aa8b1633728fae212c68ca68a6752bb319b98be6fe17e86cf5b8";

    #[test]
    fn only_a_signature_over_these_very_bytes_counts() {
        let check = |body: &[u8], signature: Option<&'static str>| {
            secret().check(body, |name| match name {
                "x-hub-signature-256" => signature,
                "x-github-event" => Some("push"),
                "x-github-delivery" => Some("one"),
                _ => None,
            })
        };
        let known = Delivery { event: "push".to_owned(), id: "one".to_owned() };
        assert_eq!(check(br#"{"a":1}"#, Some(SIGNED)), Ok(known));
        for (body, signature) in [
            (br#"{"a":2}"#, Some(SIGNED)),
            (br#"{"a":1}"#, None),
            (br#"{"a":1}"#, Some("")),
            (br#"{"a":1}"#, Some("sha256=00")),
            (br#"{"a":1}"#, Some("sha256=zz")),
        ] {
            assert_eq!(check(body, signature), Err(WebhookError::Unsigned), "{signature:?}");
        }
    }

    #[test]
    fn a_key_that_can_be_guessed_is_refused() {
        assert_eq!(WebhookSecret::new("secret".into()).err(), Some(WebhookError::Short));
    }
}
