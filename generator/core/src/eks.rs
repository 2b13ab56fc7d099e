//! EKS: how a cluster knows its users, and with it who the subject of a grant is for AWS.
//!
//! Not here: the entries of `aws-auth` (`p0_grant::aws_auth`), and the file that holds them ([`crate::companion`]).

use std::str::FromStr;

use p0_grant::arn::IamIdentity;
use p0_grant::mapping::Mapping;
use p0_grant::subject::{Subject, SubjectView};
use p0_grant::username::{self, UsernameError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::identity::{Identities, WhoError};
use crate::name::PersonName;

/// How an EKS cluster knows its users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Eks {
    /// By access entries, which are made once and give no rights: a grant touches RBAC only, and its subject is the user name of an
    /// entry.
    AccessEntries,
    /// By the ConfigMap `aws-auth`, which AWS has deprecated: a grant needs an entry there.
    AwsAuth {
        /// The manifest of the ConfigMap in this repository, which changes together with the grants.
        file: ManifestPath,
    },
}

/// Where in the repository a manifest is: folders and a name that ends in `.yaml` or `.yml`, outside of `p0/` and of grants folders.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct ManifestPath(String);

/// A path that cannot be that of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot be the file of aws-auth: write its path in this repository, as in `clusters/prod/aws-auth.yaml`, outside of `p0/` \
     and of grants folders"
)]
pub struct ManifestPathError(String);

/// Why a subject cannot have a grant on an EKS cluster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EksError {
    /// A user name that no access entry can have, or that the identity cannot have.
    #[error("the subject is no user name of EKS")]
    Username(#[source] UsernameError),
    /// No person has the subject.
    #[error("the IAM identity of the subject is not known")]
    Who(#[source] WhoError),
    /// A person without an IAM identity.
    #[error(
        "`{0}` has no IAM identity: give it as `iamArn` in p0/identities.yaml, or a pattern as `iamArnPattern`"
    )]
    NoIdentity(PersonName),
}

impl Eks {
    /// Who `subject` is for AWS, where a grant needs an entry of its own; `None` where it needs none.
    ///
    /// # Errors
    /// [`EksError`]: then nothing is granted.
    pub fn identity_of(
        eks: Option<&Self>,
        identities: &Identities,
        subject: &Subject,
    ) -> Result<Option<IamIdentity>, EksError> {
        let (Some(eks), SubjectView::User(name)) = (eks, subject.view()) else { return Ok(None) };
        match eks {
            Self::AccessEntries => username::check(name).map(|()| None).map_err(EksError::Username),
            Self::AwsAuth { .. } => {
                let person = identities.by_subject(subject).map_err(EksError::Who)?;
                let identity = person.iam.clone().ok_or_else(|| EksError::NoIdentity(person.name.clone()))?;
                Mapping::new(identity.clone(), name).map_err(EksError::Username)?;
                Ok(Some(identity))
            }
        }
    }

    /// The manifest of `aws-auth`, where grants change it.
    pub fn aws_auth_file(&self) -> Option<&ManifestPath> {
        match self {
            Self::AccessEntries => None,
            Self::AwsAuth { file } => Some(file),
        }
    }
}

impl ManifestPath {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder that it is in; empty at the root of the repository.
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Its name in that folder.
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(self.as_str(), |(_, name)| name)
    }
}

impl TryFrom<String> for ManifestPath {
    type Error = ManifestPathError;

    fn try_from(path: String) -> Result<Self, ManifestPathError> {
        let is_part = |part: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !part.is_empty() && !part.starts_with('.') && part.bytes().all(is_plain)
        };
        let is_manifest = [".yaml", ".yml"].into_iter().any(|end| path.ends_with(end));
        let reserved = ["p0-cluster.yaml", "catalogue.yaml"].into_iter().any(|name| path.ends_with(name));
        let kept = path.to_ascii_lowercase().split('/').any(|part| part == "grants")
            || path.to_ascii_lowercase().starts_with("p0/");
        match path.split('/').all(is_part) && is_manifest && !reserved && !kept {
            true => Ok(Self(path)),
            false => Err(ManifestPathError(path)),
        }
    }
}

/// A text that names no way in which a cluster knows its users.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EksTextError {
    /// Neither of the two.
    #[error(
        "write `access-entries`, or `aws-auth=FILE` with the path of the ConfigMap's manifest in the repository"
    )]
    Way,
    /// No path of a manifest.
    #[error(transparent)]
    File(#[from] ManifestPathError),
}

