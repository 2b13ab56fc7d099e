//! Plans: what was configured, what was there and what will be, side by side.

use crate::schema::{Attribute, AttributeKind, Block, Schema};
use crate::value::{Path, Step, Value, index};

use super::walk::{Part, Sides, block_nesting, elements};
use super::{Rule, Violation};

/// What Terraform would refuse of a plan.
pub fn planned(schema: &Schema, prior: Option<&Value>, config: &Value, planned: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    let sides = Sides { prior: prior.unwrap_or(&Value::Null), config, planned };
    object(Part::of(schema), sides, &Path::root(), &mut found);
    found
}

fn object(part: Part<'_>, sides: Sides<'_>, at: &Path, found: &mut Vec<Violation>) {
    for (name, attribute) in part.attributes {
        let path = at.clone().then(Step::Attribute(name.clone()));
        let rule = one(attribute, sides.attribute(name), &path, found);
        found.extend(rule.map(|rule| Violation { path, rule }));
    }
    for (name, nested) in part.blocks {
        let path = at.clone().then(Step::Attribute(name.clone()));
        let rule = block(nested, sides.attribute(name), &path, found);
        found.extend(rule.map(|rule| Violation { path, rule }));
    }
}

fn one(attribute: &Attribute, sides: Sides<'_>, at: &Path, found: &mut Vec<Violation>) -> Option<Rule> {
    let Sides { prior, config, planned } = sides;
    if attribute.write_only {
        return (!planned.is_null()).then_some(Rule::WriteOnly);
    }
    match config {
        _ if same(planned, config) => None,
        // An unknown plan stands for the configured value nowhere; a kept one does.
        Value::Null if attribute.is_computed() => None,
        Value::Null => Some(Rule::NotComputed),
        _ if planned == prior && !prior.is_null() => None,
        _ => match &attribute.kind {
            AttributeKind::Nested(nesting, attributes) if !planned.is_null() && !planned.is_unknown() => {
                let Some(parts) = elements(*nesting, sides) else { return Some(Rule::Configured) };
                for (step, part) in parts {
                    let path = step.map_or_else(|| at.clone(), |step| at.clone().then(step));
                    object(Part::nested(attributes), part, &path, found);
                }
                None
            }
            _ => Some(Rule::Configured),
        },
    }
}

fn block(block: &Block, sides: Sides<'_>, at: &Path, found: &mut Vec<Violation>) -> Option<Rule> {
    let Sides { config, planned, .. } = sides;
    // How many there will be is not known yet.
    if config.is_unknown() || planned.is_null() && config.is_null() {
        return None;
    }
    if planned.is_null() || planned.is_unknown() || config.is_null() {
        return Some(Rule::Blocks);
    }
    let Some(parts) = elements(block_nesting(block.nesting), sides) else { return Some(Rule::Blocks) };
    for (step, part) in parts {
        let path = step.map_or_else(|| at.clone(), |step| at.clone().then(step));
        object(Part::of(&block.content), part, &path, found);
    }
    None
}

/// Equal, whatever is said of what is unknown: Terraform takes a bare unknown for a refined one.
fn same(one: &Value, other: &Value) -> bool {
    one == other || bare(one) == bare(other)
}

fn bare(value: &Value) -> Value {
    value.clone().map_leaves(&mut |leaf| if leaf.is_unknown() { Value::UNKNOWN } else { leaf })
}

/// What Terraform would refuse of a plan that is made again when it is applied, with all of the configuration known.
pub fn planned_again(first: &Value, again: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    compare(first, again, &Path::root(), &mut found);
    found
}

fn compare(first: &Value, again: &Value, at: &Path, found: &mut Vec<Violation>) {
    match (first, again) {
        (Value::Unknown(_), _) => {}
        (Value::Object(first), Value::Object(again)) if first.keys().eq(again.keys()) => {
            for ((name, first), again) in first.iter().zip(again.values()) {
                compare(first, again, &at.clone().then(Step::Attribute(name.clone())), found);
            }
        }
        (Value::Map(first), Value::Map(again)) if first.keys().eq(again.keys()) => {
            for ((key, first), again) in first.iter().zip(again.values()) {
                compare(first, again, &at.clone().then(Step::Key(key.clone())), found);
            }
        }
        (Value::List(first), Value::List(again)) if first.len() == again.len() => {
            for (number, (first, again)) in first.iter().zip(again).enumerate() {
                compare(first, again, &at.clone().then(index(number)), found);
            }
        }
        (Value::Set(first), Value::Set(again)) if first.iter().any(|one| !one.is_wholly_known()) => {
            let mut known = first.iter().filter(|one| one.is_wholly_known());
            if again.len() > first.len() || known.any(|one| !again.contains(one)) {
                found.push(Violation { path: at.clone(), rule: Rule::Again });
            }
        }
        (first, again) if first == again => {}
        _ => found.push(Violation { path: at.clone(), rule: Rule::Again }),
    }
}

/// What Terraform would refuse of the reasons to replace a thing.
pub fn replaced(prior: Option<&Value>, planned: &Value, paths: &[Path]) -> Vec<Violation> {
    let exists =
        |path: &Path| planned.at(path).is_some() || prior.is_some_and(|prior| prior.at(path).is_some());
    let stray = paths.iter().filter(|path| !exists(path));
    stray.map(|path| Violation { path: path.clone(), rule: Rule::Replaced }).collect()
}
