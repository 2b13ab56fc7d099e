//! Resources: one kind of thing a cluster serves, as discovery tells it.
//!
//! Not here: asking a cluster (the shells do that) or picking one by what a person wrote ([`crate::locator`]).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::rule::is_literal;

/// Whether objects of a resource live in namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// Objects live in a namespace.
    Namespaced,
    /// Objects belong to the cluster.
    Cluster,
}

/// A served resource.
///
/// Source of the fields: `APIResource`,
/// <https://kubernetes.io/docs/reference/using-api/api-concepts/#discovery-api>.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct ApiResource {
    group: String,
    plural: String,
    kind: String,
    singular: String,
    short_names: Vec<String>,
    scope: Scope,
    subresources: Vec<String>,
}

/// Why discovery's words are not a resource that a rule could name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot be a resource or subresource: it is empty or holds `*`, `/`, `%`, a comma or white space"
)]
pub struct ResourceError(String);

impl ApiResource {
    /// A resource with the three names that every one has. Short names and subresources are added by the `with_` calls.
    ///
    /// # Errors
    /// [`ResourceError`] where a name is not a single literal: it would mean something else inside a rule.
    pub fn new(
        group: impl Into<String>,
        plural: impl Into<String>,
        kind: impl Into<String>,
        scope: Scope,
    ) -> Result<Self, ResourceError> {
        let (group, plural, kind) = (group.into(), plural.into(), kind.into());
        // The core group is the empty string.
        let group = if group.is_empty() { group } else { literal(group)? };
        let kind = literal(kind)?;
        let singular = kind.to_lowercase();
        let (short_names, subresources) = (Vec::new(), Vec::new());
        Ok(Self { group, plural: literal(plural)?, kind, singular, short_names, scope, subresources })
    }

    /// The same with the singular that discovery gives; without it, it is the kind in lower case, as kubectl has it.
    #[must_use]
    pub fn with_singular(mut self, singular: impl Into<String>) -> Self {
        let singular = singular.into();
        if !singular.is_empty() {
            self.singular = singular;
        }
        self
    }

    /// The same with short names, sorted.
    #[must_use]
    pub fn with_short_names<I: IntoIterator<Item: Into<String>>>(mut self, names: I) -> Self {
        self.short_names = names.into_iter().map(Into::into).collect();
        self.short_names.sort();
        self.short_names.dedup();
        self
    }

    /// The same with subresources, sorted: `log`, not `pods/log`.
    ///
    /// # Errors
    /// [`ResourceError`] where one is not a single literal.
    pub fn with_subresources<I: IntoIterator<Item: Into<String>>>(
        mut self,
        subresources: I,
    ) -> Result<Self, ResourceError> {
        self.subresources =
            subresources.into_iter().map(|name| literal(name.into())).collect::<Result<_, _>>()?;
        self.subresources.sort();
        self.subresources.dedup();
        Ok(self)
    }

    /// The API group; `""` is the core group.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// The plural in lower case, as rules name it.
    pub fn plural(&self) -> &str {
        &self.plural
    }

    /// The kind in its own capitals.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The singular in lower case.
    pub fn singular(&self) -> &str {
        &self.singular
    }

    /// Short names, sorted.
    pub fn short_names(&self) -> &[String] {
        &self.short_names
    }

    /// Whether objects live in namespaces.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Subresources that are served, sorted.
    pub fn subresources(&self) -> &[String] {
        &self.subresources
    }

    /// Whether a person who writes `word` may mean this resource: its kind, plural, singular or a short name, in any case.
    pub fn answers_to(&self, word: &str) -> bool {
        self.words().any(|own| own.eq_ignore_ascii_case(word))
    }

