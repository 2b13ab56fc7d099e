//! The layout of a GitOps repository: which path means what.
//!
//! Not here: what the files hold. Paths are compared byte for byte; on a case-folding disk two of them may be one file,
//! which is why everything near a grants folder that is not exactly right is foreign there.

use std::fmt;

use p0_grant::name::GrantId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whose signatures count, on base.
pub const ALLOWED_SIGNERS: &str = "p0/allowed_signers";

/// Whose signatures a change of what decides about access needs.
pub const OWNERS: &str = "p0/owners";

/// The owners' signatures on the last change of owned files.
pub const OWNER_SIGNATURES: &str = "p0/owner-signatures.yaml";

/// The repository's id.
pub const REPOSITORY: &str = "p0/repository.yaml";

/// What the sentinel's object is called.
pub const SENTINEL_NAME: &str = "p0-grants-sentinel";

/// The folder of clusters.
pub const CLUSTERS: &str = "clusters";

/// What each cluster's folder of grants is called.
pub const GRANTS: &str = "grants";

const SENTINEL: &str = "sentinel.yaml";
const KUSTOMIZATION: &str = "kustomization.yaml";

/// What a cluster's folder is called: a DNS-1123 label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct ClusterName(String);

/// A name that cannot be a cluster's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot name a cluster: use at most 63 characters of `a-z`, `0-9` and `-`, no `-` at either end"
)]
pub struct ClusterNameError(String);

/// A file that changes together with a cluster's grants: an applier reads both, so one change holds both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Companion {
    /// `grants/kustomization.yaml`: the list of grants, where a site keeps one.
    Kustomization,
    /// The manifest of the ConfigMap `aws-auth`, where the cluster file names one.
    AwsAuth,
}

/// What a path is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// One grant.
    Grant {
        /// Of which cluster.
        cluster: ClusterName,
        /// The file's name without its ending.
        id: GrantId,
    },
    /// A file that changes together with the grants.
    Companion(Companion, ClusterName),
    /// The manifest that keeps the grants folder from vanishing.
    Sentinel(ClusterName),
    /// In a grants folder, or in its way, and none of the above.
    ForeignToGrants,
    /// Anything else; owners guard what matters of it ([`is_owned`]).
    Elsewhere,
}

impl ClusterName {
    /// Checks `name`.
    ///
    /// # Errors
    /// [`ClusterNameError`].
    pub fn new(name: impl Into<String>) -> Result<Self, ClusterNameError> {
        let name = name.into();
        // A namespace is called just as strictly.
        match p0_grant::name::Namespace::new(name.as_str()) {
            Ok(_) => Ok(Self(name)),
            Err(_) => Err(ClusterNameError(name)),
        }
    }

    /// The checked text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `clusters/<c>/p0-cluster.yaml`.
    pub fn settings_path(&self) -> String {
        format!("clusters/{self}/p0-cluster.yaml")
    }

    /// `clusters/<c>/catalogue.yaml`.
    pub fn catalogue_path(&self) -> String {
        format!("clusters/{self}/catalogue.yaml")
    }

    /// `clusters/<c>/grants`.
    pub fn grants_folder(&self) -> String {
        format!("clusters/{self}/{GRANTS}")
    }

    /// `clusters/<c>/grants/<id>.yaml`.
    pub fn grant_path(&self, id: &GrantId) -> String {
        format!("{}/{}", self.grants_folder(), grant_file(id))
    }

    /// `clusters/<c>/grants/sentinel.yaml`.
    pub fn sentinel_path(&self) -> String {
        format!("{}/{SENTINEL}", self.grants_folder())
    }
}

impl Companion {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Kustomization, Self::AwsAuth];

    /// Where `cluster` has it, if it has one; `aws_auth` is what the cluster file names.
    pub fn path(self, cluster: &ClusterName, aws_auth: Option<&str>) -> Option<String> {
        match self {
            Self::Kustomization => Some(format!("{}/{KUSTOMIZATION}", cluster.grants_folder())),
            Self::AwsAuth => aws_auth.map(str::to_owned),
        }
    }
}

/// `<id>.yaml`: the file's name, and the grant's line in a kustomization.
pub fn grant_file(id: &GrantId) -> String {
    format!("{id}.yaml")
}

