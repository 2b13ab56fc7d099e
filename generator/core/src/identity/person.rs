//! One person of the file. Not here: that nothing is shared by two.

use std::collections::BTreeSet;
use std::fmt;

use p0_grant::arn::{ArnError, IamIdentity};
use p0_grant::subject::{Subject, SubjectError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ssh_key::{Algorithm, PublicKey};

use super::is_one;
use crate::name::{GroupName, PersonName};

/// A person, and by what they are known elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Fields")]
pub struct Person {
    /// What they are called here, in grants and in the audit.
    pub name: PersonName,
    /// What they are called in Kubernetes; the first where nothing else is asked for.
    pub kubernetes: Vec<Subject>,
    /// Their e-mail address. It never proves who somebody is.
    pub email: Option<String>,
    /// Their user in Slack.
    pub slack: Option<SlackId>,
    /// Their login on the forge.
    pub forge: Option<String>,
    /// Their account's number on the forge. Logins are given to others after a while, numbers are not.
    pub forge_id: Option<u64>,
    /// Their user in PagerDuty.
    pub pagerduty: Option<PagerDutyId>,
    /// Who they are for AWS.
    pub iam: Option<IamIdentity>,
    /// Who may approve as their manager.
    pub manager: Option<PersonName>,
    /// Keys that prove who acts on the command line, all Ed25519.
    pub ssh_keys: Vec<PublicKey>,
    /// Groups they are in.
    pub groups: BTreeSet<GroupName>,
}

/// A user in Slack: ids, which never change, and no names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlackId {
    /// The workspace, `T…`.
    pub team: String,
    /// The user, `U…` or `W…`.
    pub user: String,
}

/// A user in PagerDuty: the id, `P…`, which never changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct PagerDutyId(String);

/// Why an entry is no person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PersonError {
    /// A name in Kubernetes that no user can have.
    #[error("`{name}` cannot be `{person}` in Kubernetes: {problem}")]
    Subject {
        /// Whose entry.
        person: PersonName,
        /// What was written.
        name: String,
        /// What is wrong with it.
        problem: SubjectError,
    },
    /// A group, which is never one person.
    #[error("`{name}` is a group, and `{person}` is one person")]
    Group {
        /// Whose entry.
        person: PersonName,
        /// What was written.
        name: String,
    },
    /// Not a key.
    #[error("an SSH key of `{0}` cannot be read: write `ssh-ed25519 AAAA…`")]
    Key(PersonName),
    /// Another kind of key.
    #[error("an SSH key of `{person}` is `{algorithm}`; only `ssh-ed25519` counts")]
    Algorithm {
        /// Whose entry.
        person: PersonName,
        /// What kind it is.
        algorithm: String,
    },
    /// Not an IAM identity of one person.
    #[error("the IAM ARN of `{person}` cannot be used: {problem}")]
    Iam {
        /// Whose entry.
        person: PersonName,
        /// What is wrong with it.
        problem: ArnError,
    },
    /// Not Slack's ids.
    #[error("the Slack user of `{0}` is written as its ids: `{{team: T…, user: U…}}`")]
    Slack(PersonName),
    /// Not PagerDuty's id.
    #[error("the PagerDuty user of `{0}` is written as its id, `P` and capital letters and digits")]
    PagerDuty(PersonName),
    /// Something that is there and empty.
    #[error("`{field}` of `{person}` is empty: leave it out")]
    Empty {
        /// Whose entry.
        person: PersonName,
        /// Which field.
        field: &'static str,
    },
}

