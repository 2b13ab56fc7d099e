//! The cluster file: how grants on one cluster are made. Not here: who may have one.

use p0_grant::danger::{Row, Site};
use p0_grant::grant::{NamePrefix, RoleObject};
use p0_grant::name::Namespace;
use p0_grant::offer::{NamespacePattern, SystemNamespaces};
use p0_grant::plan::{Allowance, Settings};
use p0_grant::restrict::WildcardVerb;
use p0_grant::yaml::{self, Limits, YamlError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api_version::ApiVersion;
use crate::duration::Lifetime;
use crate::eks::Eks;
use crate::grant_schema::{AllowanceSchema, RoleObjectSchema, RowSchema, WildcardVerbSchema};
use crate::layout::ClusterName;

mod confirmation;
mod merge_mode;

pub use confirmation::{Applier, Confirmation, Witness};
pub use merge_mode::MergeMode;

/// A cluster's settings, as `clusters/<c>/p0-cluster.yaml` has them.
///
/// ```
/// let cluster = p0_access::cluster::Cluster::read("apiVersion: p0.dev/v1alpha1\nkind: Cluster\nname: prod\n")?;
/// assert_eq!(cluster.grants.max_duration.to_string(), "7d");
/// # Ok::<(), p0_grant::yaml::YamlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "clusters/<c>/p0-cluster.yaml")]
pub struct Cluster {
    api_version: ApiVersion,
    kind: Kind,
    /// The cluster's name; its folder is called the same.
    pub name: ClusterName,
    /// How grants are made.
    #[serde(default)]
    pub grants: GrantSettings,
    /// How the cluster knows its users, if it is one of EKS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eks: Option<Eks>,
    /// Namespaces that are the system's, besides `kube-*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub system_namespaces: Vec<NamespacePattern>,
    /// Namespaces of what applies this repository, and of the bot. They are the system's too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub applier_namespaces: Vec<Namespace>,
    /// Rows of the danger table that only this site knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<RowSchema>")]
    pub danger: Vec<Row>,
    /// How it is seen that the cluster has what base says; without it, people are told no more than "merged".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Confirmation>,
    /// Who merges the changes that grant access.
    #[serde(default, skip_serializing_if = "MergeMode::is_default")]
    pub merge: MergeMode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
enum Kind {
    Cluster,
}

/// Why a cluster file cannot be used where it stands.
#[derive(Debug, thiserror::Error)]
pub enum ClusterFileError {
    /// It is no cluster file.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// It stands in another cluster's folder.
    #[error("it is the file of the cluster `{0}`")]
    Other(ClusterName),
}

/// How grants are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GrantSettings {
    /// The kind of the role object.
    #[schemars(with = "RoleObjectSchema")]
    pub role_object: RoleObject,
    /// What the objects' names begin with.
    #[schemars(with = "String")]
    pub prefix: NamePrefix,
    /// What becomes of the verb `*`.
    #[schemars(with = "WildcardVerbSchema")]
    pub wildcard_verb: WildcardVerb,
    /// The longest a grant may live.
    pub max_duration: Lifetime,
    /// What of a reason is kept in Git.
    pub reason: ReasonKept,
    /// Whether grants need a policy.
    #[serde(skip_serializing_if = "PolicyNeed::is_default")]
    pub policy: PolicyNeed,
    /// Where privileged verbs may be granted, and what is otherwise withheld.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<AllowanceSchema>")]
    pub allow_privileged: Vec<Allowance>,
}

/// What of a reason is kept in Git, for ever and for everybody who may read bindings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonKept {
    /// The text.
    #[default]
    Text,
    /// Its SHA-256: it can be checked later, and not read.
    Hash,
    /// Nothing.
    None,
}

/// Whether grants need `p0/policy.yaml`. Where there is one, it counts whatever this says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyNeed {
    /// Without one nothing is granted.
    #[default]
    Required,
    /// Without one, each holder of an allowed signing key decides alone.
    Optional,
}

impl PolicyNeed {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for GrantSettings {
    fn default() -> Self {
        Self {
            role_object: RoleObject::default(),
            prefix: NamePrefix::default(),
            wildcard_verb: WildcardVerb::default(),
            max_duration: Lifetime::hours(7 * 24),
            reason: ReasonKept::default(),
            policy: PolicyNeed::default(),
            allow_privileged: Vec::new(),
        }
    }
}

impl Cluster {
    /// A cluster with the default settings.
    pub fn new(name: ClusterName) -> Self {
        Self {
            api_version: ApiVersion::V1Alpha1,
            kind: Kind::Cluster,
            name,
            grants: GrantSettings::default(),
            eks: None,
            system_namespaces: Vec::new(),
            applier_namespaces: Vec::new(),
            danger: Vec::new(),
            confirm: None,
            merge: MergeMode::default(),
        }
    }

