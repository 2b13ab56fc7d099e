//! Rules: what a role allows, as Kubernetes writes it, in types that hold only what the API server would store.
//!
//! Not here: what a rule means for a request ([`crate::evaluate`]) or for another rule ([`crate::covers`]).

use serde::de::IgnoredAny;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use crate::yaml::Line;

/// The entry that matches every verb, group or resource.
///
/// Source: <https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources>.
pub const ALL: &str = "*";

/// One entry of a role's `rules`. The two forms never mix.
///
/// Source: `ValidatePolicyRule` in
/// <https://github.com/kubernetes/kubernetes/blob/v1.36.2/pkg/apis/rbac/validation/validation.go>.
///
/// ```
/// use p0_grant::rule::{ResourceRule, Rule};
///
/// let rule = ResourceRule::new(["get", "list"], ["apps"], ["deployments"], [] as [&str; 0])?;
/// assert_eq!(
///     serde_json::to_string(&Rule::from(rule)).unwrap(),
///     r#"{"apiGroups":["apps"],"resources":["deployments"],"verbs":["get","list"]}"#,
/// );
/// # Ok::<(), p0_grant::rule::RuleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "RuleFields")]
pub enum Rule {
    /// Verbs on API resources.
    Resource(ResourceRule),
    /// Verbs on paths that are not resources, such as `/healthz`.
    Url(UrlRule),
}

/// The product verbs × groups × resources × names. Only the names may be empty, and then they mean "any".
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ResourceRule {
    verbs: Vec<String>,
    api_groups: Vec<String>,
    resources: Vec<String>,
    resource_names: Vec<String>,
}

/// The product verbs × URL patterns.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UrlRule {
    verbs: Vec<String>,
    urls: Vec<String>,
}

/// Why fields are not a rule that the API server would store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// `verbs` is empty.
    #[error("a rule needs at least one of `verbs`")]
    NoVerbs,
    /// A resource rule without `apiGroups`.
    #[error("a resource rule needs at least one of `apiGroups` (the core group is \"\")")]
    NoApiGroups,
    /// Neither `resources` nor `nonResourceURLs`.
    #[error("a rule needs at least one of `resources` or `nonResourceURLs`")]
    NoResources,
    /// Both forms in one rule.
    #[error("`nonResourceURLs` cannot stand beside `apiGroups`, `resources` or `resourceNames`")]
    Mixed,
    /// OpenShift 3's restrictions, which RBAC cannot express.
    #[error("`attributeRestrictions` cannot be granted: Kubernetes' roles have no such restriction")]
    AttributeRestrictions,
}

impl ResourceRule {
    /// Builds a rule from its four lists, kept in the order given.
    ///
    /// # Errors
    /// [`RuleError`] where verbs, groups or resources are empty.
    pub fn new<V, G, R, N>(
        verbs: V,
        api_groups: G,
        resources: R,
        resource_names: N,
    ) -> Result<Self, RuleError>
    where
        V: IntoIterator<Item: Into<String>>,
        G: IntoIterator<Item: Into<String>>,
        R: IntoIterator<Item: Into<String>>,
        N: IntoIterator<Item: Into<String>>,
    {
        let rule = Self {
            verbs: strings(verbs),
            api_groups: strings(api_groups),
            resources: strings(resources),
            resource_names: strings(resource_names),
        };
        match &rule {
            Self { verbs, .. } if verbs.is_empty() => Err(RuleError::NoVerbs),
            Self { api_groups, .. } if api_groups.is_empty() => Err(RuleError::NoApiGroups),
            Self { resources, .. } if resources.is_empty() => Err(RuleError::NoResources),
            _ => Ok(rule),
        }
    }

    /// Never empty; `*` is every verb.
    pub fn verbs(&self) -> &[String] {
        &self.verbs
    }

    /// Never empty; `""` is the core group, `*` every group.
    pub fn api_groups(&self) -> &[String] {
        &self.api_groups
    }

    /// Never empty; `resource`, `resource/subresource`, `*/subresource` or `*`.
    pub fn resources(&self) -> &[String] {
        &self.resources
    }

    /// The subresources of `plural` that the rule names: `metrics` for `nodes/metrics`, `finalizers` for `*/finalizers`.
    ///
    /// Rules may name subresources that no server lists, such as `nodes/metrics`
    /// (<https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/>).
    pub fn subresources_of(&self, plural: &str) -> impl Iterator<Item = &str> {
        let parts = self.resources.iter().filter_map(|entry| entry.split_once('/'));
        let own = parts.filter(move |(resource, _)| *resource == ALL || *resource == plural);
        own.map(|(_, subresource)| subresource).filter(|subresource| is_literal(subresource))
    }

    /// Exact names; empty means any name and none.
    pub fn resource_names(&self) -> &[String] {
        &self.resource_names
    }
}

