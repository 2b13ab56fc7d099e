//! Signatures: SSH signatures over a grant's text, as `ssh-keygen -Y sign` makes and `ssh-keygen -Y verify` checks them.
//!
//! Ed25519 only, SHA-512, one namespace for each purpose. Not here: whose signatures count ([`crate::signers`]) and where keys are kept.
//!
//! Source: <https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig>.

use jiff::Timestamp;
use ssh_key::{Algorithm, HashAlg, LineEnding, PublicKey, SshSig};

pub use super::fingerprint::Fingerprint;

use crate::signers::{AllowedSigners, Signer};
use crate::time::written;

/// What a signature is for. One that was made for something else does not count: neither another of these, nor a Git
/// commit or a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A grant, by the bot.
    Grant,
    /// An approver's own word on a grant.
    Approval,
    /// A preapproval that an approver opens beforehand.
    Preapproval,
    /// A change of the files that decide about access, by one of their owners.
    Owners,
    /// A person's command.
    Act,
    /// The bot's word on a vote that it verified where the person cannot sign.
    Click,
}

/// More than any Ed25519 signature has in its armor.
const MAX_BYTES: usize = 2048;

/// A signature that was read from its armor, and has exactly this armor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    inner: SshSig,
    armor: String,
}

/// Why a text is no signature, or a key cannot make one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not the armor of an SSH signature.
    #[error("it is not an armored SSH signature (`-----BEGIN SSH SIGNATURE-----` …)")]
    Armor,
    /// The armor is spelled otherwise than OpenSSH spells it.
    #[error("it is not spelled as OpenSSH spells a signature")]
    Spelling,
    /// Another kind of key.
    #[error("it is by a `{0}` key; only `ssh-ed25519` counts")]
    Algorithm(String),
    /// Not SHA-512.
    #[error("it uses `{0}`; only sha512 counts")]
    Hash(String),
    /// The key did not sign.
    #[error("the key could not sign: {0}")]
    Signing(String),
    /// Something else answered for the key.
    #[error("what the agent answered is no signature by the key {0}")]
    NotByKey(Fingerprint),
}

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is not a signature.
    #[error("the signature cannot be read")]
    Unreadable(#[from] SignatureError),
    /// Made for something else.
    #[error("the signature is for `{found}`, not for `{wanted}`")]
    Purpose {
        /// What it is for.
        found: String,
        /// What it should be for.
        wanted: &'static str,
    },
    /// The key is not among the allowed signers.
    #[error("the key {0} is not among the allowed signers")]
    UnknownKey(Fingerprint),
    /// The key is there, for other purposes.
    #[error("the key {key} may not sign for `{wanted}`")]
    NotForThis {
        /// Which key.
        key: Fingerprint,
        /// What it should be for.
        wanted: &'static str,
    },
    /// The key is there, for other times.
    #[error("the key {key} was not valid at {}", written(*.at))]
    NotValid {
        /// Which key.
        key: Fingerprint,
        /// When.
        at: Timestamp,
    },
    /// The text is not what was signed.
    #[error("the signature by {0} is not over this text")]
    Mismatch(Fingerprint),
}

impl Purpose {
    /// The signature's namespace.
    pub const fn namespace(self) -> &'static str {
        match self {
            Self::Grant => "p0.dev/grant",
            Self::Approval => "p0.dev/approval",
            Self::Preapproval => "p0.dev/window",
            Self::Owners => "p0.dev/owners",
            Self::Act => "p0.dev/act",
            Self::Click => "p0.dev/click",
        }
    }
}

impl Signature {
    /// Reads an armored signature.
    ///
    /// # Errors
    /// [`SignatureError`] where it is not a signature, or not in the one spelling that OpenSSH writes.
    pub fn read(armor: &str) -> Result<Self, SignatureError> {
        if armor.len() > MAX_BYTES {
            return Err(SignatureError::Armor);
        }
        let inner = SshSig::from_pem(armor).map_err(|_| SignatureError::Armor)?;
        let signature = Self::of(inner)?;
        if signature.armor == armor { Ok(signature) } else { Err(SignatureError::Spelling) }
    }

    /// Signs `message` for `purpose`. Equal messages give equal signatures.
    ///
    /// # Errors
    /// [`SignatureError`] where the key is no Ed25519 key or is encrypted.
    pub fn make(purpose: Purpose, key: &ssh_key::PrivateKey, message: &[u8]) -> Result<Self, SignatureError> {
        check_algorithm(&key.algorithm())?;
        let signed = key.sign(purpose.namespace(), HashAlg::Sha512, message);
        Self::of(signed.map_err(|error| SignatureError::Signing(error.to_string()))?)
    }

