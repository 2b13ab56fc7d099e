//! The catalogue of a cluster: the roles, resources and namespaces that can be picked.
//!
//! Not here: asking a cluster (the shell does), what may be asked for of it ([`crate::offer`]) and finding what a person
//! wrote ([`crate::locator`]).

use crate::discovery::LeftOut;
use crate::name::Namespace;
use crate::nearest::Nearest;
use crate::resource::ApiResource;
use crate::role::{AGGREGATE_TO, BOOTSTRAPPING, Role, RoleRef};
use crate::yaml::YamlError;

mod aggregation;
mod diff;
mod entry;
mod file;
mod lines;
mod listed;
mod selector;
mod text;

pub use aggregation::{RoleList, read_roles, resolve};
pub use diff::{Change, Difference, RoleChange, RoleChangeKind};
pub use listed::ListedRole;
pub use selector::Selector;

/// What a cluster serves and which roles it has, sorted: equal clusters give equal catalogues and equal bytes.
///
/// ```
/// use p0_grant::catalogue::Catalogue;
///
/// let kubernetes = Catalogue::embedded()?;
/// let view = kubernetes.role(&"view".parse().unwrap()).unwrap();
/// assert_eq!(view.rules().len(), 12);
/// assert_eq!(kubernetes.resource("apps", "deployments").unwrap().kind(), "Deployment");
/// # Ok::<(), p0_grant::catalogue::CatalogueError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    kubernetes_version: String,
    namespaces: Vec<Namespace>,
    resources: Vec<ApiResource>,
    roles: Vec<Role>,
}