impl UrlRule {
    /// Builds a rule from its two lists, kept in the order given.
    ///
    /// # Errors
    /// [`RuleError`] where one of them is empty.
    pub fn new<V, U>(verbs: V, urls: U) -> Result<Self, RuleError>
    where
        V: IntoIterator<Item: Into<String>>,
        U: IntoIterator<Item: Into<String>>,
    {
        let rule = Self { verbs: strings(verbs), urls: strings(urls) };
        match &rule {
            Self { verbs, .. } if verbs.is_empty() => Err(RuleError::NoVerbs),
            Self { urls, .. } if urls.is_empty() => Err(RuleError::NoResources),
            _ => Ok(rule),
        }
    }

    /// Never empty; `*` is every verb.
    pub fn verbs(&self) -> &[String] {
        &self.verbs
    }

    /// Never empty; a path, or a prefix that ends in `*`.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }
}

impl Rule {
    /// The rule on resources; `None` for a rule on URLs.
    pub fn as_resource(&self) -> Option<&ResourceRule> {
        match self {
            Self::Resource(rule) => Some(rule),
            Self::Url(_) => None,
        }
    }

    /// Never empty; `*` is every verb.
    pub fn verbs(&self) -> &[String] {
        match self {
            Self::Resource(rule) => rule.verbs(),
            Self::Url(rule) => rule.verbs(),
        }
    }
}

impl From<ResourceRule> for Rule {
    fn from(rule: ResourceRule) -> Self {
        Self::Resource(rule)
    }
}

impl From<UrlRule> for Rule {
    fn from(rule: UrlRule) -> Self {
        Self::Url(rule)
    }
}

/// Whether `text` means itself alone in a rule, in a locator and in a list with commas.
pub(crate) fn is_literal(text: &str) -> bool {
    !text.is_empty() && !text.contains(['*', '/', '%', ',']) && !text.contains(char::is_whitespace)
}

fn strings<I: IntoIterator<Item: Into<String>>>(items: I) -> Vec<String> {
    items.into_iter().map(Into::into).collect()
}

/// A rule as it is written in Kubernetes' JSON and YAML, before it is known to be one.
///
/// The API server reads `null` for a list as no list, and `null` in a list as the empty text. OpenShift's roles have a field
/// `attributeRestrictions`, which is `null` in every role that OpenShift still takes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[derive(Default)]
struct RuleFields {
    verbs: Words,
    api_groups: Words,
    resources: Words,
    resource_names: Words,
    #[serde(rename = "nonResourceURLs")]
    non_resource_urls: Words,
    attribute_restrictions: Option<IgnoredAny>,
}

/// A list of texts as the API server reads it.
#[derive(Default, Deserialize)]
#[serde(transparent)]
struct Words(Option<Vec<Option<String>>>);

impl Words {
    fn read(self) -> Vec<String> {
        self.0.unwrap_or_default().into_iter().map(Option::unwrap_or_default).collect()
    }
}

impl TryFrom<RuleFields> for Rule {
    type Error = RuleError;

    fn try_from(fields: RuleFields) -> Result<Self, RuleError> {
        if fields.attribute_restrictions.is_some() {
            return Err(RuleError::AttributeRestrictions);
        }
        let [verbs, api_groups, resources] =
            [fields.verbs, fields.api_groups, fields.resources].map(Words::read);
        let [resource_names, non_resource_urls] =
            [fields.resource_names, fields.non_resource_urls].map(Words::read);
        if non_resource_urls.is_empty() {
            return ResourceRule::new(verbs, api_groups, resources, resource_names).map(Self::from);
        }
        if !(api_groups.is_empty() && resources.is_empty() && resource_names.is_empty()) {
            return Err(RuleError::Mixed);
        }
        UrlRule::new(verbs, non_resource_urls).map(Self::from)
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Resource(rule) => rule.serialize(serializer),
            Self::Url(rule) => rule.serialize(serializer),
        }
    }
}

/// Fields in alphabetical order, as the API server prints them; empty names are absent. In YAML each list is one line.
impl Serialize for ResourceRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let named = !self.resource_names.is_empty();
        let mut fields = serializer.serialize_struct("PolicyRule", 3 + usize::from(named))?;
        fields.serialize_field("apiGroups", &Line(&self.api_groups))?;
        if named {
            fields.serialize_field("resourceNames", &Line(&self.resource_names))?;
        }
        fields.serialize_field("resources", &Line(&self.resources))?;
        fields.serialize_field("verbs", &Line(&self.verbs))?;
        fields.end()
    }
}

impl Serialize for UrlRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("PolicyRule", 2)?;
        fields.serialize_field("nonResourceURLs", &Line(&self.urls))?;
        fields.serialize_field("verbs", &Line(&self.verbs))?;
        fields.end()
    }
}

#[cfg(test)]
mod tests;
