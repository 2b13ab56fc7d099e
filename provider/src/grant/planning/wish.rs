//! What a configuration wishes, part by part known, absent or not known yet; what is known is checked.
//!
//! Not here: whether there is such a role or kind (`resolve`), and what follows for a grant that exists (`deciding`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use p0_grant::digest::SubsetDigest;
use p0_grant::lifetime::Lifetime;
use p0_grant::locator::Locator;
use p0_grant::role::RoleRef;
use p0_grant::subject::Subject;
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::value::{Attr, FromValue, Path, Step, Value};

use crate::provider::unfit;
use crate::text::chain;

mod own;
mod parts;

pub(crate) use parts::Until;
use parts::{ResourceParts, RoleParts, SubjectParts, TimeoutParts};

/// A configuration, read.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) role: Attr<RoleRef>,
    pub(crate) pick: Attr<Locator>,
    pub(crate) subresources: Attr<BTreeSet<String>>,
    pub(crate) subject: Attr<Subject>,
    pub(crate) reason: Attr<String>,
    pub(crate) until: Until,
    pub(crate) subset: Attr<SubsetDigest>,
    pub(crate) timeouts: Timeouts,
}

/// How long each operation may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timeouts {
    pub(crate) create: Duration,
    pub(crate) read: Duration,
    pub(crate) update: Duration,
    pub(crate) delete: Duration,
}

impl Wish {
    /// Reads a configuration, or the inputs of a state.
    pub(crate) fn read(config: &Value) -> Result<Self, Diagnostics> {
        let mut wrong = Diagnostics::new();
        let wish = Self {
            role: role(config, &mut wrong),
            pick: pick(config, &mut wrong),
            subresources: subresources(config),
            subject: subject(config, &mut wrong),
            reason: own::reason(config, &mut wrong),
            until: until(config, &mut wrong),
            subset: subset(config, &mut wrong),
            timeouts: timeouts(config, &mut wrong),
        };
        own::check(config, "annotations", &mut wrong);
        own::check(config, "labels", &mut wrong);
        if wrong.has_errors() { Err(wrong) } else { Ok(wish) }
    }
}

pub(in crate::grant) fn part<T: FromValue>(config: &Value, name: &str, wrong: &mut Diagnostics) -> Attr<T> {
    let value = config.attribute(name).cloned().unwrap_or(Value::Null);
    Attr::from_value(value).unwrap_or_else(|mismatch| {
        wrong.extend(unfit(mismatch.under(Step::Attribute(name.to_owned()))));
        Attr::Unknown
    })
}

pub(in crate::grant) fn at(outer: &str, inner: &str) -> Path {
    Path::attribute(outer).then(Step::Attribute(inner.to_owned()))
}

pub(in crate::grant) fn refuse(
    wrong: &mut Diagnostics,
    path: Path,
    summary: &str,
    detail: impl Into<String>,
) {
    wrong.push(Diagnostic::error(summary, detail).at(path));
}

/// Which role.
pub(crate) fn role(config: &Value, wrong: &mut Diagnostics) -> Attr<RoleRef> {
    let Attr::Known(RoleParts { name, kind, namespace }) = part(config, "role", wrong) else {
        return Attr::Unknown;
    };
    let (Attr::Known(name), false, false) = (name, kind.is_unknown(), namespace.is_unknown()) else {
        return Attr::Unknown;
    };
    const SUMMARY: &str = "Not a role";
    let read = match (kind.known().map_or("ClusterRole", String::as_str), namespace.into_known()) {
        ("ClusterRole", None) => RoleRef::cluster_role(name),
        ("Role", Some(namespace)) => RoleRef::role(namespace, name),
        ("ClusterRole", Some(_)) => {
            let detail = "A ClusterRole lives in no namespace. For a Role, set `kind = \"Role\"`; else leave `namespace` out.";
            refuse(wrong, at("role", "namespace"), SUMMARY, detail);
            return Attr::Unknown;
        }
        ("Role", None) => {
            refuse(wrong, at("role", "namespace"), SUMMARY, "A Role lives in a namespace: name it.");
            return Attr::Unknown;
        }
        (other, _) => {
            let detail = format!("`{other}` is not the kind of a role: write `ClusterRole` or `Role`.");
            refuse(wrong, at("role", "kind"), SUMMARY, detail);
            return Attr::Unknown;
        }
    };
    match read {
        Ok(role) => Attr::Known(role),
        Err(error) => {
            refuse(wrong, at("role", "name"), SUMMARY, chain(&error));
            Attr::Unknown
        }
    }
}

/// What is picked: `locator` or `resource`.
pub(crate) fn pick(config: &Value, wrong: &mut Diagnostics) -> Attr<Locator> {
    const SUMMARY: &str = "Not a selection";
    let locator: Attr<String> = part(config, "locator", wrong);
    let resource: Attr<ResourceParts> = part(config, "resource", wrong);
    let (text, attribute) = match (locator, resource) {
        (Attr::Null, Attr::Null) => {
            let detail = "Nothing says what the rules are cut to: set `locator` or `resource`.";
            refuse(wrong, Path::attribute("locator"), SUMMARY, detail);
            return Attr::Unknown;
        }
        (Attr::Known(text), Attr::Null) => (text, "locator"),
        (Attr::Null, Attr::Known(parts)) => match parts.locator() {
            Some(text) => (text, "resource"),
            None => return Attr::Unknown,
        },
        (Attr::Unknown, _) | (_, Attr::Unknown) => return Attr::Unknown,
        _ => {
            let detail = "`locator` and `resource` both say what the rules are cut to: leave one out.";
            refuse(wrong, Path::attribute("resource"), SUMMARY, detail);
            return Attr::Unknown;
        }
    };
    match text.parse() {
        Ok(locator) => Attr::Known(locator),
        Err(error) => {
            let error: p0_grant::locator::LocatorError = error;
            refuse(wrong, Path::attribute(attribute), SUMMARY, chain(&error));
            Attr::Unknown
        }
    }
}

