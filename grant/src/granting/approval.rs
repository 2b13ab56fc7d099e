//! Approvals as a grant file carries them: which kind, and the signatures that approvers make with their own keys.
//!
//! Not here: what they sign ([`crate::statement`]), and whose approval is enough; that is policy, and the generator's.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::signature::{Signature, SignatureError};

/// What a grant's approval rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApprovalKind {
    /// Persons that a rule lists.
    Reviewers,
    /// The requester's manager.
    Manager,
    /// No person: the requester is on call.
    Auto,
    /// The review of the change itself.
    Git,
    /// Persons that a rule lists, until a date at which it is reviewed.
    Persistent,
    /// A preapproval that an approver opened beforehand. Files and JSON call it `window`.
    #[serde(rename = "window")]
    Preapproval,
}

/// One approver's own signature over a [`Statement`](crate::statement::Statement).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApproverSignature {
    /// When they approved: whole seconds.
    pub at: Timestamp,
    /// The longest that they approved: whole seconds.
    pub lifetime: SignedDuration,
    /// The signature, for [`Purpose::Approval`](crate::signature::Purpose::Approval). It is not verified yet.
    pub signature: Signature,
}

/// A text that names no kind of approval.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a kind of approval")]
pub struct ApprovalKindError(String);

/// Why a text is no list of approvers' signatures.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApproverSignaturesError {
    /// A line that should read `TIME SECONDS`.
    #[error("`{0}` should read `TIME SECONDS`")]
    Header(String),
    /// What follows it is no signature.
    #[error("a signature cannot be read")]
    Signature(#[from] SignatureError),
}

impl ApprovalKind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::Reviewers, Self::Manager, Self::Auto, Self::Git, Self::Persistent, Self::Preapproval];

    /// The word in a grant file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reviewers => "reviewers",
            Self::Manager => "manager",
            Self::Auto => "auto",
            Self::Git => "git",
            Self::Persistent => "persistent",
            Self::Preapproval => "window",
        }
    }
}

impl fmt::Display for ApprovalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for ApprovalKind {
    type Err = ApprovalKindError;

    fn from_str(text: &str) -> Result<Self, ApprovalKindError> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| ApprovalKindError(text.to_owned()))
    }
}

/// The annotation's text: for each signature a line `TIME SECONDS` and its armor.
pub(crate) fn write(signatures: &[ApproverSignature]) -> String {
    let entry =
        |own: &ApproverSignature| format!("{} {}\n{}", own.at, own.lifetime.as_secs(), own.signature.armor());
    signatures.iter().map(entry).collect()
}

/// Reads what [`write`] wrote. Other spellings of the same do not survive being written again.
pub(crate) fn read(text: &str) -> Result<Vec<ApproverSignature>, ApproverSignaturesError> {
    const END: &str = "-----END SSH SIGNATURE-----\n";
    text.split_inclusive(END).map(read_one).collect()
}

fn read_one(entry: &str) -> Result<ApproverSignature, ApproverSignaturesError> {
    let (header, armor) = entry.split_once('\n').unwrap_or((entry, ""));
    let wrong = || ApproverSignaturesError::Header(header.to_owned());
    let (at, seconds) = header.split_once(' ').ok_or_else(wrong)?;
    let at: Timestamp = at.parse().map_err(|_| wrong())?;
    let seconds: i64 = seconds.parse().map_err(|_| wrong())?;
    if at.subsec_nanosecond() != 0 || seconds <= 0 {
        return Err(wrong());
    }
    let signature = Signature::read(armor)?;
    Ok(ApproverSignature { at, lifetime: SignedDuration::from_secs(seconds), signature })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::Purpose;
    use ssh_key::private::Ed25519Keypair;

    fn signature(seed: u8) -> ApproverSignature {
        let key = ssh_key::PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32]));
        ApproverSignature {
            at: "2026-11-24T10:00:00Z".parse().unwrap(),
            lifetime: SignedDuration::from_hours(4),
            signature: Signature::make(Purpose::Approval, &key, b"text").unwrap(),
        }
    }

    #[test]
    fn a_list_reads_as_it_was_written() {
        for list in [vec![], vec![signature(1)], vec![signature(1), signature(2)]] {
            assert_eq!(read(&write(&list)), Ok(list));
        }
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let good = write(&[signature(1)]);
        for text in [
            "x".to_owned(),
            format!("{good}x"),
            good.replace("14400", "-1"),
            good.replace("14400", "0"),
            good.replace(" 14400", ""),
            good.replace("00Z ", "00.5Z "),
            good.replace("-----BEGIN", "----BEGIN"),
        ] {
            assert!(read(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_kind_reads_back() {
        for kind in ApprovalKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str(), "JSON has the same word");
        }
        assert!("Git".parse::<ApprovalKind>().is_err());
    }

    #[test]
    fn the_words_of_the_file_format_do_not_change_when_a_type_is_renamed() {
        let words = ApprovalKind::ALL.map(ApprovalKind::as_str);
        assert_eq!(words, ["reviewers", "manager", "auto", "git", "persistent", "window"]);
    }
}
