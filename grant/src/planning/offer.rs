//! What may be asked for without a policy that names it, and why the rest may not.
//!
//! Not here: policies, and how dangerous a subset is ([`crate::danger`] says; its answer is an argument here).
//!
//! Source: design D10; system roles are told by
//! <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings>.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::catalogue::Catalogue;
use crate::danger::Class;
use crate::name::Namespace;
use crate::resource::ApiResource;
use crate::role::{AGGREGATE_TO, BOOTSTRAPPING, Role, RoleRef};
use crate::selection::{Selection, Target};

/// Roles that Kubernetes makes for people.
const FOR_PEOPLE: [&str; 4] = ["admin", "cluster-admin", "edit", "view"];

/// Why something is not offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Withheld {
    /// A role of Kubernetes' own components: its name begins with `system:`.
    SystemRole,
    /// A role that Kubernetes makes at start, and not one of those it makes for people.
    BootstrapRole,
    /// A role of EKS's own components: its name begins with `eks:`.
    EksRole,
    /// A role that exists to be part of an aggregated one.
    Fragment,
    /// The selection lies in a system namespace, or is one.
    SystemNamespace(Namespace),
    /// The selection is all namespaces, system namespaces too.
    CoversSystemNamespaces,
    /// The rules there are as good as everything ([`Class::Block`]).
    Escalation,
}

/// Which namespaces belong to the system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SystemNamespaces(Vec<NamespacePattern>);

/// A namespace's name, or a beginning of names followed by `*`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum NamespacePattern {
    /// This one.
    Name(Namespace),
    /// All that begin so.
    Prefix(String),
}

/// Why a text is not a [`NamespacePattern`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a namespace nor the beginning of one followed by `*`, such as `kube-*`")]
pub struct NamespacePatternError(String);

/// Why `role` is not offered; `None` where it is.
///
/// ```
/// use p0_grant::offer::{Withheld, withheld_role};
/// use p0_grant::role::{Role, RoleRef};
///
/// let role = |name: &str| Role::new(RoleRef::cluster_role(name).unwrap(), Vec::new());
/// assert_eq!(withheld_role(&role("view")), None);
/// assert_eq!(withheld_role(&role("system:node")), Some(Withheld::SystemRole));
/// ```
pub fn withheld_role(role: &Role) -> Option<Withheld> {
    let name = role.reference().name().as_str();
    let is = |label: &str, value: &str| role.labels().get(label).is_some_and(|own| own == value);
    // `view` and `edit` are parts of other roles and meant for people all the same. A Role may be called anything.
    if matches!(role.reference(), RoleRef::ClusterRole(_)) && FOR_PEOPLE.contains(&name) {
        return None;
    }
    let fragment = |(key, value): (&String, &String)| key.starts_with(AGGREGATE_TO) && value == "true";
    match () {
        () if name.starts_with("system:") => Some(Withheld::SystemRole),
        () if name.starts_with("eks:") => Some(Withheld::EksRole),
        () if is(BOOTSTRAPPING, "rbac-defaults") => Some(Withheld::BootstrapRole),
        () if role.labels().iter().any(fragment) => Some(Withheld::Fragment),
        () => None,
    }
}

/// Why `selection` is not offered with rules whose worst danger is `worst`; `None` where it is.
///
/// It goes by what the selection contains: all namespaces contain the system's, whatever the rules give there, so a wider
/// selection is never offered where a part of it is not.
pub fn withheld_selection(
    selection: &Selection,
    worst: Option<Class>,
    system: &SystemNamespaces,
) -> Option<Withheld> {
    if worst == Some(Class::Block) {
        return Some(Withheld::Escalation);
    }
    match touched(selection) {
        Touched::One(namespace) => {
            system.contains(&namespace).then_some(Withheld::SystemNamespace(namespace))
        }
        Touched::All => Some(Withheld::CoversSystemNamespaces),
        Touched::None => None,
    }
}

/// A part of a catalogue, and whether it is offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Offer<T> {
    /// The part.
    pub item: T,
    /// Why it is not offered; absent where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Withheld>,
}

/// All of a catalogue as a requester sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Offers<'a> {
    /// Every role, sorted.
    pub roles: Vec<Offer<&'a RoleRef>>,
    /// Every namespace, sorted.
    pub namespaces: Vec<Offer<&'a Namespace>>,
    /// Every resource, sorted. All may be asked for; what a role gives on one may still be an escalation.
    pub resources: &'a [ApiResource],
}

