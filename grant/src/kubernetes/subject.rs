//! Subjects: who gets access.
//!
//! Not here: persons, and which subject is whose; that is the generator's `identities.yaml`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::name::{Namespace, is_dns_subdomain};

/// Who a binding names. Never one of Kubernetes' own (`system:…`).
///
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects>.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject(Kind);

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Kind {
    User(String),
    Group(String),
    ServiceAccount { namespace: Namespace, name: String },
}

/// A subject opened for reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectView<'a> {
    /// A user by the name authentication gives.
    User(&'a str),
    /// A group by name.
    Group(&'a str),
    /// A service account.
    ServiceAccount {
        /// Its namespace.
        namespace: &'a Namespace,
        /// Its name.
        name: &'a str,
    },
}

/// Why a text cannot be the subject of a grant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    /// An empty name.
    #[error("a subject needs a name")]
    Empty,
    /// One of Kubernetes' own users or groups: the API server would take it, and it may be every user.
    #[error(
        "`{0}` is one of Kubernetes' own subjects; grants are for people, their groups and service accounts outside `system:`"
    )]
    System(String),
    /// Not a DNS-1123 subdomain.
    #[error("`{0}` cannot name a service account: use at most 253 characters of `a-z`, `0-9`, `-` and `.`")]
    ServiceAccount(String),
    /// A control character, which would let a name imitate another one in a terminal or a log.
    #[error("the subject's name {0:?} holds a control character")]
    Control(String),
    /// Not `User/…`, `Group/…` or `ServiceAccount/…/…`.
    #[error("`{0}` is not a subject: write `User/NAME`, `Group/NAME` or `ServiceAccount/NAMESPACE/NAME`")]
    Form(String),
    /// The namespace of a service account is invalid.
    #[error("the service account's namespace is invalid")]
    Namespace(#[source] crate::name::NameError),
}

impl Subject {
    /// A user.
    ///
    /// # Errors
    /// [`SubjectError`] where the name is empty, `system:…`, or holds control characters.
    pub fn user(name: impl Into<String>) -> Result<Self, SubjectError> {
        own_name(name.into()).map(|name| Self(Kind::User(name)))
    }

    /// A group.
    ///
    /// # Errors
    /// As [`Subject::user`].
    pub fn group(name: impl Into<String>) -> Result<Self, SubjectError> {
        own_name(name.into()).map(|name| Self(Kind::Group(name)))
    }

    /// A service account.
    ///
    /// # Errors
    /// [`SubjectError::ServiceAccount`].
    pub fn service_account(namespace: Namespace, name: impl Into<String>) -> Result<Self, SubjectError> {
        let name = name.into();
        if !is_dns_subdomain(&name) {
            return Err(SubjectError::ServiceAccount(name));
        }
        Ok(Self(Kind::ServiceAccount { namespace, name }))
    }

    /// The subject's kind and names.
    pub fn view(&self) -> SubjectView<'_> {
        match &self.0 {
            Kind::User(name) => SubjectView::User(name),
            Kind::Group(name) => SubjectView::Group(name),
            Kind::ServiceAccount { namespace, name } => SubjectView::ServiceAccount { namespace, name },
        }
    }
}

fn own_name(name: String) -> Result<String, SubjectError> {
    match name.as_str() {
        "" => Err(SubjectError::Empty),
        text if text.starts_with("system:") => Err(SubjectError::System(name)),
        text if text.contains(char::is_control) => Err(SubjectError::Control(name)),
        _ => Ok(name),
    }
}

/// `User/alice@example.com`, `Group/sre`, `ServiceAccount/ci/deployer`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::User(name) => write!(f, "User/{name}"),
            Kind::Group(name) => write!(f, "Group/{name}"),
            Kind::ServiceAccount { namespace, name } => {
                write!(f, "ServiceAccount/{namespace}/{name}")
            }
        }
    }
}

/// Reads what [`Subject`]'s `Display` writes; a name without a kind is a user.
impl std::str::FromStr for Subject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, SubjectError> {
        match text.split_once('/') {
            Some(("User", name)) => Self::user(name),
            Some(("Group", name)) => Self::group(name),
            Some(("ServiceAccount", rest)) => {
                let (namespace, name) =
                    rest.split_once('/').ok_or_else(|| SubjectError::Form(text.to_owned()))?;
                Self::service_account(Namespace::new(namespace).map_err(SubjectError::Namespace)?, name)
            }
            _ => Self::user(text),
        }
    }
}

/// A subject as the binding writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SubjectFields {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    api_group: String,
    kind: String,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
}

/// The group that users and groups belong to in a binding.
pub(crate) const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

impl From<&Subject> for SubjectFields {
    fn from(subject: &Subject) -> Self {
        let (kind, name, namespace) = match &subject.0 {
            Kind::User(name) => ("User", name, None),
            Kind::Group(name) => ("Group", name, None),
            Kind::ServiceAccount { namespace, name } => ("ServiceAccount", name, Some(namespace)),
        };
        Self {
            api_group: if namespace.is_some() { String::new() } else { RBAC_GROUP.to_owned() },
            kind: kind.to_owned(),
            name: name.clone(),
            namespace: namespace.map(Namespace::to_string),
        }
    }
}

impl TryFrom<SubjectFields> for Subject {
    type Error = SubjectError;

    fn try_from(fields: SubjectFields) -> Result<Self, SubjectError> {
        let SubjectFields { api_group, kind, name, namespace } = fields;
        let form = || SubjectError::Form(format!("{api_group}/{kind}/{name}"));
        match (api_group.as_str(), kind.as_str(), namespace) {
            (RBAC_GROUP, "User", None) => Self::user(name),
            (RBAC_GROUP, "Group", None) => Self::group(name),
            ("", "ServiceAccount", Some(namespace)) => {
                Self::service_account(Namespace::new(namespace).map_err(SubjectError::Namespace)?, name)
            }
            _ => Err(form()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints_and_takes_a_bare_name_as_a_user() {
        for text in [
            "User/alice@example.com",
            "Group/sre",
            "ServiceAccount/ci/deployer",
            "User/arn:aws:iam::1:user/al",
        ] {
            assert_eq!(text.parse::<Subject>().unwrap().to_string(), text);
        }
        assert_eq!("alice@example.com".parse::<Subject>().unwrap().to_string(), "User/alice@example.com");
    }

    #[test]
    fn refuses_kubernetes_own_subjects_and_names_that_pretend() {
        for text in [
            "",
            "User/",
            "User/system:admin",
            "Group/system:masters",
            "Group/system:authenticated",
            "system:serviceaccount:a:b",
            "ServiceAccount/ci",
            "ServiceAccount/CI/a",
            "ServiceAccount/ci/A",
            "User/a\u{1b}[2Jb",
        ] {
            assert!(text.parse::<Subject>().is_err(), "{text:?}");
        }
    }
}
