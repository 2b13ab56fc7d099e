//! Locators: what a person writes to pick a part of a cluster, `<kind> / <namespace> / <name>`.
//!
//! The kind may be written as kind, plural, singular or short name, in any case, alone or followed by `.` and the API
//! group: `deployment`, `deploy`, `Deployments.apps`. The core group has no name; `pods.` and `pods.core` are its `pods`.
//! `*` stands for all. Blanks around the slashes are welcome and mean nothing.
//!
//! A word that several resources answer to is never guessed at, unless they are the same objects under two groups
//! ([`crate::alias`]) or a metrics server's figures about them: `events`, `pods` and `nodes` are core's, as in kubectl.
//!
//! Source of the syntax: P0's argument grammar (reference/peers.md, b.2); of the words:
//! <https://kubernetes.io/docs/reference/kubectl/#resource-types>.

use crate::alias::served_alias_group;
use crate::catalogue::Catalogue;
use crate::name::{NameError, Namespace, ObjectName};
use crate::nearest::Nearest;
use crate::resource::{ApiResource, Scope};
use crate::selection::{Selection, SelectionError, SelectionText, Target};

/// The group of a metrics server's read-only figures about pods and nodes.
///
/// Source: <https://kubernetes.io/docs/tasks/debug/debug-cluster/resource-metrics-pipeline/#metrics-api>.
const METRICS: &str = "metrics.k8s.io";

/// A locator whose form is right; whether there is such a resource only a catalogue knows.
///
/// ```
/// use p0_grant::catalogue::Catalogue;
/// use p0_grant::locator::Locator;
///
/// let locator: Locator = "deploy / default / web".parse()?;
/// let selection = locator.resolve(&Catalogue::embedded()?)?;
/// assert_eq!(selection.to_string(), "apps/deployments default/web");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Locator {
    kind: String,
    target: LocatorTarget,
}

/// What follows the kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum LocatorTarget {
    /// Nothing, or `*`.
    Anywhere,
    /// One part.
    Name(ObjectName),
    /// Two parts, `*` for the first: all namespaces.
    AllNamespaces(Objects),
    /// Two parts.
    Namespace(Namespace, Objects),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Objects {
    All,
    One(ObjectName),
}

/// Why a text does not pick a part of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocatorError {
    /// Not one, two or three parts.
    #[error(
        "`{0}` is not a locator: write `<kind> / <namespace> / <name>`, or `<kind> / <name>` for what lives in no \
         namespace, with `*` for all"
    )]
    Form(String),
    /// A part is no name.
    #[error("the locator `{locator}` contains an invalid name")]
    Name {
        /// The whole locator.
        locator: String,
        /// What is wrong with the part.
        source: NameError,
    },
    /// `*` for the kind.
    #[error("`*` is every kind: name one, a grant is on one kind at a time")]
    EveryKind,
    /// Nothing answers to the kind.
    #[error("the cluster serves no `{asked}`{nearest}")]
    Unknown {
        /// What was written for the kind.
        asked: String,
        /// What may have been meant.
        nearest: Nearest,
    },
    /// Several resources answer to the kind.
    #[error("`{asked}` is ambiguous: write {}", in_words(candidates))]
    Ambiguous {
        /// What was written for the kind.
        asked: String,
        /// Every resource it may mean, as a locator writes it.
        candidates: Vec<String>,
    },
    /// One object, and no namespace to find it in.
    #[error("`{resource}` live in namespaces: write `{resource} / <namespace> / {name}`")]
    NamespaceMissing {
        /// The resource.
        resource: String,
        /// The object.
        name: ObjectName,
    },
    /// A namespace for a resource of the cluster.
    #[error("`{resource}` live in no namespace: write `{resource} / <name>`, or `{resource} / *` for all")]
    NamespaceGiven {
        /// The resource.
        resource: String,
    },
    /// One name in all namespaces: other objects that only share a name.
    #[error("`{name}` in all namespaces is many objects: name one namespace, or write `*` for the name")]
    NameEverywhere {
        /// The name.
        name: ObjectName,
    },
    /// The resource and the target do not fit.
    #[error(transparent)]
    Selection(#[from] SelectionError),
}