/// What of `catalogue` is offered, and why the rest is not.
pub fn offers<'a>(catalogue: &'a Catalogue, system: &SystemNamespaces) -> Offers<'a> {
    let role = |role: &'a Role| Offer { item: role.reference(), withheld: withheld_role(role) };
    let namespace = |namespace: &'a Namespace| {
        let is_system = system.contains(namespace);
        Offer { item: namespace, withheld: is_system.then(|| Withheld::SystemNamespace(namespace.clone())) }
    };
    Offers {
        roles: catalogue.roles().iter().map(role).collect(),
        namespaces: catalogue.namespaces().iter().map(namespace).collect(),
        resources: catalogue.resources(),
    }
}

/// Which namespaces a selection reaches.
enum Touched {
    None,
    One(Namespace),
    All,
}

/// A Namespace is an object of the cluster, and a change of it reaches everything inside.
fn touched(selection: &Selection) -> Touched {
    let resource = selection.resource();
    let is_namespaces = resource.group().is_empty() && resource.plural() == "namespaces";
    match selection.target() {
        Target::Object { namespace, .. } | Target::Kind { namespace } => Touched::One(namespace.clone()),
        Target::KindEverywhere => Touched::All,
        Target::ClusterObject { name } if is_namespaces => {
            Namespace::new(name.as_str()).map_or(Touched::None, Touched::One)
        }
        Target::ClusterKind if is_namespaces => Touched::All,
        Target::ClusterObject { .. } | Target::ClusterKind => Touched::None,
    }
}

impl Withheld {
    /// The reason as a sentence without its full stop.
    pub fn sentence(&self) -> String {
        let sentence = match self {
            Self::SystemRole => "it belongs to Kubernetes' own components",
            Self::BootstrapRole => "Kubernetes makes it for its own use",
            Self::EksRole => "it belongs to EKS' own components",
            Self::Fragment => "it is a part of an aggregated role: ask for that one",
            Self::SystemNamespace(namespace) => {
                return format!("`{namespace}` is a system namespace");
            }
            Self::CoversSystemNamespaces => "all namespaces include system namespaces: select one namespace",
            Self::Escalation => "it leads to every right in the cluster",
        };
        sentence.to_owned()
    }
}

impl SystemNamespaces {
    /// Those of Kubernetes, `kube-*`, and `more`: the applier's and the bot's.
    pub fn with(more: impl IntoIterator<Item = NamespacePattern>) -> Self {
        let kubernetes = NamespacePattern::Prefix("kube-".to_owned());
        Self(std::iter::once(kubernetes).chain(more).collect())
    }

    /// Whether `namespace` is one of them.
    pub fn contains(&self, namespace: &Namespace) -> bool {
        self.0.iter().any(|pattern| pattern.matches(namespace))
    }
}

/// Those of Kubernetes alone.
impl Default for SystemNamespaces {
    fn default() -> Self {
        Self::with([])
    }
}

impl NamespacePattern {
    /// Whether `namespace` is meant.
    pub fn matches(&self, namespace: &Namespace) -> bool {
        match self {
            Self::Name(name) => name == namespace,
            Self::Prefix(prefix) => namespace.as_str().starts_with(prefix),
        }
    }
}

impl fmt::Display for NamespacePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "{name}"),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
        }
    }
}

impl TryFrom<String> for NamespacePattern {
    type Error = NamespacePatternError;

    fn try_from(text: String) -> Result<Self, NamespacePatternError> {
        match text.strip_suffix('*') {
            // What a name could begin with: with one more letter it is one.
            Some(prefix) if Namespace::new(format!("{prefix}x")).is_ok() => {
                Ok(Self::Prefix(prefix.to_owned()))
            }
            None => Namespace::new(text.as_str()).map(Self::Name).map_err(|_| NamespacePatternError(text)),
            Some(_) => Err(NamespacePatternError(text)),
        }
    }
}

