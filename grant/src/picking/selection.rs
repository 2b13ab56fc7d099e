//! Selections: the part of a cluster that was picked, one resource and a target.
//!
//! Not here: reading what a person wrote ([`crate::locator`]).

use std::collections::BTreeSet;
use std::fmt;

use crate::evaluate::BindingScope;
use crate::name::{NameError, Namespace, ObjectName};
use crate::resource::{ApiResource, Scope};
use crate::role::Role;
use crate::rule::is_literal;

/// Which objects of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// One object in a namespace.
    Object {
        /// Where it lives.
        namespace: Namespace,
        /// What it is called.
        name: ObjectName,
    },
    /// All objects in one namespace.
    Kind {
        /// Which namespace.
        namespace: Namespace,
    },
    /// All objects in all namespaces.
    KindEverywhere,
    /// One object that lives in no namespace.
    ClusterObject {
        /// What it is called.
        name: ObjectName,
    },
    /// All objects of a resource that lives in no namespace.
    ClusterKind,
}

/// A served resource, some of its subresources, and which of its objects.
///
/// ```
/// use p0_grant::name::{Namespace, ObjectName};
/// use p0_grant::resource::{ApiResource, Scope};
/// use p0_grant::selection::{Selection, Target};
///
/// let pods = ApiResource::new("", "pods", "Pod", Scope::Namespaced).unwrap().with_subresources(["log"]).unwrap();
/// let target = Target::Object { namespace: Namespace::new("default").unwrap(), name: ObjectName::new("web").unwrap() };
/// let selection = Selection::new(pods, target).unwrap().with_subresources(["log"]).unwrap();
/// assert_eq!(selection.to_string(), "pods default/web");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Selection {
    resource: ApiResource,
    target: Target,
    subresources: BTreeSet<String>,
}

/// Why a resource and a target do not make a selection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// A namespace was given for a resource that has none.
    #[error("`{0}` lives in no namespace: leave the namespace out")]
    NotNamespaced(String),
    /// No namespace was given for a resource that needs one.
    #[error("`{0}` lives in namespaces: name one, or `*` for all")]
    Namespaced(String),
    /// The resource does not serve it.
    #[error("`{resource}` has no subresource `{asked}`; it has {served}")]
    UnknownSubresource {
        /// The resource.
        resource: String,
        /// What was asked for.
        asked: String,
        /// What there is, for reading.
        served: String,
    },
}

/// Why a text is not one that [`Selection`]'s `Display` writes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionTextError {
    /// Another form.
    #[error("`{0}` is not a selection: it reads `GROUP/RESOURCE NAMESPACE/NAME`, with `*` for all")]
    Form(String),
    /// A part is not a valid name.
    #[error("the selection `{text}` contains an invalid name")]
    Name {
        /// The whole text.
        text: String,
        /// What is wrong with the name.
        source: NameError,
    },
}

/// A selection's text taken apart: what is picked, before it is known whether the cluster serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectionText {
    /// The API group; `""` is the core group.
    pub group: String,
    /// The plural.
    pub plural: String,
    /// Which objects.
    pub target: Target,
}

impl Target {
    /// The scope a resource must have for this target.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Object { .. } | Self::Kind { .. } | Self::KindEverywhere => Scope::Namespaced,
            Self::ClusterObject { .. } | Self::ClusterKind => Scope::Cluster,
        }
    }

    /// Where a binding has to count: in the one namespace that is picked, else in the cluster.
    pub fn binding_scope(&self) -> BindingScope {
        self.namespace()
            .map_or(BindingScope::Cluster, |namespace| BindingScope::Namespace(namespace.to_string()))
    }

    /// The one object's name; `None` where all are picked.
    pub fn name(&self) -> Option<&ObjectName> {
        match self {
            Self::Object { name, .. } | Self::ClusterObject { name } => Some(name),
            Self::Kind { .. } | Self::KindEverywhere | Self::ClusterKind => None,
        }
    }

    /// The one namespace; `None` where there is none or all are picked.
    pub fn namespace(&self) -> Option<&Namespace> {
        match self {
            Self::Object { namespace, .. } | Self::Kind { namespace } => Some(namespace),
            Self::KindEverywhere | Self::ClusterObject { .. } | Self::ClusterKind => None,
        }
    }
}

impl Selection {
    /// `target` of `resource`, without subresources.
    ///
    /// # Errors
    /// [`SelectionError`] where the target needs another scope than the resource has.
    pub fn new(resource: ApiResource, target: Target) -> Result<Self, SelectionError> {
        match (resource.scope(), target.scope()) {
            (Scope::Cluster, Scope::Namespaced) => Err(SelectionError::NotNamespaced(resource.to_string())),
            (Scope::Namespaced, Scope::Cluster) => Err(SelectionError::Namespaced(resource.to_string())),
            _ => Ok(Self { resource, target, subresources: BTreeSet::new() }),
        }
    }

