//! Subsetting: the rules of a role that apply to one selection, exactly.
//!
//! A rule is a product and so is a selection, hence their intersection is one product: each rule gives one rule or
//! none, and nothing is merged. The role never widens on the way: what comes out is covered by what went in. Not here:
//! removing what must not be granted by accident ([`crate::restrict`]) and saying how dangerous the rest is
//! ([`crate::danger`]).

use serde::Serialize;

use crate::alias::{alias_group, served_alias_group};
use crate::role::{Role, RoleRef};
use crate::rule::{ALL, ResourceRule, Rule};
use crate::selection::Selection;

mod drops;
mod offered;

use drops::Drops;
pub use offered::Offered;

/// What a role gives on a selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subset {
    pub(crate) rules: Vec<Rule>,
    pub(crate) dropped: Vec<Dropped>,
}

/// Something of the role that the grant leaves out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// The verbs that go.
    pub verbs: Vec<String>,
    /// What they were on: a resource, a subresource or a URL.
    pub resource: String,
    /// Why.
    pub reason: DropReason,
}

/// Why something of the role is not in the grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DropReason {
    /// `deletecollection` carries no name, so no named rule ever allows it.
    NeverNamed,
    /// The role gives a subresource that was not asked for.
    SubresourceNotAsked,
    /// The role's rule is for other objects by name.
    OtherNames,
    /// A rule on URLs applies to no resource.
    NotAResource,
    /// The verb or subresource gives more than it says, and no policy names it.
    Privileged,
    /// `*` would have carried a privileged verb, and became the eight standard ones.
    WildcardExpanded,
}

/// Why a role gives no grant on a selection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubsetError {
    /// A Role counts in its own namespace only.
    #[error("`{role}` applies in its own namespace only, and the selection is `{selection}`")]
    Elsewhere {
        /// The role.
        role: RoleRef,
        /// The selection's text.
        selection: String,
    },
    /// No rule applies.
    #[error("`{role}` gives nothing on `{selection}`; {}", offered::sentence(.offers))]
    Nothing {
        /// The role.
        role: RoleRef,
        /// The selection's text.
        selection: String,
        /// What the role does give.
        offers: Box<Offered>,
    },
}

impl Subset {
    /// The rules, never empty, each of one group or two aliases, of literal resources.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What of the role is not among them though it is on the selected resource.
    pub fn dropped(&self) -> &[Dropped] {
        &self.dropped
    }
}

impl Dropped {
    /// What went, for reading: `get, patch deployments/scale`.
    pub fn what(&self) -> String {
        format!("{} {}", self.verbs.join(", "), self.resource)
    }
}

impl DropReason {
    /// The reason as a sentence without its full stop.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NeverNamed => {
                "a request to delete a collection carries no name, so no rule for one object can allow it"
            }
            Self::SubresourceNotAsked => "subresources are included only where they are asked for",
            Self::OtherNames => "the role allows this for other objects by name",
            Self::NotAResource => "paths outside the resources belong to no selection",
            Self::Privileged => "this gives more than it says and needs a policy that names it",
            Self::WildcardExpanded => {
                "`*` would have carried privileged verbs, so the eight standard verbs stand in its place"
            }
        }
    }
}