impl From<NamespacePattern> for String {
    fn from(pattern: NamespacePattern) -> Self {
        pattern.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::ObjectName;

    fn role(reference: &str, labels: &[(&str, &str)]) -> Role {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Role::new(reference.parse().unwrap(), Vec::new()).with_labels(labels.collect())
    }

    #[test]
    fn roles_for_people_are_offered_and_the_systems_are_not() {
        let default = (BOOTSTRAPPING, "rbac-defaults");
        let part = ("rbac.authorization.k8s.io/aggregate-to-edit", "true");
        for (role, expected) in [
            (role("view", &[default, part]), None),
            (role("cluster-admin", &[default]), None),
            (role("deployer", &[]), None),
            (role("default/view", &[]), None),
            (role("default/view", &[default]), Some(Withheld::BootstrapRole)),
            (role("system:node", &[default]), Some(Withheld::SystemRole)),
            (role("kube-system/system:x", &[]), Some(Withheld::SystemRole)),
            (role("eks:nodes", &[]), Some(Withheld::EksRole)),
            (role("other", &[default]), Some(Withheld::BootstrapRole)),
            (role("crd-edit", &[part]), Some(Withheld::Fragment)),
            (role("off", &[(part.0, "false")]), None),
        ] {
            assert_eq!(withheld_role(&role), expected, "{}", role.reference());
        }
    }

    #[test]
    fn of_kubernetes_own_roles_only_those_for_people_are_offered() {
        let catalogue = Catalogue::embedded().unwrap();
        let offers = offers(&catalogue, &SystemNamespaces::default());
        let roles = offers.roles.iter().filter(|offer| offer.withheld.is_none());
        let roles: Vec<&str> = roles.map(|offer| offer.item.name().as_str()).collect();
        assert_eq!(roles, FOR_PEOPLE);
        let namespaces = offers.namespaces.iter().filter(|offer| offer.withheld.is_none());
        let namespaces: Vec<&str> = namespaces.map(|offer| offer.item.as_str()).collect();
        assert_eq!(namespaces, ["default"]);
        assert_eq!(
            serde_json::to_string(offers.namespaces.last().unwrap()).unwrap(),
            r#"{"item":"kube-system","withheld":{"system-namespace":"kube-system"}}"#
        );
    }

    fn selection(plural: &str, target: Target) -> Selection {
        let resource = ApiResource::new("", plural, "Kind", target.scope()).unwrap();
        Selection::new(resource, target).unwrap()
    }

    #[test]
    fn selections_that_touch_the_system_are_not_offered() {
        let namespace = |name: &str| Namespace::new(name).unwrap();
        let name = |name: &str| ObjectName::new(name).unwrap();
        let system = SystemNamespaces::with([NamespacePattern::Name(namespace("argocd"))]);
        let kind = |place: &str| selection("pods", Target::Kind { namespace: namespace(place) });
        let object =
            |resource: &str, called: &str| selection(resource, Target::ClusterObject { name: name(called) });
        let everywhere = || selection("pods", Target::KindEverywhere);
        let within = |place: &str| Some(Withheld::SystemNamespace(namespace(place)));
        let covers = Some(Withheld::CoversSystemNamespaces);
        for (selection, worst, expected) in [
            (kind("default"), Some(Class::Critical), None),
            (kind("default"), Some(Class::Block), Some(Withheld::Escalation)),
            (kind("kube-system"), None, within("kube-system")),
            (kind("argocd"), None, within("argocd")),
            (kind("argocd-2"), None, None),
            (everywhere(), None, covers.clone()),
            (everywhere(), Some(Class::Note), covers.clone()),
            (everywhere(), Some(Class::High), covers.clone()),
            (object("namespaces", "kube-public"), None, within("kube-public")),
            (object("namespaces", "default"), None, None),
            (object("nodes", "kube-node"), None, None),
            (selection("namespaces", Target::ClusterKind), None, covers),
            (selection("nodes", Target::ClusterKind), Some(Class::High), None),
        ] {
            assert_eq!(withheld_selection(&selection, worst, &system), expected, "{selection}");
        }
    }

    #[test]
    fn system_namespaces_are_names_or_beginnings() {
        let patterns: Vec<NamespacePattern> =
            serde_json::from_str(r#"["kube-*", "flux-system", "*"]"#).unwrap();
        assert_eq!(serde_json::to_string(&patterns).unwrap(), r#"["kube-*","flux-system","*"]"#);
        for text in ["", "A", "-*", "a*b", "a**"] {
            assert!(NamespacePattern::try_from(text.to_owned()).is_err(), "{text:?}");
        }
        assert!(patterns[2].matches(&Namespace::new("team").unwrap()));
    }
}