impl Locator {
    /// The one selection that is meant.
    ///
    /// # Errors
    /// [`LocatorError`] where the catalogue has none or more than one such resource, or its scope is another. Whether the
    /// namespace exists is not asked here: [`Catalogue::check_namespace`].
    pub fn resolve(&self, catalogue: &Catalogue) -> Result<Selection, LocatorError> {
        let resource = find(&self.kind, catalogue)?;
        let target = match resource.scope() {
            Scope::Namespaced => self.target.namespaced_target(resource),
            Scope::Cluster => self.target.cluster_target(resource),
        };
        Ok(Selection::new(resource.clone(), target?)?)
    }
}

/// Reads `<kind>`, `<kind> / <name>` or `<kind> / <namespace> / <name>`.
impl std::str::FromStr for Locator {
    type Err = LocatorError;

    fn from_str(text: &str) -> Result<Self, LocatorError> {
        let form = || LocatorError::Form(text.to_owned());
        let wrong_name = |source| LocatorError::Name { locator: text.to_owned(), source };
        let parts: Vec<&str> = text.split('/').map(str::trim).collect();
        let (kind, rest) = parts.split_first().ok_or_else(form)?;
        if parts.contains(&"") {
            return Err(form());
        }
        if *kind == "*" {
            return Err(LocatorError::EveryKind);
        }
        let objects = |name: &str| match name {
            "*" => Ok(Objects::All),
            name => ObjectName::new(name).map(Objects::One).map_err(wrong_name),
        };
        let target = match rest {
            [] | ["*"] => LocatorTarget::Anywhere,
            [name] => LocatorTarget::Name(ObjectName::new(*name).map_err(wrong_name)?),
            ["*", name] => LocatorTarget::AllNamespaces(objects(name)?),
            [namespace, name] => {
                LocatorTarget::Namespace(Namespace::new(*namespace).map_err(wrong_name)?, objects(name)?)
            }
            _ => return Err(form()),
        };
        Ok(Self { kind: (*kind).to_owned(), target })
    }
}

/// The locator that picks what a selection's text names, in the spelling that is never ambiguous.
impl From<SelectionText> for Locator {
    fn from(SelectionText { group, plural, target }: SelectionText) -> Self {
        let group = if group.is_empty() { "core" } else { &group };
        let target = match target {
            Target::Object { namespace, name } => LocatorTarget::Namespace(namespace, Objects::One(name)),
            Target::Kind { namespace } => LocatorTarget::Namespace(namespace, Objects::All),
            Target::KindEverywhere | Target::ClusterKind => LocatorTarget::Anywhere,
            Target::ClusterObject { name } => LocatorTarget::Name(name),
        };
        Self { kind: format!("{plural}.{group}"), target }
    }
}

impl LocatorTarget {
    fn namespaced_target(&self, resource: &ApiResource) -> Result<Target, LocatorError> {
        match self {
            Self::Anywhere | Self::AllNamespaces(Objects::All) => Ok(Target::KindEverywhere),
            Self::Namespace(namespace, Objects::All) => Ok(Target::Kind { namespace: namespace.clone() }),
            Self::Namespace(namespace, Objects::One(name)) => {
                Ok(Target::Object { namespace: namespace.clone(), name: name.clone() })
            }
            Self::AllNamespaces(Objects::One(name)) => {
                Err(LocatorError::NameEverywhere { name: name.clone() })
            }
            Self::Name(name) => {
                Err(LocatorError::NamespaceMissing { resource: spelling(resource), name: name.clone() })
            }
        }
    }

    fn cluster_target(&self, resource: &ApiResource) -> Result<Target, LocatorError> {
        match self {
            Self::Anywhere => Ok(Target::ClusterKind),
            Self::Name(name) => Ok(Target::ClusterObject { name: name.clone() }),
            Self::AllNamespaces(_) | Self::Namespace(..) => {
                Err(LocatorError::NamespaceGiven { resource: spelling(resource) })
            }
        }
    }
}

/// Every resource that `word` may mean, spelled as in a locator, under every group: what a rule that denies has to cover.
///
/// ```
/// use p0_grant::catalogue::Catalogue;
/// use p0_grant::locator::resources_called;
///
/// let kubernetes = Catalogue::embedded()?;
/// let spelled = |word: &str| -> Result<Vec<String>, p0_grant::locator::LocatorError> {
///     Ok(resources_called(word, &kubernetes)?.into_iter().map(ToString::to_string).collect())
/// };
/// for word in ["Deployment", "deployments", "deploy", "deployment.apps"] {
///     assert_eq!(spelled(word)?, ["deployments.apps"]);
/// }
/// assert_eq!(spelled("ev")?, ["events", "events.events.k8s.io"]);
/// assert!(spelled("deploymint").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`LocatorError::Unknown`] where the cluster serves none, with the nearest spellings.
pub fn resources_called<'a>(
    word: &str,
    catalogue: &'a Catalogue,
) -> Result<Vec<&'a ApiResource>, LocatorError> {
    let candidates = candidates(word, catalogue);
    match candidates.is_empty() {
        true => Err(LocatorError::Unknown { asked: word.to_owned(), nearest: nearest(word, catalogue) }),
        false => Ok(candidates),
    }
}

