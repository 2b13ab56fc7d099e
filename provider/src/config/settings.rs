//! What holds for all grants of the provider block. HCL settings are guard rails; the boundary is the RBAC of the identity
//! that applies.

use std::time::Duration;

use p0_grant::danger::Site;
use p0_grant::grant::{NamePrefix, RoleObject};
use p0_grant::lifetime::Lifetime;
use p0_grant::name::Namespace;
use p0_grant::offer::{NamespacePattern, SystemNamespaces};
use p0_grant::plan::{self, Allowance};
use p0_grant::restrict::WildcardVerb;
use p0_grant::role::RoleRef;
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::value::{Attr, FromValue, Path, Step, Value};

use super::Block;
use crate::cluster::Limits;

/// The settings. What is not known yet counts as not set: a plan that depends on it is made again with it before anything
/// is written.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The longest grant.
    pub max_duration: Option<Lifetime>,
    /// The settings for the engine.
    pub plan: plan::Settings,
    /// The kind of new grants' role objects.
    pub role_object: RoleObject,
    /// What new grants' names begin with.
    pub prefix: NamePrefix,
    /// Whether a grant needs a reason.
    pub require_reason: bool,
    /// Whether apply waits until the cluster says that access is there.
    pub wait_for_effective: bool,
    /// How the cluster is asked.
    pub limits: Limits,
}

tfplugin::model! {
    /// One pair of `allow_privileged`.
    struct Pair {
        role: Attr<String>,
        resource: Attr<String>,
    }
}

impl Settings {
    /// Reads them from the block.
    ///
    /// # Errors
    /// All that is wrong, each about its attribute.
    pub fn read(block: &Block) -> Result<Self, Diagnostics> {
        let mut wrong = Diagnostics::new();
        let appliers = applier_namespaces(&block.applier_namespaces, &mut wrong);
        let system = patterns(&block.system_namespaces, &mut wrong);
        let settings = Self {
            max_duration: parsed(&block.max_duration, "max_duration", &mut wrong),
            plan: plan::Settings {
                wildcard: match block.expand_wildcards {
                    Attr::Known(true) => WildcardVerb::Expanded,
                    _ => WildcardVerb::ExpandedWherePrivileged,
                },
                allow_privileged: allowances(&block.allow_privileged, &mut wrong),
                system: SystemNamespaces::with(
                    system.into_iter().chain(appliers.iter().cloned().map(NamespacePattern::Name)),
                ),
                site: Site { applier_namespaces: appliers, ..Site::default() },
            },
            role_object: role_object(&block.role_object, &mut wrong),
            prefix: prefix(&block.name_prefix, &mut wrong),
            require_reason: block.require_reason == Attr::Known(true),
            wait_for_effective: block.wait_for_effective == Attr::Known(true),
            limits: Limits {
                concurrent: concurrent(&block.max_concurrent_requests, &mut wrong),
                request: request_timeout(&block.request_timeout, &mut wrong),
            },
        };
        if wrong.has_errors() { Err(wrong) } else { Ok(settings) }
    }
}

fn wrong_at(path: Path, detail: impl Into<String>) -> Diagnostic {
    Diagnostic::error("A setting of the provider is wrong", detail).at(path)
}

fn parsed<T: std::str::FromStr<Err: std::error::Error + 'static>>(
    attribute: &Attr<String>,
    name: &str,
    wrong: &mut Diagnostics,
) -> Option<T> {
    let text = attribute.known()?;
    let refuse = |error: T::Err| wrong.push(wrong_at(Path::attribute(name), crate::text::chain(&error)));
    text.parse().map_err(refuse).ok()
}

fn allowances(pairs: &Value, wrong: &mut Diagnostics) -> Vec<Allowance> {
    let Value::List(pairs) = pairs else { return Vec::new() };
    let mut allowances = Vec::new();
    for (index, pair) in (0..).zip(pairs) {
        // A pair that is not wholly known allows nothing yet.
        let Ok(Pair { role: Attr::Known(role), resource: Attr::Known(resource) }) =
            Pair::from_value(pair.clone())
        else {
            continue;
        };
        let at = |name: &str| {
            Path::attribute("allow_privileged")
                .then(Step::Index(index))
                .then(Step::Attribute(name.to_owned()))
        };
        match role.parse::<RoleRef>() {
            Ok(role) if !resource.is_empty() && !resource.contains(['*', '/']) => {
                allowances.push(Allowance { role, resource });
            }
            Ok(_) => wrong.push(wrong_at(
                at("resource"),
                format!(
                    "`{resource}` is not a resource: write `plural.group`, or `plural` for the core group."
                ),
            )),
            Err(error) => wrong.push(wrong_at(at("role"), crate::text::chain(&error))),
        }
    }
    allowances
}

