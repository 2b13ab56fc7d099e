//! Requests that Slack signs: HMAC-SHA-256 over the time and the body, compared in constant time.

use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// How old a request may be, or how far ahead, in seconds.
const FRESH: u64 = 300;

/// The secret with which Slack signs.
#[derive(Clone)]
pub struct SigningSecret(SecretString);

/// Why a request is not Slack's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// A header is missing, or is no time.
    #[error("a request without `X-Slack-Signature` and `X-Slack-Request-Timestamp`")]
    Headers,
    /// Too old, or from a time to come.
    #[error("the request was signed more than five minutes from now")]
    Stale,
    /// Signed with something else, or over something else.
    #[error("the signature is not Slack's over this request")]
    Wrong,
}

impl SigningSecret {
    /// The secret as Slack shows it under Basic Information.
    pub fn new(secret: SecretString) -> Self {
        Self(secret)
    }

    /// Whether Slack signed `body` at `timestamp`, which is about `now`; both are seconds since 1970.
    ///
    /// # Errors
    /// [`NotSigned`].
    pub fn verify(
        &self,
        timestamp: Option<&str>,
        signature: Option<&str>,
        body: &[u8],
        now: i64,
    ) -> Result<(), NotSigned> {
        let (timestamp, signature) = timestamp.zip(signature).ok_or(NotSigned::Headers)?;
        let at: i64 = timestamp.parse().map_err(|_| NotSigned::Headers)?;
        if at.abs_diff(now) > FRESH {
            return Err(NotSigned::Stale);
        }
        let given = signature.strip_prefix("v0=").and_then(from_hex).ok_or(NotSigned::Wrong)?;
        self.mac(timestamp, body)?.verify_slice(&given).map_err(|_| NotSigned::Wrong)
    }

    /// The signature over `body` at `timestamp`, as Slack writes it.
    ///
    /// # Errors
    /// None where the secret is one.
    pub fn sign(&self, timestamp: &str, body: &[u8]) -> Result<String, NotSigned> {
        let made = self.mac(timestamp, body)?.finalize().into_bytes();
        let hex: String = made.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("v0={hex}"))
    }

    fn mac(&self, timestamp: &str, body: &[u8]) -> Result<Hmac<Sha256>, NotSigned> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret().as_bytes())
            .map_err(|_| NotSigned::Wrong)?;
        for part in [b"v0:".as_slice(), timestamp.as_bytes(), b":", body] {
            mac.update(part);
        }
        Ok(mac)
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16))
        .map(|digit| u8::try_from(digit?).ok())
        .collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some(high << 4 | low),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Slack's own page on verifying requests.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const BODY: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    const AT: &str = "1531420618";

    fn verify(
        timestamp: Option<&str>,
        signature: Option<&str>,
        body: &str,
        now: i64,
    ) -> Result<(), NotSigned> {
        SigningSecret::new(SECRET.into()).verify(timestamp, signature, body.as_bytes(), now)
    }

    #[test]
    fn slacks_own_example_is_signed_and_nothing_near_it_is() {
        let now = 1_531_420_618;
        assert_eq!(verify(Some(AT), Some(SIGNATURE), BODY, now), Ok(()));
        let capitals = SIGNATURE.replace("v0=", "").to_uppercase();
        for (signature, body) in [
            (SIGNATURE, "token=other"),
            ("v0=a2114d57", BODY),
            ("v0=", BODY),
            ("v0=zz", BODY),
            (capitals.as_str(), BODY),
            ("", BODY),
        ] {
            assert_eq!(verify(Some(AT), Some(signature), body, now), Err(NotSigned::Wrong), "{signature}");
        }
        assert_eq!(verify(Some("1531420619"), Some(SIGNATURE), BODY, now), Err(NotSigned::Wrong));
    }

    #[test]
    fn a_request_counts_for_five_minutes_before_and_after() {
        let at: i64 = AT.parse().unwrap();
        for (now, answer) in
            [(at + 300, Ok(())), (at + 301, Err(NotSigned::Stale)), (at - 301, Err(NotSigned::Stale))]
        {
            assert_eq!(verify(Some(AT), Some(SIGNATURE), BODY, now), answer, "{now}");
        }
        for timestamp in [None, Some(""), Some("soon"), Some("99999999999999999999")] {
            assert_eq!(
                verify(timestamp, Some(SIGNATURE), BODY, at),
                Err(NotSigned::Headers),
                "{timestamp:?}"
            );
        }
        assert_eq!(verify(Some(AT), None, BODY, at), Err(NotSigned::Headers));
    }
}