/// The one resource that `word` means, spelled as in a locator: what a rule that allows may cover.
///
/// # Errors
/// [`LocatorError::Unknown`] where the cluster serves none, [`LocatorError::Ambiguous`] where several may be meant.
pub fn resource_called<'a>(word: &str, catalogue: &'a Catalogue) -> Result<&'a ApiResource, LocatorError> {
    find(word, catalogue)
}

fn candidates<'a>(asked: &str, catalogue: &'a Catalogue) -> Vec<&'a ApiResource> {
    let (word, group) = match asked.split_once('.') {
        Some((word, group)) => (word, Some(group_called(group, catalogue))),
        None => (asked, None),
    };
    // The spelling that every other answer recommends is never ambiguous itself.
    let exact = group.and_then(|group| catalogue.resource(group, &word.to_lowercase()));
    match exact {
        Some(resource) => vec![resource],
        None => catalogue
            .resources_called(word)
            .filter(|resource| group.is_none_or(|group| resource.group() == group))
            .collect(),
    }
}

/// The one resource that `asked` means.
fn find<'a>(asked: &str, catalogue: &'a Catalogue) -> Result<&'a ApiResource, LocatorError> {
    let candidates = candidates(asked, catalogue);
    let is_repeated = |resource: &&&ApiResource| repeats(resource, &candidates);
    let distinct: Vec<&ApiResource> =
        candidates.iter().filter(|resource| !is_repeated(resource)).copied().collect();
    match distinct.as_slice() {
        [one] => Ok(one),
        [] => Err(LocatorError::Unknown { asked: asked.to_owned(), nearest: nearest(asked, catalogue) }),
        several => Err(LocatorError::Ambiguous {
            asked: asked.to_owned(),
            candidates: several.iter().map(|resource| spelling(resource)).collect(),
        }),
    }
}

/// The group that is called so, in its own capitals; `core` is the one without a name, unless there is a group `core`.
fn group_called<'a>(word: &'a str, catalogue: &'a Catalogue) -> &'a str {
    let groups = catalogue.resources().iter().map(ApiResource::group);
    match groups.into_iter().find(|group| group.eq_ignore_ascii_case(word)) {
        Some(group) => group,
        None if word.eq_ignore_ascii_case("core") => "",
        None => word,
    }
}

/// Whether `resource` gives way to a candidate: it is another group's name for the same objects, of which the shorter group
/// stays, or a metrics server's figures about them, which kubectl never means by `pods` and `nodes` either.
fn repeats(resource: &ApiResource, candidates: &[&ApiResource]) -> bool {
    let figures = Some("").filter(|_| resource.group() == METRICS);
    let alias = served_alias_group(resource.group(), resource.plural()).or(figures);
    alias.filter(|other| other.len() < resource.group().len()).is_some_and(|other| {
        let is_other =
            |candidate: &&ApiResource| (candidate.group(), candidate.plural()) == (other, resource.plural());
        candidates.iter().any(is_other)
    })
}

fn nearest(asked: &str, catalogue: &Catalogue) -> Nearest {
    let spellings: Vec<String> = catalogue.resources().iter().map(spelling).collect();
    let spelled = catalogue.resources().iter().zip(&spellings);
    let words = spelled.flat_map(|(resource, spelling)| {
        let words = resource.words().chain([spelling.as_str()]);
        words.map(move |word| (word, spelling.as_str()))
    });
    Nearest::by_words(asked, words)
}

/// The unmistakable spelling: `deployments.apps`, `pods.core`.
fn spelling(resource: &ApiResource) -> String {
    match resource.group() {
        "" => format!("{}.core", resource.plural()),
        _ => resource.to_string(),
    }
}

fn in_words(candidates: &[String]) -> String {
    let quoted: Vec<String> = candidates.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => quoted.join(""),
    }
}

#[cfg(test)]
mod tests;
