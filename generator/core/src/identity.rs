//! `p0/identities.yaml`: persons, and by what they are known elsewhere.
//!
//! Whatever is known of a person is theirs alone, or the file is refused: a look-up never has to choose. Not here: what a
//! person may do, and asking any directory.

use std::collections::BTreeMap;

use p0_grant::signature::Fingerprint;
use p0_grant::subject::{Subject, SubjectView};
use p0_grant::yaml::{self, Limits, YamlError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;
use ssh_key::PublicKey;

use crate::api_version::ApiVersion;
use crate::name::{GroupName, PersonName};

mod iam_pattern;
mod import;
mod person;

use iam_pattern::IamPattern;
pub use import::{NewPerson, document};
pub use person::{PagerDutyId, Person, PersonError, SlackId};

/// The path of the file.
pub const IDENTITIES: &str = "p0/identities.yaml";

/// All persons, each found by anything known of them.
///
/// ```
/// let text = "apiVersion: p0.dev/v1alpha1\nkind: Identities\npersons:\n- name: alice\n  kubernetes: [alice@example.com]\n";
/// let identities = p0_access::identity::Identities::read(text)?;
/// let subject = "User/alice@example.com".parse().unwrap();
/// assert_eq!(identities.by_subject(&subject).unwrap().name.as_str(), "alice");
/// # Ok::<(), p0_grant::yaml::YamlError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identities {
    persons: BTreeMap<PersonName, Person>,
    email: Option<EmailAsUser>,
    known: BTreeMap<Mark, PersonName>,
}

/// No person is known by that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhoError {
    /// Not in the file.
    #[error("p0/identities.yaml has no person {0}")]
    Unknown(String),
    /// In the file, without a name in Kubernetes.
    #[error("`{0}` has no name in Kubernetes: give one under `kubernetes` in p0/identities.yaml")]
    NoSubject(PersonName),
}

/// E-mail addresses as users' names in Kubernetes. They never prove who somebody is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EmailAsUser {
    /// Domains whose addresses are taken.
    domains: Vec<String>,
}

/// Something by which one person alone is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Subject(Subject),
    Slack(SlackId),
    Forge(String),
    ForgeId(u64),
    PagerDuty(PagerDutyId),
    Arn(String),
    Key(String),
}

/// The file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "p0/identities.yaml")]
pub(crate) struct File {
    #[serde(rename = "apiVersion")]
    _api_version: ApiVersion,
    #[serde(rename = "kind")]
    _kind: Kind,
    /// Take the e-mail address as the user's name in Kubernetes where none is given.
    #[serde(default)]
    email_as_user: Option<EmailAsUser>,
    /// The IAM ARN of each person who has none of their own, with `{name}` or `{email}` in its last part.
    #[serde(default)]
    iam_arn_pattern: Option<IamPattern>,
    /// The persons.
    #[serde(default)]
    #[schemars(with = "Vec<person::Fields>")]
    persons: Vec<Spanned<Person>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
enum Kind {
    Identities,
}

impl Identities {
    /// Reads the file.
    ///
    /// # Errors
    /// [`YamlError`] with line and column; also where two persons share something.
    pub fn read(text: &str) -> Result<Self, YamlError> {
        let file: File = yaml::read(text, Limits::FILE)?;
        let mut identities = Self { email: file.email_as_user, ..Self::default() };
        for person in file.persons {
            let at = person.referenced;
            let problem = |message| YamlError::At { line: at.line(), column: at.column(), message };
            let person = match &file.iam_arn_pattern {
                Some(pattern) => pattern.fill(person.value).map_err(|error| problem(error.to_string()))?,
                None => person.value,
            };
            identities.add(person).map_err(problem)?;
        }
        Ok(identities)
    }

    fn add(&mut self, person: Person) -> Result<(), String> {
        let name = person.name.clone();
        for mark in self.marks(&person) {
            let told = mark.to_string();
            match self.known.insert(mark, name.clone()) {
                Some(other) if other == name => return Err(format!("{told} stands twice at `{name}`")),
                Some(other) => {
                    return Err(format!("{told} is `{other}`'s already, and cannot be `{name}`'s too"));
                }
                None => {}
            }
        }
        match self.persons.insert(name.clone(), person) {
            None => Ok(()),
            Some(_) => Err(format!("the person `{name}` stands there twice")),
        }
    }

    fn marks(&self, person: &Person) -> Vec<Mark> {
        let subjects = person.kubernetes.iter().cloned().chain(self.email_user(person));
        let keys = person.ssh_keys.iter().map(|key| Mark::Key(fingerprint(key)));
        let mut marks: Vec<Mark> = subjects.map(Mark::Subject).chain(keys).collect();
        marks.extend(person.slack.clone().map(Mark::Slack));
        // Forges take a login in any case for the same.
        marks.extend(person.forge.as_deref().map(|login| Mark::Forge(login.to_ascii_lowercase())));
        marks.extend(person.iam.as_ref().map(|identity| Mark::Arn(identity.to_string())));
        marks.extend(person.forge_id.map(Mark::ForgeId));
        marks.extend(person.pagerduty.clone().map(Mark::PagerDuty));
        marks
    }

