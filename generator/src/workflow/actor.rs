//! Who acts: proved by a signature of a key in `p0/identities.yaml`, or, where policy says that this is a demo, by a name.
//!
//! Not here: whether they may.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use p0_access::identity::{Identities, SlackId};
use p0_access::name::{GroupName, PersonName};
use p0_access::request::Act;
use p0_grant::signature::{Purpose, Signature};
use p0_grant::subject::Subject;

use crate::repository::BaseSnapshot;
use crate::signing::SigningKey;
use crate::when::written;
use crate::workflow::{Result, WorkflowError};

/// How old, or how far ahead, a signed act may be.
pub(super) const FRESH: SignedDuration = SignedDuration::from_mins(5);

/// What says who acts.
pub enum Actor {
    /// A key.
    Key(SigningKey),
    /// A name, which proves nothing.
    Name(PersonName),
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
    /// Clicked in Slack.
    Clicked(SlackUser),
}

/// A user of Slack for whom Slack itself vouched a moment ago: the only way to have one is to verify what Slack sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlackUser(SlackId);

impl SlackUser {
    /// For `crate::slack`, once it has verified where a click comes from and that its user may act at all.
    pub(crate) fn verified(id: SlackId) -> Self {
        Self(id)
    }

    /// Who it is for Slack.
    pub fn id(&self) -> &SlackId {
        &self.0
    }
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

/// A signature is for now: one that was kept proves nothing.
pub(crate) fn check_fresh(at: Timestamp, now: Timestamp) -> Result<()> {
    match now.duration_since(at).abs() > FRESH {
        true => {
            Err(WorkflowError::Proof(format!("it was signed at {}, and it is {}", written(at), written(now))))
        }
        false => Ok(()),
    }
}

/// Everybody who may be somebody, who of them may revoke everything, and whether a name is enough.
pub(crate) struct People {
    pub(crate) identities: Arc<Identities>,
    pub(crate) trusted: BTreeSet<GroupName>,
    pub(crate) demo: bool,
}

impl People {
    /// The persons of base. They need no policy; only a policy that says so makes a name enough.
    pub(crate) fn of(snapshot: &BaseSnapshot) -> Result<Self> {
        let demo = snapshot.policy().is_ok_and(|policy| policy.settings().demo);
        Ok(Self { identities: snapshot.identities()?, trusted: snapshot.trusted_groups(), demo })
    }

    /// The members of trusted groups.
    pub(crate) fn trusted(&self) -> impl Iterator<Item = &PersonName> {
        let members = self.trusted.iter().flat_map(|group| self.identities.members(group));
        members.map(|person| &person.name)
    }

    /// Who did `verb` to `about`.
    pub(crate) fn who(&self, claim: &Claim, verb: &str, about: &str, now: Timestamp) -> Result<PersonName> {
        match claim {
            Claim::Named(person) => self.named(person),
            Claim::Clicked(user) => self.clicked(user),
            Claim::Signed { at, signature } => {
                check_fresh(*at, now)?;
                let text = Act { verb, about, at: *at }.text();
                let key = signature.signer(Purpose::Act, text.as_bytes());
                let key = key.map_err(|refused| WorkflowError::Proof(refused.to_string()))?;
                Ok(self.identities.by_key(&key).map_err(WorkflowError::Who)?.name.clone())
            }
        }
    }

    /// Who a person is in Kubernetes.
    pub(crate) fn subject_of(&self, person: &PersonName) -> Result<Subject> {
        let person = self.identities.by_name(person).map_err(WorkflowError::Who)?;
        self.identities.subject_of(person).map_err(WorkflowError::Who)
    }

    /// A person whom Slack vouches for.
    pub(crate) fn clicked(&self, user: &SlackUser) -> Result<PersonName> {
        Ok(self.identities.by_slack(user.id()).map_err(WorkflowError::Who)?.name.clone())
    }

    /// A person who is only named, which counts in a demo alone.
    pub(crate) fn named(&self, person: &PersonName) -> Result<PersonName> {
        if !self.demo {
            let why = "a name alone proves nothing; sign with a key of p0/identities.yaml (`--key FILE`, or an SSH agent)";
            return Err(WorkflowError::Proof(why.to_owned()));
        }
        Ok(self.identities.by_name(person).map_err(WorkflowError::Who)?.name.clone())
    }
}