    /// The same with subresources besides the resource itself, of those that the cluster serves.
    ///
    /// # Errors
    /// [`SelectionError::UnknownSubresource`] where one is not served.
    pub fn with_subresources<I: IntoIterator<Item: Into<String>>>(
        self,
        subresources: I,
    ) -> Result<Self, SelectionError> {
        self.with_known(subresources, |_| false)
    }

    /// The same with subresources that the cluster serves or that `role` names: the kubelet authorizes `nodes/metrics`,
    /// and admission `*/finalizers`, which no server lists.
    ///
    /// # Errors
    /// [`SelectionError::UnknownSubresource`] where one is neither.
    pub fn with_subresources_of<I: IntoIterator<Item: Into<String>>>(
        self,
        role: &Role,
        subresources: I,
    ) -> Result<Self, SelectionError> {
        let (group, plural) = (self.resource.group().to_owned(), self.resource.plural().to_owned());
        self.with_known(subresources, |asked| role.names_subresource(&group, &plural, asked))
    }

    fn with_known<I: IntoIterator<Item: Into<String>>>(
        mut self,
        subresources: I,
        is_named: impl Fn(&str) -> bool,
    ) -> Result<Self, SelectionError> {
        for asked in subresources {
            let asked = asked.into();
            if !self.resource.subresources().contains(&asked) && !is_named(&asked) {
                let served = match self.resource.subresources() {
                    [] => "none".to_owned(),
                    served => served.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
                };
                return Err(SelectionError::UnknownSubresource {
                    resource: self.resource.to_string(),
                    asked,
                    served,
                });
            }
            self.subresources.insert(asked);
        }
        Ok(self)
    }

    /// The resource.
    pub fn resource(&self) -> &ApiResource {
        &self.resource
    }

    /// Which objects.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Subresources besides the resource itself, sorted.
    pub fn subresources(&self) -> &BTreeSet<String> {
        &self.subresources
    }

    /// The same as annotations carry them: sorted, separated by commas.
    pub fn subresources_text(&self) -> String {
        self.subresources.iter().map(String::as_str).collect::<Vec<_>>().join(",")
    }
}

/// As [`SelectionText`]; subresources are not part of it.
impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_selection(f, self.resource.group(), self.resource.plural(), &self.target)
    }
}

/// `apps/deployments default/web`, `pods default/*`, `apps/deployments */*`, `nodes n1`, `nodes *`: one spelling for each.
impl fmt::Display for SelectionText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_selection(f, &self.group, &self.plural, &self.target)
    }
}

fn write_selection(f: &mut fmt::Formatter<'_>, group: &str, plural: &str, target: &Target) -> fmt::Result {
    if !group.is_empty() {
        write!(f, "{group}/")?;
    }
    write!(f, "{plural} {target}")
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object { namespace, name } => write!(f, "{namespace}/{name}"),
            Self::Kind { namespace } => write!(f, "{namespace}/*"),
            Self::KindEverywhere => f.write_str("*/*"),
            Self::ClusterObject { name } => write!(f, "{name}"),
            Self::ClusterKind => f.write_str("*"),
        }
    }
}

/// Reads what [`Selection`]'s `Display` writes.
impl std::str::FromStr for SelectionText {
    type Err = SelectionTextError;

    fn from_str(text: &str) -> Result<Self, SelectionTextError> {
        let form = || SelectionTextError::Form(text.to_owned());
        let name = |source| SelectionTextError::Name { text: text.to_owned(), source };
        let (resource, target) = text.split_once(' ').ok_or_else(form)?;
        let (group, plural) = resource.split_once('/').unwrap_or(("", resource));
        if !is_literal(plural) || (resource.contains('/') && !is_literal(group)) {
            return Err(form());
        }
        let target = match target.split_once('/') {
            None if target == "*" => Target::ClusterKind,
            None => Target::ClusterObject { name: ObjectName::new(target).map_err(name)? },
            Some(("*", "*")) => Target::KindEverywhere,
            Some((namespace, object)) => {
                let namespace = Namespace::new(namespace).map_err(name)?;
                match object {
                    "*" => Target::Kind { namespace },
                    object => Target::Object { namespace, name: ObjectName::new(object).map_err(name)? },
                }
            }
        };
        Ok(Self { group: group.to_owned(), plural: plural.to_owned(), target })
    }
}

#[cfg(test)]
mod tests;