/// Subresources besides the resource itself.
pub(crate) fn subresources(config: &Value) -> Attr<BTreeSet<String>> {
    match config.attribute("subresources") {
        None | Some(Value::Null) => Attr::Known(BTreeSet::new()),
        Some(value) => BTreeSet::from_value(value.clone()).map_or(Attr::Unknown, Attr::Known),
    }
}

fn subject(config: &Value, wrong: &mut Diagnostics) -> Attr<Subject> {
    let Attr::Known(SubjectParts { kind, name, namespace }) = part(config, "subject", wrong) else {
        return Attr::Unknown;
    };
    let (Attr::Known(kind), Attr::Known(name), false) = (kind, name, namespace.is_unknown()) else {
        return Attr::Unknown;
    };
    const SUMMARY: &str = "Not a subject";
    let read = match (kind.as_str(), namespace.into_known()) {
        ("User", None) => Subject::user(name),
        ("Group", None) => Subject::group(name),
        ("ServiceAccount", Some(namespace)) => match namespace.parse() {
            Ok(namespace) => Subject::service_account(namespace, name),
            Err(error) => {
                let error: p0_grant::name::NameError = error;
                refuse(wrong, at("subject", "namespace"), SUMMARY, chain(&error));
                return Attr::Unknown;
            }
        },
        ("ServiceAccount", None) => {
            refuse(
                wrong,
                at("subject", "namespace"),
                SUMMARY,
                "A ServiceAccount lives in a namespace: name it.",
            );
            return Attr::Unknown;
        }
        ("User" | "Group", Some(_)) => {
            let detail = "Users and groups live in no namespace: leave it out.";
            refuse(wrong, at("subject", "namespace"), SUMMARY, detail);
            return Attr::Unknown;
        }
        (other, _) => {
            let detail =
                format!("`{other}` is not the kind of a subject: write `User`, `Group` or `ServiceAccount`.");
            refuse(wrong, at("subject", "kind"), SUMMARY, detail);
            return Attr::Unknown;
        }
    };
    read.map_or_else(
        |error| {
            refuse(wrong, at("subject", "name"), SUMMARY, chain(&error));
            Attr::Unknown
        },
        Attr::Known,
    )
}

fn until(config: &Value, wrong: &mut Diagnostics) -> Until {
    const SUMMARY: &str = "Not an end";
    let expires_at: Attr<String> = part(config, "expires_at", wrong);
    let duration: Attr<String> = part(config, "duration", wrong);
    match (expires_at, duration) {
        (Attr::Null, Attr::Null) => {
            refuse(
                wrong,
                Path::attribute("duration"),
                SUMMARY,
                "Every grant ends: set `duration` or `expires_at`.",
            );
            Until::Time(Attr::Unknown)
        }
        (Attr::Known(_), Attr::Known(_)) => {
            let detail = "`expires_at` and `duration` both say when it ends: leave one out.";
            refuse(wrong, Path::attribute("duration"), SUMMARY, detail);
            Until::Time(Attr::Unknown)
        }
        (Attr::Null, duration) => {
            Until::Lasting(match duration.known().map(|text| text.parse::<Lifetime>()) {
                None => Attr::Unknown,
                Some(Ok(lifetime)) => Attr::Known(lifetime),
                Some(Err(error)) => {
                    refuse(wrong, Path::attribute("duration"), SUMMARY, chain(&error));
                    Attr::Unknown
                }
            })
        }
        (expires_at, _) => Until::Time(match expires_at.known().map(|text| parts::time(text)) {
            None => Attr::Unknown,
            Some(Ok(time)) => Attr::Known(time),
            Some(Err(detail)) => {
                refuse(wrong, Path::attribute("expires_at"), SUMMARY, detail);
                Attr::Unknown
            }
        }),
    }
}

fn subset(config: &Value, wrong: &mut Diagnostics) -> Attr<SubsetDigest> {
    match part::<String>(config, "subset_sha256", wrong) {
        Attr::Null => Attr::Null,
        Attr::Unknown => Attr::Unknown,
        Attr::Known(text) => SubsetDigest::try_from(text).map_or_else(
            |error| {
                refuse(wrong, Path::attribute("subset_sha256"), "Not a digest", chain(&error));
                Attr::Unknown
            },
            Attr::Known,
        ),
    }
}

fn timeouts(config: &Value, wrong: &mut Diagnostics) -> Timeouts {
    let parts: Attr<TimeoutParts> = part(config, "timeouts", wrong);
    let none =
        || TimeoutParts { create: Attr::Null, read: Attr::Null, update: Attr::Null, delete: Attr::Null };
    let TimeoutParts { create, read, update, delete } = parts.into_known().unwrap_or_else(none);
    let mut one = |text: &Attr<String>, name: &str| {
        let minute = Duration::from_secs(60);
        let Some(text) = text.known() else { return minute };
        match text.parse::<Lifetime>() {
            Ok(lifetime) => lifetime.duration().try_into().unwrap_or(minute),
            Err(error) => {
                refuse(wrong, at("timeouts", name), "Not a timeout", chain(&error));
                minute
            }
        }
    };
    Timeouts {
        create: one(&create, "create"),
        read: one(&read, "read"),
        update: one(&update, "update"),
        delete: one(&delete, "delete"),
    }
}

/// The texts of a map that is wholly known; nothing where it is absent.
pub(in crate::grant) fn texts(config: &Value, name: &str) -> BTreeMap<String, String> {
    let value = config.attribute(name).cloned().unwrap_or(Value::Null);
    BTreeMap::from_value(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;
