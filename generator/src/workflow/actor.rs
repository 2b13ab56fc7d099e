//! Who acts: proved by a signature of a key in `p0/identities.yaml`, or, where policy says that this is a demo, by a name.
//!
//! Not here: whether they may.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use p0_access::identity::Identities;
use p0_access::name::PersonName;
use p0_access::request::{Act, Channel};
use p0_grant::signature::{Purpose, Signature};

use crate::repository::BaseSnapshot;
use crate::signing::SigningKey;
use crate::workflow::{Result, WorkflowError};

/// How old, or how far ahead, a signed act may be.
const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// What says who acts.
pub enum Actor {
    /// A key.
    Key(SigningKey),
    /// A name, which proves nothing.
    Name(PersonName),
}

/// Somebody, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acting {
    /// Who.
    pub person: PersonName,
    /// Where they act.
    pub channel: Channel,
}

/// A proof that somebody did something.
pub enum Claim {
    /// Signed.
    Signed {
        /// When.
        at: Timestamp,
        /// Over the act's text.
        signature: Box<Signature>,
    },
    /// Said.
    Named(PersonName),
}

impl Actor {
    /// Proves that they do `verb` to `about`.
    ///
    /// # Errors
    /// [`WorkflowError::Signing`].
    pub fn claim(&self, verb: &str, about: &str, at: Timestamp) -> Result<Claim> {
        match self {
            Self::Name(person) => Ok(Claim::Named(person.clone())),
            Self::Key(key) => {
                let signature = key.sign(Purpose::Act, Act { verb, about, at }.text().as_bytes())?;
                Ok(Claim::Signed { at, signature: Box::new(signature) })
            }
        }
    }
}

/// Everybody who may be somebody, and whether a name is enough.
pub(crate) struct People {
    pub(crate) identities: Arc<Identities>,
    pub(crate) demo: bool,
}

impl People {
    /// The persons of base. They need no policy; only a policy that says so makes a name enough.
    pub(super) fn of(snapshot: &BaseSnapshot) -> Result<Self> {
        let demo = snapshot.policy().is_ok_and(|policy| policy.settings().demo);
        Ok(Self { identities: snapshot.identities()?, demo })
    }

    /// Who did `verb` to `about`.
    pub(crate) fn who(&self, claim: &Claim, verb: &str, about: &str, now: Timestamp) -> Result<Acting> {
        match claim {
            Claim::Named(person) => self.named(person),
            Claim::Signed { at, signature } => {
                if now.duration_since(*at).abs() > FRESH {
                    return Err(WorkflowError::Proof(format!("it was signed at {at}, and it is {now}")));
                }
                let text = Act { verb, about, at: *at }.text();
                let key = signature.signer(Purpose::Act, text.as_bytes());
                let key = key.map_err(|refused| WorkflowError::Proof(refused.to_string()))?;
                let person = self.identities.by_key(&key).map_err(WorkflowError::Who)?;
                Ok(Acting { person: person.name.clone(), channel: Channel::Cli })
            }
        }
    }

    pub(crate) fn named(&self, person: &PersonName) -> Result<Acting> {
        if !self.demo {
            let why = "a name alone proves nothing; sign with a key of p0/identities.yaml (`--key FILE`, or an SSH agent)";
            return Err(WorkflowError::Proof(why.to_owned()));
        }
        let person = self.identities.by_name(person).map_err(WorkflowError::Who)?;
        Ok(Acting { person: person.name.clone(), channel: Channel::Demo })
    }
}