/// What `path`, relative to the repository's root with `/` between, is for.
///
/// ```
/// use p0_access::layout::{PathKind, path_kind};
///
/// assert!(matches!(path_kind("clusters/prod/grants/vpl5aqzpwnnqmnkrzze2.yaml"), PathKind::Grant { .. }));
/// assert_eq!(path_kind("clusters/prod/grants/more/vpl5aqzpwnnqmnkrzze2.yaml"), PathKind::ForeignToGrants);
/// assert_eq!(path_kind("README.md"), PathKind::Elsewhere);
/// ```
pub fn path_kind(path: &str) -> PathKind {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        // A link or a file in place of a folder would take everything below with it.
        ["clusters"] => PathKind::ForeignToGrants,
        ["clusters", folder] if ClusterName::new(*folder).is_ok() => PathKind::ForeignToGrants,
        ["clusters", cluster, folder, rest @ ..] if folder.eq_ignore_ascii_case(GRANTS) => {
            match ClusterName::new(*cluster) {
                Ok(cluster) if *folder == GRANTS => in_grants(cluster, rest),
                _ => PathKind::ForeignToGrants,
            }
        }
        _ => PathKind::Elsewhere,
    }
}

/// Whether owners guard `path`: it decides who gets access, which files are applied, or who judges. The scaffold's `CODEOWNERS`
/// lists the same. Preapprovals are not among them: each use of one is held to its approvers' signatures.
///
/// ```
/// use p0_access::layout::is_owned;
///
/// assert!(is_owned("p0/policy.yaml") && is_owned("clusters/prod/catalogue.yaml"));
/// assert!(!is_owned("p0/preapprovals/vpl5aqzpwnnqmnkrzze2.yaml") && !is_owned("README.md"));
/// ```
pub fn is_owned(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["p0", "preapprovals", _] => false,
        ["p0" | "deploy" | "hooks" | ".github", ..] | ["CODEOWNERS"] => true,
        ["clusters", _, "p0-cluster.yaml" | "catalogue.yaml", ..] => true,
        // What decides which files Git and the appliers see, at any depth.
        [.., ".gitattributes" | ".gitmodules" | ".sourceignore"] => true,
        _ => false,
    }
}

fn in_grants(cluster: ClusterName, rest: &[&str]) -> PathKind {
    match rest {
        [file] if *file == SENTINEL => PathKind::Sentinel(cluster),
        [file] if *file == KUSTOMIZATION => PathKind::Companion(Companion::Kustomization, cluster),
        [file] => match file.strip_suffix(".yaml").map(GrantId::new) {
            Some(Ok(id)) => PathKind::Grant { cluster, id },
            _ => PathKind::ForeignToGrants,
        },
        _ => PathKind::ForeignToGrants,
    }
}

impl fmt::Display for ClusterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ClusterName {
    type Error = ClusterNameError;

    fn try_from(text: String) -> Result<Self, ClusterNameError> {
        Self::new(text)
    }
}

impl std::str::FromStr for ClusterName {
    type Err = ClusterNameError;

    fn from_str(text: &str) -> Result<Self, ClusterNameError> {
        Self::new(text)
    }
}

impl From<ClusterName> for String {
    fn from(name: ClusterName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grants_folder_has_three_kinds_of_file_and_the_rest_is_foreign() {
        let prod = ClusterName::new("prod").unwrap();
        let id = GrantId::new("vpl5aqzpwnnqmnkrzze2").unwrap();
        for (path, expected) in [
            (prod.grant_path(&id), PathKind::Grant { cluster: prod.clone(), id }),
            (prod.sentinel_path(), PathKind::Sentinel(prod.clone())),
            (
                Companion::Kustomization.path(&prod, None).unwrap(),
                PathKind::Companion(Companion::Kustomization, prod.clone()),
            ),
            (prod.settings_path(), PathKind::Elsewhere),
            (prod.catalogue_path(), PathKind::Elsewhere),
            ("clusters/README.md".to_owned(), PathKind::Elsewhere),
        ] {
            assert_eq!(path_kind(&path), expected, "{path}");
        }
        for path in [
            "clusters",
            "clusters/prod",
            "clusters/prod/grants",
            "clusters/prod/grants/",
            "clusters/prod/Grants/vpl5aqzpwnnqmnkrzze2.yaml",
            "clusters/prod/grants/VPL5AQZPWNNQMNKRZZE2.yaml",
            "clusters/prod/grants/vpl5aqzpwnnqmnkrzze2.yml",
            "clusters/prod/grants/vpl5aqzpwnnqmnkrzze2",
            "clusters/prod/grants/a/vpl5aqzpwnnqmnkrzze2.yaml",
            "clusters/prod/grants/Kustomization",
            "clusters/prod/grants/.sourceignore",
            "clusters/prod/grants/.argocd-source.yaml",
            "clusters/PROD/grants/vpl5aqzpwnnqmnkrzze2.yaml",
        ] {
            assert_eq!(path_kind(path), PathKind::ForeignToGrants, "{path}");
        }
    }
}
