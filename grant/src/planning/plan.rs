//! Planning: from a role and a selection to the rules that would be granted, with all that is said about them.
//!
//! The one way from a role to a grant's rules: command line, judge and provider all come through here, so that what is
//! shown, signed, recomputed and applied is the same. Not here: who may ask, and the objects ([`crate::manifest`]).

use serde::{Deserialize, Serialize};

use crate::danger::{Class, Danger, Site, classify, worst};
use crate::evaluate::BindingScope;
use crate::offer::{SystemNamespaces, Withheld, withheld_role, withheld_selection};
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
    /// Where privileged verbs may be granted, and what is otherwise withheld.
    pub allow_privileged: Vec<Allowance>,
    /// Namespaces whose objects are not offered.
    pub system: SystemNamespaces,
    /// What makes rules more dangerous here.
    pub site: Site,
}

/// Rules with all that is said about them. There is always at least one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanReport {
    subset: Subset,
    dangers: Vec<Danger>,
    scope: BindingScope,
    withheld: Option<Withheld>,
    is_opened: bool,
}

/// The proof that rules may be granted: only [`plan`] makes one, and no grant is made without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan(PlanReport);

/// Why there is nothing to grant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The role gives nothing there.
    #[error(transparent)]
    Subset(#[from] SubsetError),
    /// All that it gives is privileged.
    #[error(transparent)]
    NothingLeft(#[from] NothingLeft),
    /// It gives something, and that is not offered.
    #[error("`{role}` on `{selection}` is not offered: {}", withheld_sentence(.why, .dangers))]
    Withheld {
        /// The role.
        role: RoleRef,
        /// The selection's text.
        selection: String,
        /// Why not.
        why: Withheld,
        /// What is dangerous about it.
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
    pub fn report(&self) -> &PlanReport {
        &self.0
    }
}

impl PlanReport {
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

    /// Why these rules would not be granted; `None` where they would.
    pub fn withheld(&self) -> Option<&Withheld> {
        self.withheld.as_ref()
    }

    /// Whether an [`Allowance`] names this role and resource, so that privileged verbs stay and nothing is withheld.
    pub fn is_opened(&self) -> bool {
        self.is_opened
    }
}

/// The exact subset, unrestricted: for looking, never for granting.
///
/// # Errors
/// [`SubsetError`].
pub fn exact(role: &Role, selection: &Selection, settings: &Settings) -> Result<PlanReport, SubsetError> {
    Ok(report_on(role, selection, settings, subset(role, selection)?))
}

/// The restricted subset, whether it would be granted or not: for looking, never for granting.
///
/// # Errors
/// [`PlanError::Subset`] or [`PlanError::NothingLeft`].
pub fn preview(role: &Role, selection: &Selection, settings: &Settings) -> Result<PlanReport, PlanError> {
    let privileged = match settings.allows(role, selection) {
        true => PrivilegedVerbs::Kept,
        false => PrivilegedVerbs::Dropped,
    };
    let restriction = Restriction { privileged, wildcard: settings.wildcard };
    let subset = restrict(subset(role, selection)?, selection, restriction)?;
    Ok(report_on(role, selection, settings, subset))
}

/// What would be granted of `role` on `selection`.
///
/// # Errors
/// [`PlanError`]: nothing applies, nothing is left, or it is not offered and not allowed.
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
    let report = preview(role, selection, settings)?;
    match report.withheld.clone() {
        None => Ok(Plan(report)),
        Some(why) => {
            let (role, selection) = (role.reference().clone(), selection.to_string());
            Err(PlanError::Withheld { role, selection, why, dangers: report.dangers })
        }
    }
}

impl Settings {
    fn allows(&self, role: &Role, selection: &Selection) -> bool {
        self.allow_privileged.iter().any(|one| one.is_for(role.reference(), selection.resource()))
    }
}

fn report_on(role: &Role, selection: &Selection, settings: &Settings, subset: Subset) -> PlanReport {
    let dangers = classify(subset.rules(), selection, &settings.site);
    let withheld =
        withheld_role(role).or_else(|| withheld_selection(selection, worst(&dangers), &settings.system));
    let is_opened = settings.allows(role, selection);
    let withheld = withheld.filter(|_| !is_opened);
    PlanReport { subset, dangers, scope: selection.target().binding_scope(), withheld, is_opened }
}

fn withheld_sentence(why: &Withheld, dangers: &[Danger]) -> String {
    let worst = worst(dangers).filter(|worst| *worst > Class::Note);
    let worst = dangers.iter().filter(|danger| Some(danger.class) == worst);
    let found: Vec<String> = worst.map(|danger| format!("{} ({})", danger.what, danger.why)).collect();
    let found = if found.is_empty() { String::new() } else { format!("; it gives {}", found.join(", ")) };
    format!(
        "{}{found}; to grant it, a setting that allows privileged access must name the role and the resource",
        why.sentence()
    )
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
            error.contains(
                "create rolebindings.rbac.authorization.k8s.io (the holder can grant any role to any subject)"
            ),
            "{error}"
        );
    }

    #[test]
    fn looking_is_never_refused() {
        let (role, selection) = bindings();
        let seen = exact(&role, &selection, &Settings::default()).unwrap();
        assert_eq!((worst(seen.dangers()), seen.scope()), (Some(Class::Block), &BindingScope::Cluster));
        assert_eq!(seen.withheld(), Some(&Withheld::Escalation));
    }
}
