//! Reading attributes that configurations and states have in common: each part known, absent or not known yet; what is
//! known is checked.
//!
//! Not here: what only a configuration has ([`super::config`]) or only a state ([`super::record`]).

use std::collections::{BTreeMap, BTreeSet};

use p0_grant::locator::Locator;
use p0_grant::role::RoleRef;
use p0_grant::subject::Subject;
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::value::{Attr, FromValue, Path, Step, Value};

use crate::plain::unfit;
use crate::text::chain;

pub(super) mod eks;
pub(super) mod metadata;
pub(super) mod parts;

use parts::{ResourceParts, RoleParts, SubjectParts};

/// The attribute `name`, whatever its type.
pub(super) fn part<T: FromValue>(config: &Value, name: &str, wrong: &mut Diagnostics) -> Attr<T> {
    let value = config.attribute(name).cloned().unwrap_or(Value::Null);
    Attr::from_value(value).unwrap_or_else(|mismatch| {
        wrong.extend(unfit(mismatch.under(Step::Attribute(name.to_owned()))));
        Attr::Unknown
    })
}

/// The path of an attribute within another one.
pub(super) fn at(outer: &str, inner: &str) -> Path {
    Path::attribute(outer).then(Step::Attribute(inner.to_owned()))
}

/// Adds an error about `path`.
pub(super) fn refuse(wrong: &mut Diagnostics, path: Path, summary: &str, detail: impl Into<String>) {
    wrong.push(Diagnostic::error(summary, detail).at(path));
}

/// Which role.
pub(super) fn role(config: &Value, wrong: &mut Diagnostics) -> Attr<RoleRef> {
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

/// What is selected: `locator`, or `resource` as the locator that means the same.
pub(super) fn locator(config: &Value, wrong: &mut Diagnostics) -> Attr<Locator> {
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
pub(super) fn subresources(config: &Value) -> Attr<BTreeSet<String>> {
    match config.attribute("subresources") {
        None | Some(Value::Null) => Attr::Known(BTreeSet::new()),
        Some(value) => BTreeSet::from_value(value.clone()).map_or(Attr::Unknown, Attr::Known),
    }
}

/// Who gets access.
pub(super) fn subject(config: &Value, wrong: &mut Diagnostics) -> Attr<Subject> {
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

/// The texts of a map that is wholly known; nothing where it is absent.
pub(super) fn texts(config: &Value, name: &str) -> BTreeMap<String, String> {
    let value = config.attribute(name).cloned().unwrap_or(Value::Null);
    BTreeMap::from_value(value).unwrap_or_default()
}