/// Why parts or a text are not a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// Not YAML, or not a catalogue's.
    #[error("the catalogue cannot be read")]
    Yaml(#[from] YamlError),
    /// Neither a catalogue nor roles.
    #[error("the roles cannot be read")]
    Roles(#[source] YamlError),
    /// One thing is described twice, and neither description has precedence.
    #[error("the catalogue has `{0}` twice")]
    Twice(String),
}

/// A role that the catalogue does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no `{asked}`{nearest}")]
pub struct UnknownRole {
    /// What was asked for.
    pub asked: RoleRef,
    /// What may have been meant.
    pub nearest: Nearest,
}

/// A namespace that the catalogue does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cluster has no namespace `{asked}`{nearest}")]
pub struct UnknownNamespace {
    /// What was asked for.
    pub asked: Namespace,
    /// What may have been meant.
    pub nearest: Nearest,
}

impl Catalogue {
    /// Puts a catalogue together. Of the roles' labels only those that decide offering are kept; order does not matter.
    ///
    /// # Errors
    /// [`CatalogueError::Twice`] where two roles have one reference or two resources one group and plural.
    pub fn new(
        kubernetes_version: impl Into<String>,
        mut namespaces: Vec<Namespace>,
        mut resources: Vec<ApiResource>,
        roles: Vec<Role>,
    ) -> Result<Self, CatalogueError> {
        namespaces.sort();
        namespaces.dedup();
        resources.sort();
        let mut roles: Vec<Role> = roles.into_iter().map(with_deciding_labels).collect();
        roles.sort_by(|one, other| one.reference().cmp(other.reference()));
        let resource =
            twin(&resources, |one, other| (one.group(), one.plural()) == (other.group(), other.plural()));
        let role = twin(&roles, |one, other| one.reference() == other.reference());
        let text = resource.map(ToString::to_string);
        if let Some(text) = text.or_else(|| role.map(|role| role.reference().to_string())) {
            return Err(CatalogueError::Twice(text));
        }
        Ok(Self { kubernetes_version: kubernetes_version.into(), namespaces, resources, roles })
    }

    /// Kubernetes' own resources and roles, as `p0-gitops catalogue export` finds them on a fresh cluster.
    ///
    /// # Errors
    /// None where this crate's own test of it passes.
    pub fn embedded() -> Result<Self, CatalogueError> {
        Self::read(include_str!("../../data/kubernetes-1.36.yaml"))
    }

    /// Reads a catalogue's file.
    ///
    /// # Errors
    /// [`CatalogueError`] with line and column where the text has one.
    pub fn read(text: &str) -> Result<Self, CatalogueError> {
        file::read(text)
    }

    /// Reads a catalogue's file, or a role list as [`read_roles`] does, then with the embedded catalogue's resources and
    /// namespaces: a role list does not say which its cluster has. What of a role list is left out comes with it.
    ///
    /// # Errors
    /// As [`Catalogue::read`] for a text that calls itself a Catalogue, as [`read_roles`] for any other.
    pub fn read_any(text: &str) -> Result<(Self, Vec<LeftOut>), CatalogueError> {
        if let Some(catalogue) = file::read_quickly(text) {
            return Ok((catalogue, Vec::new()));
        }
        match read_roles(text) {
            Ok(RoleList { roles, left_out }) => Ok((Self::embedded()?.with_roles(roles)?, left_out)),
            Err(_) if file::is_catalogue(text) => Ok((Self::read(text)?, Vec::new())),
            Err(error) => Err(CatalogueError::Roles(error)),
        }
    }

    /// The catalogue's file: one line for each namespace, resource and rule.
    ///
    /// # Errors
    /// [`YamlError::Write`] never for a catalogue that was read.
    pub fn write(&self) -> Result<String, YamlError> {
        lines::write(self)
    }

    /// The same resources with other roles, for role lists that come without a cluster.
    ///
    /// # Errors
    /// As [`Catalogue::new`].
    pub fn with_roles(self, roles: Vec<Role>) -> Result<Self, CatalogueError> {
        Self::new(self.kubernetes_version, self.namespaces, self.resources, roles)
    }

    /// The API server's version, such as `v1.36.2`.
    pub fn kubernetes_version(&self) -> &str {
        &self.kubernetes_version
    }

    /// All namespaces, sorted.
    pub fn namespaces(&self) -> &[Namespace] {
        &self.namespaces
    }

    /// All served resources, sorted by group and plural.
    pub fn resources(&self) -> &[ApiResource] {
        &self.resources
    }

    /// All roles, ClusterRoles first, sorted by name.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// One role.
    ///
    /// # Errors
    /// [`UnknownRole`] with the nearest names.
    pub fn role(&self, reference: &RoleRef) -> Result<&Role, UnknownRole> {
        let found = self.roles.binary_search_by(|role| role.reference().cmp(reference));
        let role = found.ok().and_then(|place| self.roles.get(place));
        role.ok_or_else(|| UnknownRole { asked: reference.clone(), nearest: self.roles_like(reference) })
    }

    fn roles_like(&self, asked: &RoleRef) -> Nearest {
        // The right name with another kind or in another namespace is nearer than any slip.
        let namesakes = self.roles.iter().map(Role::reference);
        let namesakes = namesakes.filter(|role| role.name() == asked.name());
        let namesakes: Vec<String> = namesakes.map(ToString::to_string).collect();
        if !namesakes.is_empty() {
            return Nearest::those(namesakes);
        }
        let short = |role: &RoleRef| match role.namespace() {
            Some(namespace) => format!("{namespace}/{}", role.name()),
            None => role.name().to_string(),
        };
        let names: Vec<(String, String)> =
            self.roles.iter().map(|role| (short(role.reference()), role.reference().to_string())).collect();
        let words = names.iter().map(|(word, name)| (word.as_str(), name.as_str()));
        Nearest::by_words(&short(asked), words)
    }

    /// One resource by its group (`""` is the core group) and plural.
    pub fn resource(&self, group: &str, plural: &str) -> Option<&ApiResource> {
        let sought = (group, plural);
        let place =
            self.resources.binary_search_by(|resource| (resource.group(), resource.plural()).cmp(&sought));
        self.resources.get(place.ok()?)
    }

    /// The resources that answer to `word`: their kind, plural, singular or a short name, however capitalised.
    pub fn resources_called(&self, word: &str) -> impl Iterator<Item = &ApiResource> {
        self.resources.iter().filter(move |resource| resource.answers_to(word))
    }

    /// Whether the cluster has the namespace.
    ///
    /// # Errors
    /// [`UnknownNamespace`] with the nearest names.
    pub fn check_namespace(&self, asked: &Namespace) -> Result<(), UnknownNamespace> {
        if self.namespaces.binary_search(asked).is_ok() {
            return Ok(());
        }
        let names = self.namespaces.iter().map(Namespace::as_str);
        Err(UnknownNamespace { asked: asked.clone(), nearest: Nearest::to(asked.as_str(), names) })
    }
}

fn with_deciding_labels(role: Role) -> Role {
    let mut labels = role.labels().clone();
    labels.retain(|key, _| key == BOOTSTRAPPING || key.starts_with(AGGREGATE_TO));
    role.with_labels(labels)
}

fn twin<T>(sorted: &[T], same: impl Fn(&T, &T) -> bool) -> Option<&T> {
    sorted.windows(2).find_map(|pair| match pair {
        [one, other] if same(one, other) => Some(one),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_catalogue_is_as_the_exporter_writes_it() {
        let text = include_str!("../../data/kubernetes-1.36.yaml");
        let catalogue = Catalogue::embedded().unwrap();
        assert_eq!(catalogue.write().unwrap(), text);
        let rules = |name: &str| {
            let role = catalogue.role(&RoleRef::cluster_role(name).unwrap());
            role.unwrap().rules().len()
        };
        assert_eq!(["view", "edit", "admin", "cluster-admin"].map(rules), [12, 27, 29, 2]);
    }

    #[test]
    fn an_unknown_role_or_namespace_names_the_nearest() {
        let catalogue = Catalogue::embedded().unwrap();
        for (asked, expected) in [
            ("veiw", "there is no `ClusterRole/veiw`; did you mean `ClusterRole/view`?"),
            ("default/view", "there is no `Role/default/view`; did you mean `ClusterRole/view`?"),
            ("deployer", "there is no `ClusterRole/deployer`"),
        ] {
            let error = catalogue.role(&asked.parse().unwrap()).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
        let error = catalogue.check_namespace(&Namespace::new("defualt").unwrap());
        assert_eq!(
            error.unwrap_err().to_string(),
            "the cluster has no namespace `defualt`; did you mean `default`?"
        );
    }

    #[test]
    fn a_role_list_comes_with_kubernetes_own_resources() {
        let list = "kind: ClusterRole\nmetadata: {name: mine}\nrules: []\n";
        let (catalogue, _) = Catalogue::read_any(list).unwrap();
        assert_eq!(catalogue.roles().len(), 1);
        assert!(catalogue.resource("", "pods").is_some());
        let written = catalogue.write().unwrap();
        assert_eq!(Catalogue::read_any(&written).unwrap().0, catalogue);
        let by_hand = "# mine\n".to_owned() + &written;
        assert_eq!(Catalogue::read_any(&by_hand).unwrap().0, catalogue);
        let spoilt = by_hand.replace("namespaces", "namespace");
        assert!(matches!(Catalogue::read_any(&spoilt), Err(CatalogueError::Yaml(_))));
        let other = Catalogue::read_any("kind: Pod\n").unwrap_err();
        assert!(matches!(other, CatalogueError::Roles(_)), "{other}");
    }

    #[test]
    fn nothing_is_described_twice() {
        let pods =
            |kind: &str| ApiResource::new("", "pods", kind, crate::resource::Scope::Namespaced).unwrap();
        let twins = Catalogue::new("v1", Vec::new(), vec![pods("Pod"), pods("Cod")], Vec::new());
        assert_eq!(twins, Err(CatalogueError::Twice("pods".to_owned())));
    }
}