/// A person as the file has them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Fields {
    /// What they are called here.
    name: PersonName,
    /// Names in Kubernetes: `alice@example.com`, `User/…` or `ServiceAccount/NAMESPACE/NAME`.
    #[serde(default)]
    kubernetes: Vec<String>,
    /// The e-mail address.
    #[serde(default)]
    email: Option<String>,
    /// The user in Slack, by ids.
    #[serde(default)]
    slack: Option<SlackId>,
    /// The login on the forge.
    #[serde(default)]
    forge: Option<String>,
    /// The number of the account on the forge; with it a login that was given to somebody else proves nothing.
    #[serde(default)]
    forge_id: Option<u64>,
    /// The user in PagerDuty, by id.
    #[serde(default)]
    pagerduty: Option<PagerDutyId>,
    /// The ARN of the IAM user, or of the session of an `AWSReservedSSO_` role of IAM Identity Center.
    #[serde(default)]
    iam_arn: Option<String>,
    /// Who may approve as their manager.
    #[serde(default)]
    manager: Option<PersonName>,
    /// Keys as in `~/.ssh/id_ed25519.pub`.
    #[serde(default)]
    ssh_keys: Vec<String>,
    /// Groups they are in.
    #[serde(default)]
    groups: BTreeSet<GroupName>,
}

impl TryFrom<Fields> for Person {
    type Error = PersonError;

    fn try_from(fields: Fields) -> Result<Self, PersonError> {
        let name = fields.name;
        let texts = [("email", &fields.email), ("forge", &fields.forge)];
        if let Some((field, _)) = texts.iter().find(|(_, text)| text.as_deref() == Some("")) {
            return Err(PersonError::Empty { person: name, field });
        }
        if fields.slack.as_ref().is_some_and(|id| !id.is_well_formed()) {
            return Err(PersonError::Slack(name));
        }
        if fields.pagerduty.as_ref().is_some_and(|id| !id.is_well_formed()) {
            return Err(PersonError::PagerDuty(name));
        }
        let subjects = fields.kubernetes.into_iter().map(|text| subject(&name, text));
        let kubernetes = subjects.collect::<Result<_, _>>()?;
        let keys = fields.ssh_keys.iter().map(|text| key(&name, text));
        let ssh_keys = keys.collect::<Result<_, _>>()?;
        let iam = fields.iam_arn.map(|arn| iam(&name, &arn)).transpose()?;
        let (email, slack, forge) = (fields.email, fields.slack, fields.forge);
        let (manager, groups) = (fields.manager, fields.groups);
        let (forge_id, pagerduty) = (fields.forge_id, fields.pagerduty);
        Ok(Self {
            name,
            kubernetes,
            email,
            slack,
            forge,
            forge_id,
            pagerduty,
            iam,
            manager,
            ssh_keys,
            groups,
        })
    }
}

fn subject(person: &PersonName, name: String) -> Result<Subject, PersonError> {
    match name.parse::<Subject>() {
        Ok(subject) if is_one(&subject) => Ok(subject),
        Ok(_) => Err(PersonError::Group { person: person.clone(), name }),
        Err(problem) => Err(PersonError::Subject { person: person.clone(), name, problem }),
    }
}

pub(super) fn iam(person: &PersonName, arn: &str) -> Result<IamIdentity, PersonError> {
    let read = IamIdentity::read(arn).map(|(identity, _)| identity);
    read.map_err(|problem| PersonError::Iam { person: person.clone(), problem })
}

fn key(person: &PersonName, text: &str) -> Result<PublicKey, PersonError> {
    let key = PublicKey::from_openssh(text.trim()).map_err(|_| PersonError::Key(person.clone()))?;
    match key.algorithm() {
        Algorithm::Ed25519 => Ok(key),
        other => Err(PersonError::Algorithm { person: person.clone(), algorithm: other.to_string() }),
    }
}

impl SlackId {
    fn is_well_formed(&self) -> bool {
        let id = |text: &str, first: &[char]| {
            text.len() > 1
                && text.starts_with(first)
                && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        };
        id(&self.team, &['T', 'E']) && id(&self.user, &['U', 'W'])
    }
}

impl PagerDutyId {
    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_well_formed(&self) -> bool {
        self.0.len() > 1
            && self.0.starts_with('P')
            && self.0.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    }
}

impl fmt::Display for SlackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.team, self.user)
    }
}