/// The rules of `role` that apply to `selection`, in the role's order.
///
/// # Errors
/// [`SubsetError`] where the role does not count there or nothing of it applies: an empty role is never made.
///
/// ```
/// use p0_grant::name::{Namespace, ObjectName};
/// use p0_grant::resource::{ApiResource, Scope};
/// use p0_grant::role::{Role, RoleRef};
/// use p0_grant::rule::ResourceRule;
/// use p0_grant::selection::{Selection, Target};
/// use p0_grant::subset::subset;
///
/// let rule = ResourceRule::new(["get"], ["", "apps"], ["pods", "deployments"], [] as [&str; 0]).unwrap();
/// let role = Role::new(RoleRef::cluster_role("reader").unwrap(), vec![rule.into()]);
/// let deployments = ApiResource::new("apps", "deployments", "Deployment", Scope::Namespaced).unwrap();
/// let target = Target::Object { namespace: Namespace::new("default").unwrap(), name: ObjectName::new("web").unwrap() };
///
/// let subset = subset(&role, &Selection::new(deployments, target).unwrap())?;
/// assert_eq!(
///     serde_json::to_string(subset.rules()).unwrap(),
///     r#"[{"apiGroups":["apps"],"resourceNames":["web"],"resources":["deployments"],"verbs":["get"]}]"#,
/// );
/// # Ok::<(), p0_grant::subset::SubsetError>(())
/// ```
pub fn subset(role: &Role, selection: &Selection) -> Result<Subset, SubsetError> {
    check_namespace(role, selection)?;
    let picked = Picked::new(selection);
    let mut rules: Vec<Rule> = Vec::new();
    let mut drops = Drops::default();
    for rule in role.rules() {
        match rule {
            Rule::Url(rule) => {
                rule.urls().iter().for_each(|url| drops.add(rule.verbs(), url, DropReason::NotAResource));
            }
            Rule::Resource(rule) => {
                let applying = picked.apply(rule, &mut drops).map(Rule::from);
                rules.extend(applying.filter(|rule| !rules.contains(rule)));
            }
        }
    }
    if rules.is_empty() {
        return Err(SubsetError::Nothing {
            role: role.reference().clone(),
            selection: selection.to_string(),
            offers: Box::new(picked.offered(role.rules())),
        });
    }
    Ok(Subset { rules, dropped: drops.into_list() })
}

fn check_namespace(role: &Role, selection: &Selection) -> Result<(), SubsetError> {
    match role.reference().namespace() {
        Some(own) if selection.target().namespace() != Some(own) => {
            Err(SubsetError::Elsewhere { role: role.reference().clone(), selection: selection.to_string() })
        }
        _ => Ok(()),
    }
}