    /// What a key that is elsewhere, in an agent, has to sign: the raw bytes of the protocol.
    ///
    /// # Errors
    /// [`SignatureError::Signing`], which no message should give.
    pub fn payload(purpose: Purpose, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        SshSig::signed_data(purpose.namespace(), HashAlg::Sha512, message)
            .map_err(|error| SignatureError::Signing(error.to_string()))
    }

    /// The signature whose raw part an agent made over [`Signature::payload`] of `message`.
    ///
    /// # Errors
    /// [`SignatureError`] where the agent answered with another kind of signature, or over something else.
    pub fn from_agent(
        purpose: Purpose,
        key: &PublicKey,
        message: &[u8],
        raw: ssh_key::Signature,
    ) -> Result<Self, SignatureError> {
        check_algorithm(&raw.algorithm())?;
        let inner = SshSig::new(key.key_data().clone(), purpose.namespace(), HashAlg::Sha512, raw);
        let inner = inner.map_err(|error| SignatureError::Signing(error.to_string()))?;
        key.verify(purpose.namespace(), message, &inner)
            .map_err(|_| SignatureError::NotByKey(Fingerprint::of(key.key_data())))?;
        Self::of(inner)
    }

    fn of(inner: SshSig) -> Result<Self, SignatureError> {
        check_algorithm(&inner.algorithm())?;
        // Version and reserved bytes are free in the library, and the version is not signed.
        if inner.version() != SshSig::VERSION || !inner.reserved().is_empty() {
            return Err(SignatureError::Spelling);
        }
        if inner.hash_alg() != HashAlg::Sha512 {
            return Err(SignatureError::Hash(inner.hash_alg().to_string()));
        }
        let mut armor = inner.to_pem(LineEnding::LF).map_err(|_| SignatureError::Armor)?;
        if !armor.ends_with('\n') {
            armor.push('\n');
        }
        Ok(Self { inner, armor })
    }

    /// The armor, with its line ends.
    pub fn armor(&self) -> &str {
        &self.armor
    }

    /// The key that claims to have signed. Nothing is checked yet.
    pub fn key(&self) -> Fingerprint {
        Fingerprint::of(self.inner.public_key())
    }

    /// The key that signed `message` for `purpose`. Whose it is, and whether it counts, is not known here.
    ///
    /// # Errors
    /// [`Refused`] where it is for something else or over another text.
    pub fn signer(&self, purpose: Purpose, message: &[u8]) -> Result<PublicKey, Refused> {
        let wanted = purpose.namespace();
        if self.inner.namespace() != wanted {
            return Err(Refused::Purpose { found: self.inner.namespace().to_owned(), wanted });
        }
        let public = PublicKey::from(self.inner.public_key().clone());
        let signed = public.verify(wanted, message, &self.inner);
        signed.map(|()| public).map_err(|_| Refused::Mismatch(self.key()))
    }

    /// Who of `signers` signed `message` for `purpose`, with a key that was valid at `made_at` and is at `now`.
    ///
    /// # Errors
    /// [`Refused`] says why it does not count.
    pub fn verify<'s>(
        &self,
        purpose: Purpose,
        message: &[u8],
        signers: &'s AllowedSigners,
        made_at: Timestamp,
        now: Timestamp,
    ) -> Result<&'s Signer, Refused> {
        let (key, wanted) = (self.key(), purpose.namespace());
        let public = self.signer(purpose, message)?;
        let known: Vec<&Signer> = signers.with_key(public.key_data()).collect();
        if known.is_empty() {
            return Err(Refused::UnknownKey(key));
        }
        let mut for_this = known.into_iter().filter(|signer| signer.may_sign(wanted)).peekable();
        if for_this.peek().is_none() {
            return Err(Refused::NotForThis { key, wanted });
        }
        let mut at = now;
        for signer in for_this {
            match [made_at, now].into_iter().find(|time| !signer.is_valid_at(*time)) {
                None => return Ok(signer),
                Some(time) => at = time,
            }
        }
        Err(Refused::NotValid { key, at })
    }
}

fn check_algorithm(algorithm: &Algorithm) -> Result<(), SignatureError> {
    match algorithm {
        Algorithm::Ed25519 => Ok(()),
        other => Err(SignatureError::Algorithm(other.to_string())),
    }
}

#[cfg(test)]
mod tests;