fn patterns(list: &Value, wrong: &mut Diagnostics) -> Vec<NamespacePattern> {
    elements(list, "system_namespaces", |text| NamespacePattern::try_from(text.to_owned()), wrong)
}

fn applier_namespaces(list: &Value, wrong: &mut Diagnostics) -> Vec<Namespace> {
    elements(list, "applier_namespaces", |text| Namespace::new(text), wrong)
}

/// The elements of a list that are known.
fn elements<T, E: std::error::Error + 'static>(
    list: &Value,
    name: &str,
    parse: impl Fn(&str) -> Result<T, E>,
    wrong: &mut Diagnostics,
) -> Vec<T> {
    let Value::List(list) = list else { return Vec::new() };
    let mut parsed = Vec::new();
    for (index, text) in (0..).zip(list) {
        let Some(text) = text.as_str() else { continue };
        match parse(text) {
            Ok(one) => parsed.push(one),
            Err(error) => wrong
                .push(wrong_at(Path::attribute(name).then(Step::Index(index)), crate::text::chain(&error))),
        }
    }
    parsed
}

fn role_object(attribute: &Attr<String>, wrong: &mut Diagnostics) -> RoleObject {
    match attribute.known().map(String::as_str) {
        None | Some("ClusterRole") => RoleObject::ClusterRole,
        Some("Role") => RoleObject::Role,
        Some(other) => {
            let detail =
                format!("`{other}` is not the kind of a role object: write `ClusterRole` or `Role`.");
            wrong.push(wrong_at(Path::attribute("role_object"), detail));
            RoleObject::ClusterRole
        }
    }
}

fn prefix(attribute: &Attr<String>, wrong: &mut Diagnostics) -> NamePrefix {
    let Some(text) = attribute.known() else { return NamePrefix::default() };
    NamePrefix::new(text.as_str()).unwrap_or_else(|error| {
        wrong.push(wrong_at(Path::attribute("name_prefix"), crate::text::chain(&error)));
        NamePrefix::default()
    })
}

fn concurrent(attribute: &Attr<i64>, wrong: &mut Diagnostics) -> usize {
    let number = attribute.known().copied().unwrap_or(10);
    match usize::try_from(number) {
        Ok(number) if (1..=1000).contains(&number) => number,
        _ => {
            let detail =
                format!("{number} requests at one time are not possible: write a number from 1 to 1000.");
            wrong.push(wrong_at(Path::attribute("max_concurrent_requests"), detail));
            10
        }
    }
}

fn request_timeout(attribute: &Attr<String>, wrong: &mut Diagnostics) -> Duration {
    let lifetime: Option<Lifetime> = parsed(attribute, "request_timeout", wrong);
    lifetime.and_then(|lifetime| lifetime.duration().try_into().ok()).unwrap_or(Duration::from_secs(30))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(name: &str, namespaces: &[&str]) -> Result<Settings, Diagnostics> {
        let list = Value::List(namespaces.iter().map(|namespace| Value::string(*namespace)).collect());
        Settings::read(&Block::from_value(Value::object([(name, list)])).unwrap())
    }

    #[test]
    fn the_namespaces_of_the_applier_are_the_systems_and_the_appliers_power() {
        let argocd = Namespace::new("argocd").unwrap();
        let plan = settings("applier_namespaces", &["argocd"]).unwrap().plan;
        assert!(plan.system.contains(&argocd));
        assert_eq!(plan.site.applier_namespaces, std::slice::from_ref(&argocd));
        let none = settings("system_namespaces", &[]).unwrap().plan;
        assert!(!none.system.contains(&argocd) && none.site.applier_namespaces.is_empty());
        let wrong = settings("applier_namespaces", &["argocd", "Argo"]).unwrap_err();
        let paths: Vec<String> =
            wrong.iter().filter_map(|one| one.path.as_ref().map(ToString::to_string)).collect();
        assert_eq!(paths, ["applier_namespaces[1]"]);
    }
}
