//! What Terraform keeps: all known, and nothing that is write-only.

use crate::schema::{Attribute, AttributeKind, Schema};
use crate::value::{Path, Value};

use super::walk::{Part, change, visit};
use super::{Rule, Violation};

/// What Terraform would refuse of an object that it is to keep.
pub fn stored(schema: &Schema, value: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    visit(Part::of(schema), value, &Path::root(), &mut |path, attribute, value| {
        let known = match attribute.kind {
            AttributeKind::Value(_) => value.is_wholly_known(),
            AttributeKind::Nested(..) => !value.is_unknown(),
        };
        let rule = match () {
            () if attribute.write_only && !value.is_null() => Rule::WriteOnly,
            () if !known => Rule::Known,
            () => return,
        };
        found.push(Violation { path: path.clone(), rule });
    });
    found
}

/// Where `value` says something that is write-only.
pub(crate) fn write_only_paths(schema: &Schema, value: &Value) -> Vec<Path> {
    let mut found = Vec::new();
    visit(Part::of(schema), value, &Path::root(), &mut |path, attribute, value| {
        if attribute.write_only && !value.is_null() {
            found.push(path.clone());
        }
    });
    found
}

/// `value` without what is write-only: what Terraform proposes holds it, and a plan must not.
pub(crate) fn without_write_only(schema: &Schema, value: Value) -> Value {
    // Most schemas have nothing of the kind, and this is asked for with each answer.
    if !has_write_only(Part::of(schema)) {
        return value;
    }
    change(Part::of(schema), value, &|attribute, value| {
        if attribute.write_only { Value::Null } else { value }
    })
}

fn has_write_only(part: Part<'_>) -> bool {
    let is_one = |attribute: &Attribute| match &attribute.kind {
        _ if attribute.write_only => true,
        AttributeKind::Nested(_, attributes) => has_write_only(Part::nested(attributes)),
        AttributeKind::Value(_) => false,
    };
    part.attributes.values().any(is_one)
        || part.blocks.values().any(|block| has_write_only(Part::of(&block.content)))
}

/// `value` with null for what is unknown: what can be kept of a plan that ended in the middle.
pub(crate) fn with_nulls(value: Value) -> Value {
    value.map_leaves(&mut |leaf| if leaf.is_unknown() { Value::Null } else { leaf })
}