    /// Reads a cluster file.
    ///
    /// # Errors
    /// [`YamlError`] with line and column.
    pub fn read(text: &str) -> Result<Self, YamlError> {
        yaml::read(text, Limits::FILE)
    }

    /// Reads the cluster file that stands in the folder of `name`.
    ///
    /// # Errors
    /// [`ClusterFileError`].
    pub fn read_of(name: &ClusterName, text: &str) -> Result<Self, ClusterFileError> {
        let read = Self::read(text)?;
        match read.name == *name {
            true => Ok(read),
            false => Err(ClusterFileError::Other(read.name)),
        }
    }

    /// Writes a cluster file.
    ///
    /// # Errors
    /// [`YamlError`], which no cluster file should give.
    pub fn write(&self) -> Result<String, YamlError> {
        yaml::write(&[self])
    }

    /// What planning needs of it.
    pub fn plan_settings(&self) -> Settings {
        let appliers = self.applier_namespaces.iter().cloned().map(NamespacePattern::Name);
        Settings {
            wildcard: self.grants.wildcard_verb,
            allow_privileged: self.grants.allow_privileged.clone(),
            system: SystemNamespaces::with(self.system_namespaces.iter().cloned().chain(appliers)),
            site: Site { applier_namespaces: self.applier_namespaces.clone(), rows: self.danger.clone() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "apiVersion: p0.dev/v1alpha1\nkind: Cluster\nname: prod\n";

    #[test]
    fn what_is_written_reads_back() {
        let cluster = Cluster::new(ClusterName::new("prod").unwrap());
        assert_eq!(Cluster::read(&cluster.write().unwrap()).unwrap(), cluster);
    }

    #[test]
    fn every_setting_is_read() {
        let text = format!(
            "{HEAD}grants:\n  roleObject: Role\n  prefix: jit\n  wildcardVerb: expanded\n  maxDuration: 4h\n  reason: hash\n  \
             allowPrivileged:\n  - {{role: ClusterRole/admin, resource: rolebindings.rbac.authorization.k8s.io}}\nsystemNamespaces: [istio-*]\n\
             applierNamespaces: [argocd]\ndanger:\n- class: BLOCK\n  entries: [resource: {{group: example.com, resource: payouts}}]\n  \
             verbs: [create]\n  why: it moves money\n  source: our wiki\n"
        );
        let cluster = Cluster::read(&text).unwrap();
        let settings = cluster.plan_settings();
        assert_eq!((cluster.grants.role_object, cluster.grants.reason), (RoleObject::Role, ReasonKept::Hash));
        assert_eq!((settings.wildcard, settings.site.rows.len()), (WildcardVerb::Expanded, 1));
        for namespace in ["kube-system", "istio-system", "argocd"] {
            assert!(settings.system.contains(&Namespace::new(namespace).unwrap()), "{namespace}");
        }
    }

    #[test]
    fn a_cluster_of_eks_says_how_it_knows_its_users() {
        let eks = |lines: &str| Cluster::read(&format!("{HEAD}{lines}")).map(|cluster| cluster.eks);
        assert_eq!(eks("").unwrap(), None);
        assert_eq!(eks("eks: accessEntries\n").unwrap(), Some(Eks::AccessEntries));
        let text = "eks:\n  awsAuth:\n    file: clusters/prod/aws-auth.yaml\n";
        let file = eks(text).unwrap().and_then(|eks| eks.aws_auth_file().cloned());
        assert_eq!(file.unwrap().as_str(), "clusters/prod/aws-auth.yaml");
        let written = Cluster::read(&format!("{HEAD}{text}")).unwrap().write().unwrap();
        assert!(written.contains(text), "{written}");
        let error = eks("eks: {awsAuth: {file: ../aws-auth.yaml}}\n").unwrap_err().to_string();
        assert!(error.contains("cannot be the file of aws-auth"), "{error}");
        assert!(eks("eks: configMap\n").is_err());
    }

    #[test]
    fn a_wrong_setting_is_named_with_its_place() {
        for (line, words) in [
            ("maxDuration: 4h", "unknown field"),
            ("grants: {maxDuration: long}", "not a duration"),
            ("grants: {prefix: \"a b\"}", "cannot begin"),
            ("applierNamespaces: [Argo]", "cannot name a namespace"),
            ("grants: {allowPrivileged: [{role: ClusterRole/admin}]}", "missing field"),
        ] {
            let error = Cluster::read(&format!("{HEAD}{line}\n")).unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("line 4"), "{line}: {error}");
        }
    }
}
