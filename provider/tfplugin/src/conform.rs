//! Terraform's rules for what a provider may answer, so that a provider's fault is found in its own tests.
//!
//! Own statement of what the core checks, and a little more: it is silent where the core would find a fault only later.
//! The server checks each answer against it in debug builds.
//!
//! Source: "Valid plans" and "Apply" in
//! <https://github.com/hashicorp/terraform/blob/main/docs/resource-instance-change-lifecycle.md>.

use std::collections::BTreeMap;
use std::fmt;

use crate::schema::{Attribute, AttributeKind, Schema};
use crate::value::{Path, Step, Value, index};

mod walk;

use walk::{Sides, elements};

/// An answer that Terraform would refuse, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which part of the answer.
    pub path: Path,
    /// Which rule.
    pub rule: Rule,
}

/// The rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// What is configured is planned as it is configured, or as it was.
    Configured,
    /// What is not configured and not computed is planned as null.
    NotComputed,
    /// What is written only is never kept.
    WriteOnly,
    /// What was planned as known is what apply gives.
    Planned,
    /// What was planned as unknown becomes what its refinements allow.
    Refined,
    /// Nothing is unknown after apply, read, import and upgrade.
    Known,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = match self.rule {
            Rule::Configured => "is planned neither as configured nor as it was",
            Rule::NotComputed => "is planned although it is neither configured nor computed",
            Rule::WriteOnly => "is kept although it is write-only",
            Rule::Planned => "differs from what was planned",
            Rule::Refined => "is not what was promised of it while it was unknown",
            Rule::Known => "is still unknown",
        };
        write!(f, "`{}` {rule}", self.path)
    }
}

/// What Terraform would refuse of a plan.
pub fn planned(schema: &Schema, prior: Option<&Value>, config: &Value, planned: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    let sides = Sides { prior: prior.unwrap_or(&Value::Null), config, planned };
    object(&schema.attributes, sides, &Path::root(), &mut found);
    found
}

fn object(attributes: &BTreeMap<String, Attribute>, sides: Sides<'_>, at: &Path, found: &mut Vec<Violation>) {
    for (name, attribute) in attributes {
        let path = at.clone().then(Step::Attribute(name.clone()));
        let violation = one(attribute, sides.attribute(name), &path, found);
        found.extend(violation.map(|rule| Violation { path, rule }));
    }
}

fn one(attribute: &Attribute, sides: Sides<'_>, at: &Path, found: &mut Vec<Violation>) -> Option<Rule> {
    let Sides { prior, config, planned } = sides;
    if attribute.write_only {
        return (!planned.is_null()).then_some(Rule::WriteOnly);
    }
    match config {
        _ if planned == config => None,
        // An unknown plan stands for the configured value nowhere; a kept one does.
        Value::Null if attribute.is_computed() => None,
        Value::Null => Some(Rule::NotComputed),
        _ if planned == prior && !prior.is_null() => None,
        _ => match &attribute.kind {
            AttributeKind::Nested(nesting, attributes) if !planned.is_null() && !planned.is_unknown() => {
                let Some(parts) = elements(*nesting, sides) else { return Some(Rule::Configured) };
                for (step, part) in parts {
                    let path = step.map_or_else(|| at.clone(), |step| at.clone().then(step));
                    object(attributes, part, &path, found);
                }
                None
            }
            _ => Some(Rule::Configured),
        },
    }
}

/// What Terraform would refuse of an apply that ended without an error.
pub fn applied(schema: &Schema, planned: &Value, new: &Value) -> Vec<Violation> {
    let mut found = stored(schema, new);
    compare(planned, new, &Path::root(), &mut found);
    found
}

fn compare(planned: &Value, new: &Value, at: &Path, found: &mut Vec<Violation>) {
    let mut refuse = |rule| found.push(Violation { path: at.clone(), rule });
    match (planned, new) {
        (Value::Unknown(refinements), new) if !refinements.allow(new) => refuse(Rule::Refined),
        (Value::Unknown(_), _) => {}
        (Value::Object(planned), Value::Object(new)) | (Value::Map(planned), Value::Map(new))
            if planned.keys().eq(new.keys()) =>
        {
            for ((name, planned), new) in planned.iter().zip(new.values()) {
                compare(planned, new, &at.clone().then(Step::Attribute(name.clone())), found);
            }
        }
        (Value::List(planned), Value::List(new)) if planned.len() == new.len() => {
            for (number, (planned, new)) in planned.iter().zip(new).enumerate() {
                compare(planned, new, &at.clone().then(index(number)), found);
            }
        }
        // Unknown elements may turn out to be equal to others, but there are never more of them.
        (Value::Set(planned), Value::Set(new)) if planned.iter().any(|one| !one.is_wholly_known()) => {
            let known = planned.iter().filter(|one| one.is_wholly_known());
            if new.len() > planned.len() || known.into_iter().any(|one| !new.contains(one)) {
                refuse(Rule::Planned);
            }
        }
        (planned, new) if planned == new => {}
        _ => refuse(Rule::Planned),
    }
}

/// What Terraform would refuse of an object that it is to keep.
pub fn stored(schema: &Schema, value: &Value) -> Vec<Violation> {
    let Value::Object(values) = value else { return Vec::new() };
    let check = |(name, value): (&String, &Value)| {
        let write_only = schema.attributes.get(name).is_some_and(|attribute| attribute.write_only);
        let rule = match () {
            () if write_only && !value.is_null() => Rule::WriteOnly,
            () if !value.is_wholly_known() => Rule::Known,
            () => return None,
        };
        Some(Violation { path: Path::attribute(name), rule })
    };
    values.iter().filter_map(check).collect()
}

/// `value` without what is write-only: what Terraform proposes holds it, and a plan must not.
pub(crate) fn without_write_only(schema: &Schema, mut value: Value) -> Value {
    if let Value::Object(values) = &mut value {
        for (name, attribute) in &schema.attributes {
            if let Some(slot) = values.get_mut(name).filter(|_| attribute.write_only) {
                *slot = Value::Null;
            }
        }
    }
    value
}

/// `value` with null for what is unknown: what can be kept of a plan that ended in the middle.
pub(crate) fn with_nulls(value: Value) -> Value {
    match value {
        Value::Unknown(_) => Value::Null,
        Value::List(items) => Value::List(items.into_iter().map(with_nulls).collect()),
        Value::Set(items) => Value::Set(items.into_iter().map(with_nulls).collect()),
        Value::Map(entries) => {
            Value::Map(entries.into_iter().map(|(key, one)| (key, with_nulls(one))).collect())
        }
        Value::Object(entries) => {
            Value::Object(entries.into_iter().map(|(key, one)| (key, with_nulls(one))).collect())
        }
        Value::Dynamic(of, value) => Value::Dynamic(of, Box::new(with_nulls(*value))),
        known => known,
    }
}

#[cfg(test)]
mod tests;
