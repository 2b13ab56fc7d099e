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

use crate::duration::Lifetime;
use crate::grant_schema::{AllowanceSchema, RoleObjectSchema, RowSchema, WildcardVerbSchema};
use crate::layout::ClusterName;

mod confirmation;

pub use confirmation::{Applier, Confirmation, Witness};

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
    /// Namespaces that are the system's, besides `kube-*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub system_namespaces: Vec<NamespacePattern>,
    /// Namespaces of whoever applies this repository, and of the bot. They are the system's too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub applier_namespaces: Vec<Namespace>,
    /// Rows of the danger table that only this site knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<RowSchema>")]
    pub danger: Vec<Row>,
    /// How it is seen that the cluster has what base says; without it, nobody is told more than "merged".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Confirmation>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
enum ApiVersion {
    #[serde(rename = "p0.dev/v1alpha1")]
    V1Alpha1,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
enum Kind {
    Cluster,
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
    /// Without one whoever holds an allowed signing key decides alone.
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
            system_namespaces: Vec::new(),
            applier_namespaces: Vec::new(),
            danger: Vec::new(),
            confirm: None,
        }
    }

    /// Reads a cluster file.
    ///
    /// # Errors
    /// [`YamlError`] with line and column.
    pub fn read(text: &str) -> Result<Self, YamlError> {
        yaml::read(text, Limits::FILE)
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
