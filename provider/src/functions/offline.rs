//! What a text selects when no cluster can be asked.
//!
//! Kubernetes' own resources come from the embedded catalogue. A custom resource is written as `plural.group`; its scope
//! is what the text makes of it, and its kind is not known.

use std::sync::LazyLock;

use p0_grant::catalogue::{Catalogue, CatalogueError};
use p0_grant::locator::{Locator, LocatorError};
use p0_grant::resource::{ApiResource, ResourceError, Scope};
use p0_grant::selection::{Selection, SelectionError, SelectionText};

/// Parsed once: an apply may call a function for each of its grants.
static KUBERNETES: LazyLock<Result<Catalogue, CatalogueError>> = LazyLock::new(Catalogue::embedded);

/// All that a custom resource may serve besides itself.
///
/// Source: <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#subresources>.
const CUSTOM_SUBRESOURCES: [&str; 2] = ["scale", "status"];

/// Why a text selects nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum OfflineError {
    #[error("Kubernetes' own resources cannot be read")]
    Catalogue(#[source] CatalogueError),
    #[error(transparent)]
    Locator(#[from] LocatorError),
    #[error("{0}; a custom resource is written as `plural.group`")]
    Unknown(LocatorError),
    #[error("the custom resource has no such name")]
    Resource(#[from] ResourceError),
    #[error(transparent)]
    Selection(#[from] SelectionError),
    #[error(
        "`{0}` is a custom resource, whose kind only a cluster knows: add `kind`, as in `kind = \"Certificate\"`"
    )]
    Kind(String),
    #[error("`{asked}` is `{known}`: leave `kind` out, or write it so")]
    OtherKind { asked: String, known: String },
}

/// A selection, and whether its kind is known.
#[derive(Debug, PartialEq)]
pub(super) enum OfflineSelection {
    /// Of Kubernetes' own resources.
    Known(Selection),
    /// Of a custom resource, which is taken at its word.
    Custom(Selection),
}

impl OfflineSelection {
    /// The selection, whatever its kind is called.
    pub(super) fn selection(&self) -> &Selection {
        match self {
            Self::Known(selection) | Self::Custom(selection) => selection,
        }
    }

    /// The kind, where it is known.
    pub(super) fn kind(&self) -> Option<&str> {
        match self {
            Self::Known(selection) => Some(selection.resource().kind()),
            Self::Custom(_) => None,
        }
    }

    /// The selection with the kind that names of objects are made of: `kind` where it is given.
    pub(super) fn with_kind(self, kind: Option<&str>) -> Result<Selection, OfflineError> {
        match (self, kind) {
            (Self::Known(selection), Some(asked)) if asked != selection.resource().kind() => {
                let known = selection.resource().kind().to_owned();
                Err(OfflineError::OtherKind { asked: asked.to_owned(), known })
            }
            (Self::Known(selection), _) => Ok(selection),
            (Self::Custom(selection), None) => Err(OfflineError::Kind(selection.resource().to_string())),
            (Self::Custom(selection), Some(kind)) => {
                let plain = selection.resource();
                let resource = custom(plain.group(), plain.plural(), kind, plain.scope())?;
                Ok(Selection::new(resource, selection.target().clone())?)
            }
        }
    }
}

/// Reads a locator (`deployment / default / web`) or a selection (`apps/deployments default/web`).
pub(super) fn select(text: &str) -> Result<OfflineSelection, OfflineError> {
    let kubernetes = KUBERNETES.as_ref().map_err(|error| OfflineError::Catalogue(error.clone()))?;
    match (text.parse::<SelectionText>(), located(text, kubernetes)) {
        (_, Ok(found)) => Ok(found),
        (Ok(parts), Err(_)) if may_be_served(&parts, kubernetes) => selected(parts, kubernetes),
        (_, Err(error)) => Err(error),
    }
}

fn located(text: &str, kubernetes: &Catalogue) -> Result<OfflineSelection, OfflineError> {
    let locator: Locator = text.parse()?;
    let error = match locator.resolve(kubernetes) {
        Ok(selection) => return Ok(OfflineSelection::Known(selection)),
        Err(error) => error,
    };
    let LocatorError::Unknown { asked, .. } = &error else { return Err(error.into()) };
    let Some((plural, group)) = asked.split_once('.').filter(|(_, group)| group.contains('.')) else {
        return Err(OfflineError::Unknown(error));
    };
    let alone = |scope| only(custom(group, plural, plural, scope)?);
    let selection = match locator.resolve(&alone(Scope::Namespaced)?) {
        Err(LocatorError::NamespaceMissing { .. }) => locator.resolve(&alone(Scope::Cluster)?),
        other => other,
    };
    Ok(OfflineSelection::Custom(selection?))
}

/// Groups of custom resources have a dot at least: they are domains.
fn may_be_served(parts: &SelectionText, kubernetes: &Catalogue) -> bool {
    parts.group.contains('.') || kubernetes.resource(&parts.group, &parts.plural).is_some()
}

fn selected(parts: SelectionText, kubernetes: &Catalogue) -> Result<OfflineSelection, OfflineError> {
    if let Some(resource) = kubernetes.resource(&parts.group, &parts.plural) {
        return Ok(OfflineSelection::Known(Selection::new(resource.clone(), parts.target)?));
    }
    let resource = custom(&parts.group, &parts.plural, &parts.plural, parts.target.scope())?;
    Ok(OfflineSelection::Custom(Selection::new(resource, parts.target)?))
}

/// A custom resource that serves all it may.
fn custom(group: &str, plural: &str, kind: &str, scope: Scope) -> Result<ApiResource, OfflineError> {
    let resource = ApiResource::new(group, plural.to_lowercase(), kind, scope)?;
    Ok(resource.with_subresources(CUSTOM_SUBRESOURCES)?)
}

fn only(resource: ApiResource) -> Result<Catalogue, OfflineError> {
    Catalogue::new("", Vec::new(), vec![resource], Vec::new()).map_err(OfflineError::Catalogue)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Result<String, String> {
        let found = select(text).map_err(|error| error.to_string())?;
        Ok(format!("{} {}", found.kind().unwrap_or("?"), found.selection()))
    }

    #[test]
    fn both_spellings_select_the_same_and_custom_resources_are_taken_at_their_word() {
        for (asked, expected) in [
            ("deploy / default / web", "Deployment apps/deployments default/web"),
            ("apps/deployments default/web", "Deployment apps/deployments default/web"),
            ("nodes n1", "Node nodes n1"),
            ("pods", "Pod pods */*"),
            ("pods default/*", "Pod pods default/*"),
            ("certificates.cert-manager.io / shop / tls", "? cert-manager.io/certificates shop/tls"),
            ("Certificates.cert-manager.io / shop / *", "? cert-manager.io/certificates shop/*"),
            ("clusterissuers.cert-manager.io / ca", "? cert-manager.io/clusterissuers ca"),
            ("cert-manager.io/clusterissuers *", "? cert-manager.io/clusterissuers *"),
            ("certificates.cert-manager.io / *", "? cert-manager.io/certificates */*"),
        ] {
            assert_eq!(text(asked).as_deref(), Ok(expected), "{asked}");
        }
    }

    #[test]
    fn what_selects_nothing_is_refused_with_a_remedy() {
        for (asked, expected) in [
            ("certificate / shop / tls", "the cluster serves no `certificate`"),
            ("deploymnet / a / b", "did you mean `deployments.apps`"),
            ("deploymnet / a / b", "written as `plural.group`"),
            ("deployments.apps web", "the cluster serves no `deployments.apps web`"),
            ("nodes a/n1", "lives in no namespace"),
            ("", "is not a locator"),
        ] {
            let error = text(asked).unwrap_err();
            assert!(error.contains(expected), "{asked}: {error}");
        }
    }

    #[test]
    fn subresources_are_those_that_are_served() {
        let select =
            |text: &str, name: &str| select(text).unwrap().selection().clone().with_subresources([name]);
        assert!(select("pod / a / b", "log").is_ok());
        assert!(select("pod / a / b", "scale").is_err());
        assert!(select("widgets.example.com / a / b", "scale").is_ok());
        assert!(select("widgets.example.com / a / b", "log").is_err());
    }

    #[test]
    fn the_kind_is_asked_for_only_where_it_is_not_known() {
        let kind = |text: &str, kind: Option<&str>| {
            let found = select(text).unwrap();
            found.with_kind(kind).map(|selection| selection.resource().kind().to_owned())
        };
        assert_eq!(kind("pod / a / b", None).as_deref(), Ok("Pod"));
        assert_eq!(kind("pod / a / b", Some("Pod")).as_deref(), Ok("Pod"));
        assert!(matches!(kind("pod / a / b", Some("pod")), Err(OfflineError::OtherKind { .. })));
        assert_eq!(kind("widgets.example.com / a / b", Some("Widget")).as_deref(), Ok("Widget"));
        assert!(matches!(kind("widgets.example.com / a / b", None), Err(OfflineError::Kind(_))));
    }
}
