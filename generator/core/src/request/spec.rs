//! What was asked: who, for whom, for what, how long and why. It never changes but for the digests of what it gives.

use std::fmt;

use jiff::Timestamp;
use p0_grant::danger::Class;
use p0_grant::digest::SubsetDigest;
use p0_grant::name::{GrantId, NameError};
use p0_grant::role::RoleRef;
use p0_grant::subject::Subject;
use serde::{Deserialize, Serialize};

use crate::duration::Lifetime;
use crate::layout::ClusterName;
use crate::name::PersonName;

/// A request's id: that of its first grant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(GrantId);

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RequestSpec {
    /// Its id.
    pub id: RequestId,
    /// Who asked.
    pub requester: PersonName,
    /// Who gets access.
    #[serde(with = "as_text")]
    pub subject: Subject,
    /// Whose subject that is, where it is a person's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<PersonName>,
    /// For what: one grant each, never none.
    pub grants: Vec<RequestedGrant>,
    /// For how long, from the approval.
    pub lifetime: Lifetime,
    /// What that length is.
    #[serde(default)]
    pub span: Span,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Which policy rule answers for it.
    pub rule: String,
    /// When it was asked.
    pub at: Timestamp,
    /// Until when it waits for an answer.
    pub answer_by: Timestamp,
    /// When its approvers are reminded, where the policy says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_at: Option<Timestamp>,
    /// When each of them is asked directly and others are told, where the policy says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalate_at: Option<Timestamp>,
}

/// What a request's length is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Span {
    /// So long.
    #[default]
    Timed,
    /// Until the day on which the rule is to be reviewed.
    Persistent,
}

/// One grant of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RequestedGrant {
    /// The grant's own id.
    pub grant: GrantId,
    /// On which cluster.
    pub cluster: ClusterName,
    /// Which role.
    pub role: RoleRef,
    /// What part of it, as `p0_grant::selection::Selection` is written.
    pub selection: String,
    /// Subresources besides, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subresources: Vec<String>,
    /// What the role gave there when somebody last looked at it.
    pub digest: SubsetDigest,
    /// The worst that was found in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub danger: Option<Class>,
    /// Who the subject is for AWS, where the grant needs an entry in `aws-auth`: approvers see it, and it is what they approve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iam_arn: Option<String>,
}

impl RequestId {
    /// Checks `id`.
    ///
    /// # Errors
    /// As [`GrantId::new`].
    pub fn new(id: impl Into<String>) -> Result<Self, NameError> {
        GrantId::new(id).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The id of its first grant.
    pub fn grant(&self) -> &GrantId {
        &self.0
    }
}

impl From<GrantId> for RequestId {
    fn from(id: GrantId) -> Self {
        Self(id)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for RequestId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::new(text)
    }
}

impl RequestedGrant {
    /// The selection with its subresources: `pods shop/web, pods/exec`.
    pub fn what(&self) -> String {
        with_subresources(&self.selection, &self.subresources)
    }
}

/// A selection with its subresources, each as Kubernetes writes it: `pods shop/web, pods/exec`.
///
/// ```
/// use p0_access::request::with_subresources;
///
/// let scale = ["scale".to_owned()];
/// assert_eq!(with_subresources("apps/deployments shop/*", &scale), "apps/deployments shop/*, deployments/scale");
/// ```
pub fn with_subresources(selection: &str, subresources: &[String]) -> String {
    let resource = selection.split(' ').next().unwrap_or(selection);
    let plural = resource.rsplit('/').next().unwrap_or(resource);
    let named = subresources.iter().map(|own| format!(", {plural}/{own}"));
    std::iter::once(selection.to_owned()).chain(named).collect()
}

impl RequestSpec {
    /// Whether `person` is the one who asked, or the one who gets access.
    pub fn concerns(&self, person: &PersonName) -> bool {
        self.requester == *person || self.owner.as_ref() == Some(person)
    }

    /// The worst that was found in any of the grants.
    pub fn danger(&self) -> Option<Class> {
        self.grants.iter().filter_map(|want| want.danger).max()
    }

    /// What was asked, in one line.
    pub fn summary(&self) -> String {
        let parts = self.grants.iter().map(|want| {
            let identity = want.iam_arn.as_ref().map(|arn| format!(", as {arn}")).unwrap_or_default();
            format!("{} on {} ({}{identity})", want.role, want.what(), want.cluster)
        });
        parts.collect::<Vec<_>>().join(" and ")
    }
}

/// A subject as it is written everywhere.
mod as_text {
    use p0_grant::subject::Subject;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(subject: &Subject, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(subject)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Subject, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