/// `access-entries`, or `aws-auth=FILE`.
impl FromStr for Eks {
    type Err = EksTextError;

    fn from_str(text: &str) -> Result<Self, EksTextError> {
        match text.split_once('=') {
            None if text == "access-entries" => Ok(Self::AccessEntries),
            Some(("aws-auth", file)) => Ok(Self::AwsAuth { file: file.to_owned().try_into()? }),
            _ => Err(EksTextError::Way),
        }
    }
}

impl From<ManifestPath> for String {
    fn from(path: ManifestPath) -> Self {
        path.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSONS: &str = "apiVersion: p0.dev/v1alpha1\nkind: Identities\npersons:\n\
        - {name: alice, kubernetes: [alice@example.com], iamArn: 'arn:aws:iam::123456789012:user/alice'}\n\
        - {name: bob, kubernetes: [bob]}\n- {name: eve, kubernetes: ['aws:eve']}\n";

    fn identity_of(eks: Option<&Eks>, subject: &str) -> Result<Option<String>, EksError> {
        let identities = Identities::read(PERSONS).unwrap();
        let found = Eks::identity_of(eks, &identities, &subject.parse().unwrap());
        found.map(|identity| identity.map(|identity| identity.to_string()))
    }

    #[test]
    fn only_aws_auth_needs_an_identity_and_only_for_users() {
        let file = ManifestPath::try_from("clusters/prod/aws-auth.yaml".to_owned()).unwrap();
        let aws_auth = Eks::AwsAuth { file };
        let entries = Eks::AccessEntries;
        let alice = Some("arn:aws:iam::123456789012:user/alice".to_owned());
        assert_eq!(identity_of(Some(&aws_auth), "alice@example.com"), Ok(alice));
        for subject in ["Group/sre", "ServiceAccount/ci/deployer"] {
            assert_eq!(identity_of(Some(&aws_auth), subject), Ok(None));
        }
        for subject in ["alice@example.com", "somebody"] {
            assert_eq!(identity_of(None, subject), Ok(None));
            assert_eq!(identity_of(Some(&entries), subject), Ok(None));
        }
        assert!(matches!(identity_of(Some(&aws_auth), "bob"), Err(EksError::NoIdentity(_))));
        assert!(matches!(identity_of(Some(&aws_auth), "somebody"), Err(EksError::Who(_))));
        assert!(matches!(identity_of(Some(&entries), "aws:eve"), Err(EksError::Username(_))));
        assert!(identity_of(None, "aws:eve").is_ok());
    }

    #[test]
    fn a_command_line_names_the_way_and_the_file() {
        assert_eq!("access-entries".parse(), Ok(Eks::AccessEntries));
        let Ok(Eks::AwsAuth { file }) = "aws-auth=infra/prod/aws-auth.yaml".parse() else { panic!() };
        assert_eq!((file.folder(), file.name()), ("infra/prod", "aws-auth.yaml"));
        for text in ["", "aws-auth", "accessEntries", "access-entries=x.yaml"] {
            assert_eq!(text.parse::<Eks>(), Err(EksTextError::Way), "{text}");
        }
        assert!(matches!("aws-auth=../x.yaml".parse::<Eks>(), Err(EksTextError::File(_))));
    }

    #[test]
    fn the_file_is_a_manifest_in_the_repository() {
        let read = |path: &str| ManifestPath::try_from(path.to_owned());
        for path in ["aws-auth.yaml", "clusters/prod/aws-auth.yaml", "infra/eks/prod/kube-system.yml"] {
            assert_eq!(read(path).unwrap().as_str(), path);
        }
        for path in [
            "",
            "/etc/aws-auth.yaml",
            "../aws-auth.yaml",
            "a//b.yaml",
            "clusters/prod/grants/aws-auth.yaml",
            "clusters/prod/Grants/aws-auth.yaml",
            "p0/policy.yaml",
            "P0/policy.yaml",
            "clusters/prod/p0-cluster.yaml",
            "clusters/prod/catalogue.yaml",
            ".github/aws-auth.yaml",
            "aws-auth.json",
            "a b.yaml",
        ] {
            assert!(read(path).is_err(), "{path}");
        }
    }
}