    /// Every word the resource answers to.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let names = [&self.kind, &self.plural, &self.singular];
        names.into_iter().chain(&self.short_names).map(String::as_str)
    }

    /// The plural in the kind's own capitals, as generated names carry it: `Deployments`, `NetworkPolicies`.
    pub fn capitalised_plural(&self) -> String {
        // Walk the plural along the kind for as long as they agree; `policies` leaves `Policy` at its last letter.
        let mut kind = self.kind.chars();
        let mut agreed = true;
        self.plural
            .chars()
            .map(|letter| match kind.next().filter(|_| agreed) {
                Some(own) if own.to_lowercase().eq(letter.to_lowercase()) => own,
                _ => {
                    agreed = false;
                    letter
                }
            })
            .collect()
    }
}

/// A resource as catalogues and JSON answers write it; the singular stands only where the kind does not give it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Fields {
    group: String,
    kind: String,
    plural: String,
    scope: Scope,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    short_names: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    singular: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    subresources: Vec<String>,
}

impl TryFrom<Fields> for ApiResource {
    type Error = ResourceError;

    fn try_from(fields: Fields) -> Result<Self, ResourceError> {
        Self::new(fields.group, fields.plural, fields.kind, fields.scope)?
            .with_singular(fields.singular)
            .with_short_names(fields.short_names)
            .with_subresources(fields.subresources)
    }
}

impl From<ApiResource> for Fields {
    fn from(resource: ApiResource) -> Self {
        let given_by_kind = resource.singular == resource.kind.to_lowercase();
        Self {
            group: resource.group,
            kind: resource.kind,
            plural: resource.plural,
            scope: resource.scope,
            short_names: resource.short_names,
            singular: if given_by_kind { String::new() } else { resource.singular },
            subresources: resource.subresources,
        }
    }
}

fn literal(text: String) -> Result<String, ResourceError> {
    if is_literal(&text) { Ok(text) } else { Err(ResourceError(text)) }
}

/// `deployments.apps`, or `pods` for the core group: as kubectl writes a resource.
impl fmt::Display for ApiResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.plural)?;
        if self.group.is_empty() { Ok(()) } else { write!(f, ".{}", self.group) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plural_takes_the_kinds_capitals() {
        for (kind, plural, expected) in [
            ("Deployment", "deployments", "Deployments"),
            ("NetworkPolicy", "networkpolicies", "NetworkPolicies"),
            ("Ingress", "ingresses", "Ingresses"),
            ("Endpoints", "endpoints", "Endpoints"),
            ("CSIDriver", "csidrivers", "CSIDrivers"),
            ("APIService", "apiservices", "APIServices"),
            ("HorizontalPodAutoscaler", "horizontalpodautoscalers", "HorizontalPodAutoscalers"),
            ("Person", "people", "Pe\u{6f}ple"),
        ] {
            let resource = ApiResource::new("g", plural, kind, Scope::Namespaced).unwrap();
            assert_eq!(resource.capitalised_plural(), expected);
        }
    }

    #[test]
    fn the_written_form_leaves_out_what_follows_from_the_kind() {
        let deployments = ApiResource::new("apps", "deployments", "Deployment", Scope::Namespaced)
            .unwrap()
            .with_short_names(["deploy"]);
        let people = ApiResource::new("g", "people", "Person", Scope::Cluster)
            .unwrap()
            .with_singular("human")
            .with_subresources(["status", "scale"])
            .unwrap();
        for (resource, text) in [
            (
                deployments,
                r#"{"group":"apps","kind":"Deployment","plural":"deployments","scope":"Namespaced","shortNames":["deploy"]}"#,
            ),
            (
                people,
                r#"{"group":"g","kind":"Person","plural":"people","scope":"Cluster","singular":"human","subresources":["scale","status"]}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&resource).unwrap(), text);
            assert_eq!(serde_json::from_str::<ApiResource>(text).unwrap(), resource);
        }
    }

    #[test]
    fn refuses_names_that_mean_more_inside_a_rule() {
        for plural in ["", "*", "pods/log", "a b", "a,b", "50%"] {
            assert!(ApiResource::new("", plural, "Pod", Scope::Namespaced).is_err(), "{plural:?}");
        }
        assert!(ApiResource::new("*", "pods", "Pod", Scope::Namespaced).is_err());
    }
}
