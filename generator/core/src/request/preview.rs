//! What somebody was shown, and what somebody signs, each as one text.

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Request, State};

/// What a person does on the command line: the text that proves who did it.
///
/// ```
/// use p0_access::request::Act;
///
/// let act = Act { verb: "deny", about: "vpl5aqzpwnnqmnkrzze2", at: "2026-11-24T10:00:00Z".parse()? };
/// assert_eq!(act.text(), r#"{"verb":"deny","about":"vpl5aqzpwnnqmnkrzze2","at":"2026-11-24T10:00:00Z"}"#);
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Act<'a> {
    /// What is done.
    pub verb: &'a str,
    /// To what.
    pub about: &'a str,
    /// When.
    pub at: Timestamp,
}

impl Act<'_> {
    /// The one text: compact JSON, fields in this order.
    #[expect(clippy::expect_used, reason = "strings and a time always have a JSON form")]
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("JSON")
    }
}

impl Request {
    /// A digest of what an approver decides on: a yes to anything else is stale.
    #[expect(clippy::expect_used, reason = "strings, times and numbers always have a JSON form")]
    pub fn shown(&self) -> String {
        let extension = match &self.state {
            State::Extending(extending) => {
                let extension = &extending.extension;
                Some((&extension.by, extension.lifetime, &extension.reason, extension.at))
            }
            _ => None,
        };
        let json = serde_json::to_vec(&(&self.asked, extension)).expect("JSON");
        format!("{:x}", Sha256::digest(json))
    }
}