    /// The e-mail address as a user, where the file says so and no name is given.
    fn email_user(&self, person: &Person) -> Option<Subject> {
        let address = person.email.as_deref().filter(|_| person.kubernetes.is_empty())?;
        let (_, domain) = address.rsplit_once('@')?;
        let taken = self.email.as_ref()?.domains.iter().any(|own| own.eq_ignore_ascii_case(domain));
        Subject::user(address).ok().filter(|_| taken)
    }

    /// All persons, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Person> {
        self.persons.values()
    }

    /// A group's members.
    pub fn members<'a>(&'a self, group: &'a GroupName) -> impl Iterator<Item = &'a Person> {
        self.iter().filter(move |person| person.groups.contains(group))
    }

    /// The person called `name`.
    ///
    /// # Errors
    /// [`WhoError::Unknown`].
    pub fn by_name(&self, name: &PersonName) -> Result<&Person, WhoError> {
        self.persons.get(name).ok_or_else(|| WhoError::Unknown(format!("`{name}`")))
    }

    /// Whose SSH key it is.
    ///
    /// # Errors
    /// [`WhoError::Unknown`].
    pub fn by_key(&self, key: &PublicKey) -> Result<&Person, WhoError> {
        self.find(&Mark::Key(fingerprint(key)))
    }

    /// Whether it is the SSH key of any person.
    pub fn has_key(&self, key: &Fingerprint) -> bool {
        self.known.contains_key(&Mark::Key(key.to_string()))
    }

    /// Who is called so in Kubernetes.
    ///
    /// # Errors
    /// [`WhoError::Unknown`]; a group is never one person.
    pub fn by_subject(&self, subject: &Subject) -> Result<&Person, WhoError> {
        self.find(&Mark::Subject(subject.clone()))
    }

    /// Who is called so in Slack.
    ///
    /// # Errors
    /// [`WhoError::Unknown`].
    pub fn by_slack(&self, id: &SlackId) -> Result<&Person, WhoError> {
        self.find(&Mark::Slack(id.clone()))
    }

    /// Whose account on the forge it is: by its number, or by its login, in any case, where the person's number is not given.
    ///
    /// # Errors
    /// [`WhoError::Unknown`]; also for the login of a person whose account has another number.
    pub fn by_forge(&self, login: &str, id: u64) -> Result<&Person, WhoError> {
        if let Ok(person) = self.find(&Mark::ForgeId(id)) {
            return Ok(person);
        }
        let person = self.find(&Mark::Forge(login.to_ascii_lowercase()))?;
        match person.forge_id {
            None => Ok(person),
            Some(_) => Err(WhoError::Unknown(format!("with the forge login `{login}` and the number {id}"))),
        }
    }

    fn find(&self, mark: &Mark) -> Result<&Person, WhoError> {
        let person = self.known.get(mark).and_then(|name| self.persons.get(name));
        person.ok_or_else(|| {
            WhoError::Unknown(match mark {
                Mark::Subject(_) => mark.to_string(),
                _ => format!("with {mark}"),
            })
        })
    }

    /// What a person is called in Kubernetes where nothing else is asked for: the first name given.
    ///
    /// # Errors
    /// [`WhoError::NoSubject`].
    pub fn subject_of(&self, person: &Person) -> Result<Subject, WhoError> {
        let given = person.kubernetes.first().cloned().or_else(|| self.email_user(person));
        given.ok_or_else(|| WhoError::NoSubject(person.name.clone()))
    }
}

fn fingerprint(key: &PublicKey) -> String {
    key.fingerprint(ssh_key::HashAlg::Sha256).to_string()
}

/// Whether one person could be called so: a user, or a service account that a person keeps.
pub(crate) fn is_one(subject: &Subject) -> bool {
    !matches!(subject.view(), SubjectView::Group(_))
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Subject(subject) => write!(f, "`{subject}`"),
            Self::Slack(id) => write!(f, "the Slack user `{id}`"),
            Self::Forge(login) => write!(f, "the forge login `{login}`"),
            Self::ForgeId(id) => write!(f, "the forge account {id}"),
            Self::PagerDuty(id) => write!(f, "the PagerDuty user `{}`", id.as_str()),
            Self::Arn(arn) => write!(f, "`{arn}`"),
            Self::Key(fingerprint) => write!(f, "the SSH key {fingerprint}"),
        }
    }
}

#[cfg(test)]
mod tests;