/// A selection as the product that rules are cut with.
struct Picked<'s> {
    selection: &'s Selection,
    alias: Option<&'static str>,
    /// The resource and its chosen subresources, each as rules write it, with the bare subresource.
    entries: Vec<(String, Option<&'s str>)>,
    /// Served subresources that were not chosen.
    unasked: Vec<(String, &'s str)>,
}

impl<'s> Picked<'s> {
    fn new(selection: &'s Selection) -> Self {
        let resource = selection.resource();
        let entry = |sub: &str| format!("{}/{sub}", resource.plural());
        let asked = selection.subresources();
        let mut entries = vec![(resource.plural().to_owned(), None)];
        entries.extend(asked.iter().map(|sub| (entry(sub), Some(sub.as_str()))));
        let unasked = resource.subresources().iter().filter(|sub| !asked.contains(*sub));
        let unasked = unasked.map(|sub| (entry(sub), sub.as_str())).collect();
        Self { selection, alias: alias_group(resource.group(), resource.plural()), entries, unasked }
    }

    /// The part of `rule` inside the selection.
    fn apply<'r>(&self, rule: &'r ResourceRule, drops: &mut Drops<'r>) -> Option<ResourceRule> {
        let groups = self.groups(rule)?;
        let resources = self.resources(rule);
        let names = match self.names(rule) {
            Some(names) => names,
            None => {
                resources
                    .iter()
                    .for_each(|resource| drops.add(rule.verbs(), resource, DropReason::OtherNames));
                return None;
            }
        };
        self.drop_unasked(rule, drops);
        let first = resources.first()?.clone();
        let verbs = self.verbs(rule, &first, drops);
        // Of four lists only the verbs can be empty here, and then the rule is dead.
        ResourceRule::new(verbs, groups, resources, names).ok()
    }

    /// Literal groups of the same object, in the rule's order; `*` becomes the groups it really reaches.
    fn groups(&self, rule: &ResourceRule) -> Option<Vec<String>> {
        let resource = self.selection.resource();
        let own = |group: &String| group == resource.group() || Some(group.as_str()) == self.alias;
        let mut groups: Vec<String> = Vec::with_capacity(2);
        for group in rule.api_groups().iter().filter(|group| own(group)) {
            if !groups.contains(group) {
                groups.push(group.clone());
            }
        }
        if rule.api_groups().iter().any(|group| group == ALL) {
            if !groups.iter().any(|group| group == resource.group()) {
                groups.insert(0, resource.group().to_owned());
            }
            let served = served_alias_group(resource.group(), resource.plural());
            if let Some(alias) = served.filter(|alias| !groups.iter().any(|group| group == alias)) {
                groups.push(alias.to_owned());
            }
        }
        if groups.is_empty() { None } else { Some(groups) }
    }

    /// Literal entries: the resource first, then the chosen subresources.
    fn resources(&self, rule: &ResourceRule) -> Vec<String> {
        let listed = self.entries.iter().filter(|(entry, sub)| lists_resource(rule, entry, *sub));
        listed.map(|(entry, _)| entry.clone()).collect()
    }

    /// `None` where the rule is for other names; no name never becomes a rule for the empty name.
    fn names(&self, rule: &ResourceRule) -> Option<Vec<String>> {
        match self.selection.target().name() {
            None => Some(rule.resource_names().to_vec()),
            Some(name) => {
                let name = name.as_str().to_owned();
                (rule.resource_names().is_empty() || rule.resource_names().contains(&name))
                    .then(|| vec![name])
            }
        }
    }

    fn verbs<'r>(&self, rule: &'r ResourceRule, resource: &str, drops: &mut Drops<'r>) -> Vec<String> {
        let mut verbs: Vec<String> = Vec::with_capacity(rule.verbs().len());
        for verb in rule.verbs() {
            if verb == "deletecollection" && self.selection.target().name().is_some() {
                drops.add(std::slice::from_ref(verb), resource, DropReason::NeverNamed);
            } else if !verbs.contains(verb) {
                verbs.push(verb.clone());
            }
        }
        verbs
    }

    /// Subresources that the rule gives and the selection lacks, served ones and those that only the rule names.
    fn unasked_in<'a>(&'a self, rule: &'a ResourceRule) -> impl Iterator<Item = &'a str> {
        let (plural, asked) = (self.selection.resource().plural(), self.selection.subresources());
        let served = self.unasked.iter().filter(|(entry, sub)| lists_resource(rule, entry, Some(sub)));
        let is_listed = |sub: &str| self.unasked.iter().any(|(_, served)| *served == sub);
        let named = rule.subresources_of(plural);
        let named = named.filter(move |sub| !asked.contains(*sub) && !is_listed(sub));
        served.map(|(_, sub)| *sub).chain(named)
    }

    fn drop_unasked<'r>(&self, rule: &'r ResourceRule, drops: &mut Drops<'r>) {
        let plural = self.selection.resource().plural();
        self.unasked_in(rule).for_each(|sub| {
            drops.add(rule.verbs(), &format!("{plural}/{sub}"), DropReason::SubresourceNotAsked);
        });
    }

    /// What `rules` give, where they give nothing on the selection.
    fn offered(&self, rules: &[Rule]) -> Offered {
        let of_group = rules.iter().filter_map(Rule::as_resource).filter(|rule| self.groups(rule).is_some());
        let entries = offered::by_role(rules, self.selection);
        let mut offered = Offered { entries, ..Offered::default() };
        for rule in of_group {
            match self.names(rule) {
                Some(_) => offered.subresources.extend(self.unasked_in(rule).map(str::to_owned)),
                None if self.resources(rule).is_empty() => {}
                None => offered.names.extend(rule.resource_names().iter().cloned()),
            }
        }
        offered
    }
}

/// Whether `rule` lists `entry`, which is `resource` or `resource/subresource`. `pods/*` is a literal that is no entry.
fn lists_resource(rule: &ResourceRule, entry: &str, subresource: Option<&str>) -> bool {
    rule.resources().iter().any(|listed| {
        listed == ALL
            || listed == entry
            || (subresource.is_some()
                && listed.strip_prefix("*/").is_some_and(|sub| Some(sub) == subresource))
    })
}
