//! New persons as the text of `p0/identities.yaml`, for people to review. Not here: where they come from.

use p0_grant::yaml::{self, YamlError};
use serde::Serialize;

use super::{Identities, SlackId};

/// A person as somebody else's list knows them. Nothing of it is checked yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewPerson {
    /// What they are called here.
    pub name: String,
    /// Names in Kubernetes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kubernetes: Vec<String>,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The user in Slack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slack: Option<SlackId>,
    /// The login on the forge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forge: Option<String>,
    /// The number of the account on the forge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forge_id: Option<u64>,
    /// The user in PagerDuty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pagerduty: Option<String>,
    /// Who they are for AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iam_arn: Option<String>,
    /// Who may approve as their manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
    /// Keys that prove who acts on the command line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ssh_keys: Vec<String>,
    /// Groups they are in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'p> {
    api_version: &'static str,
    kind: &'static str,
    persons: &'p [NewPerson],
}

/// The file with these persons, which this program reads again.
///
/// # Errors
/// [`YamlError`] where a person cannot be as they are given, or two share something.
///
/// ```
/// use p0_access::identity::{NewPerson, document};
///
/// let alice = NewPerson { name: "alice".to_owned(), email: Some("alice@example.com".to_owned()), ..NewPerson::default() };
/// assert!(document(&[alice.clone()])?.contains("email: alice@example.com"));
/// assert!(document(&[alice.clone(), alice]).is_err());
/// # Ok::<(), p0_grant::yaml::YamlError>(())
/// ```
pub fn document(persons: &[NewPerson]) -> Result<String, YamlError> {
    let file = File { api_version: "p0.dev/v1alpha1", kind: "Identities", persons };
    let text = yaml::write(&[file])?;
    Identities::read(&text)?;
    Ok(text)
}
