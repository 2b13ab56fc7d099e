//! Planning: from a role and a selection to the rules that would be granted, with all that is said about them.
//!
//! The one way from a role to a grant's rules: command line, judge and provider all come through here, so that what is
//! shown, signed, recomputed and applied is the same. Not here: who may ask, and the objects ([`crate::manifest`]).

use serde::{Deserialize, Serialize};

use crate::danger::{Class, Danger, Site, classify, worst};
use crate::evaluate::BindingScope;
use crate::resource::ApiResource;
use crate::restrict::{NothingLeft, PrivilegedVerbs, Restriction, WildcardVerb, restrict};
use crate::role::{Role, RoleRef};
use crate::rule::Rule;
use crate::selection::Selection;
use crate::subset::{Dropped, Subset, SubsetError, subset};

/// A role and a resource for which privileged verbs stay and the escalation class is no bar.
///
/// Always a pair: a general switch would open every role at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// Which role.
    pub role: RoleRef,
    /// `plural.group`, or `plural` for the core group.
    pub resource: String,
}

/// What a site or a provider block says of all its grants.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What becomes of the verb `*`.
    pub wildcard: WildcardVerb,
    /// Where privileged verbs may be granted.
    pub allow_privileged: Vec<Allowance>,
    /// What makes rules more dangerous here.
    pub site: Site,
}

/// Rules with all that is said about them. There is always at least one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    subset: Subset,
    dangers: Vec<Danger>,
    scope: BindingScope,
}

/// The proof that rules may be granted: only [`plan`] makes one, and no grant is made without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan(Findings);

/// Why there is nothing to grant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The role gives nothing there.
    #[error(transparent)]
    Subset(#[from] SubsetError),
    /// All that it gives is privileged.
    #[error(transparent)]
    NothingLeft(#[from] NothingLeft),
    /// It would give everything, in one step or two.
    #[error(
        "`{role}` on `{selection}` is of the escalation class: {}; `allow_privileged` would have to name the role and the resource",
        sentence(.dangers)
    )]
    Escalation {
        /// The role.
        role: RoleRef,
        /// The selection's text.
        selection: String,
        /// What was found, all of it.
        dangers: Vec<Danger>,
    },
}

impl Allowance {
    fn is_for(&self, role: &RoleRef, resource: &ApiResource) -> bool {
        self.role == *role && self.resource == resource.to_string()
    }
}

impl Plan {
    /// The rules that may be granted, with all that is said about them.
    pub fn findings(&self) -> &Findings {
        &self.0
    }
}

impl Findings {
    /// The rules, never empty.
    pub fn rules(&self) -> &[Rule] {
        self.subset.rules()
    }

    /// What of the role is left out, and why.
    pub fn dropped(&self) -> &[Dropped] {
        self.subset.dropped()
    }

    /// What is dangerous about the rules, worst first.
    pub fn dangers(&self) -> &[Danger] {
        &self.dangers
    }

    /// Where the binding makes the rules count.
    pub fn scope(&self) -> &BindingScope {
        &self.scope
    }
}

/// The exact subset, unrestricted and however dangerous: for looking, never for granting.
///
/// # Errors
/// [`SubsetError`].
pub fn exact(role: &Role, selection: &Selection, site: &Site) -> Result<Findings, SubsetError> {
    let subset = subset(role, selection)?;
    let dangers = classify(subset.rules(), selection, site);
    Ok(Findings { subset, dangers, scope: BindingScope::of(selection.target()) })
}

/// What would be granted of `role` on `selection`.
///
/// # Errors
/// [`PlanError`]: nothing applies, nothing is left, or it is of the escalation class and not allowed.
///
/// ```
/// use p0_grant::plan::{PlanError, Settings, plan};
/// use p0_grant::resource::{ApiResource, Scope};
/// use p0_grant::role::{Role, RoleRef};
/// use p0_grant::rule::ResourceRule;
/// use p0_grant::selection::{Selection, Target};
///
/// let rule = ResourceRule::new(["bind"], ["rbac.authorization.k8s.io"], ["clusterroles"], [] as [&str; 0]).unwrap();
/// let role = Role::new(RoleRef::cluster_role("binder").unwrap(), vec![rule.into()]);
/// let roles = ApiResource::new("rbac.authorization.k8s.io", "clusterroles", "ClusterRole", Scope::Cluster).unwrap();
/// let selection = Selection::new(roles, Target::ClusterKind).unwrap();
/// assert!(matches!(plan(&role, &selection, &Settings::default()), Err(PlanError::NothingLeft(_))));
/// ```
pub fn plan(role: &Role, selection: &Selection, settings: &Settings) -> Result<Plan, PlanError> {
    let is_allowed =
        settings.allow_privileged.iter().any(|one| one.is_for(role.reference(), selection.resource()));
    let privileged = if is_allowed { PrivilegedVerbs::Kept } else { PrivilegedVerbs::Dropped };
    let restriction = Restriction { privileged, wildcard: settings.wildcard };
    let subset = restrict(subset(role, selection)?, selection, restriction)?;
    let dangers = classify(subset.rules(), selection, &settings.site);
    if worst(&dangers) == Some(Class::Block) && !is_allowed {
        let (role, selection) = (role.reference().clone(), selection.to_string());
        return Err(PlanError::Escalation { role, selection, dangers });
    }
    Ok(Plan(Findings { subset, dangers, scope: BindingScope::of(selection.target()) }))
}

fn sentence(dangers: &[Danger]) -> String {
    let blocking = dangers.iter().filter(|danger| danger.class == Class::Block);
    blocking.map(|danger| format!("{} ({})", danger.what, danger.why)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Scope;
    use crate::rule::ResourceRule;
    use crate::selection::Target;

    fn bindings() -> (Role, Selection) {
        let group = "rbac.authorization.k8s.io";
        let rule = ResourceRule::new(["get", "create"], [group], ["rolebindings"], [] as [&str; 0]).unwrap();
        let resource = ApiResource::new(group, "rolebindings", "RoleBinding", Scope::Namespaced).unwrap();
        let selection = Selection::new(resource, Target::KindEverywhere).unwrap();
        (Role::new(RoleRef::cluster_role("admin").unwrap(), vec![rule.into()]), selection)
    }

    #[test]
    fn the_escalation_class_needs_its_own_pair_of_role_and_resource() {
        let (role, selection) = bindings();
        let allowing = |role: &str, resource: &str| {
            let allowance = Allowance { role: role.parse().unwrap(), resource: resource.to_owned() };
            Settings { allow_privileged: vec![allowance], ..Settings::default() }
        };
        for (settings, expected) in [
            (Settings::default(), false),
            (allowing("admin", "rolebindings.rbac.authorization.k8s.io"), true),
            (allowing("edit", "rolebindings.rbac.authorization.k8s.io"), false),
            (allowing("admin", "rolebindings"), false),
            (allowing("admin", "*"), false),
        ] {
            assert_eq!(plan(&role, &selection, &settings).is_ok(), expected, "{settings:?}");
        }
    }

    #[test]
    fn the_refusal_says_what_is_so_dangerous() {
        let (role, selection) = bindings();
        let error = plan(&role, &selection, &Settings::default()).unwrap_err().to_string();
        assert!(
            error.contains("create rolebindings.rbac.authorization.k8s.io (rights can be given to anybody)"),
            "{error}"
        );
    }

    #[test]
    fn looking_is_never_refused() {
        let (role, selection) = bindings();
        let seen = exact(&role, &selection, &Site::default()).unwrap();
        assert_eq!((worst(seen.dangers()), seen.scope()), (Some(Class::Block), &BindingScope::Cluster));
    }
}
