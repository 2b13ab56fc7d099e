//! Walking values along their schema: one alone, or a prior value, a configuration and a plan side by side.

use std::collections::BTreeMap;

use crate::schema::{Attribute, AttributeKind, Block, BlockNesting, Nesting, Schema};
use crate::value::{Path, Step, Value, index};

/// What an object consists of.
#[derive(Clone, Copy)]
pub(super) struct Part<'s> {
    pub(super) attributes: &'s BTreeMap<String, Attribute>,
    pub(super) blocks: &'s BTreeMap<String, Block>,
}

static NO_BLOCKS: BTreeMap<String, Block> = BTreeMap::new();

impl<'s> Part<'s> {
    pub(super) fn of(schema: &'s Schema) -> Self {
        Self { attributes: &schema.attributes, blocks: &schema.blocks }
    }

    /// An object of a nested attribute.
    pub(super) fn nested(attributes: &'s BTreeMap<String, Attribute>) -> Self {
        Self { attributes, blocks: &NO_BLOCKS }
    }
}

pub(super) fn block_nesting(nesting: BlockNesting) -> Nesting {
    match nesting {
        BlockNesting::Single | BlockNesting::Group => Nesting::Single,
        BlockNesting::List(..) => Nesting::List,
        BlockNesting::Set(..) => Nesting::Set,
        BlockNesting::Map => Nesting::Map,
    }
}

/// Shows each attribute at any depth. The path of what stands in a set ends at the set.
pub(super) fn visit(
    part: Part<'_>,
    value: &Value,
    at: &Path,
    show: &mut dyn FnMut(&Path, &Attribute, &Value),
) {
    let Value::Object(values) = value else { return };
    for (name, value) in values {
        let path = at.clone().then(Step::Attribute(name.clone()));
        if let Some(attribute) = part.attributes.get(name) {
            show(&path, attribute, value);
            if let AttributeKind::Nested(_, attributes) = &attribute.kind {
                visit_each(Part::nested(attributes), value, &path, show);
            }
        } else if let Some(block) = part.blocks.get(name) {
            visit_each(Part::of(&block.content), value, &path, show);
        }
    }
}

fn visit_each(part: Part<'_>, value: &Value, at: &Path, show: &mut dyn FnMut(&Path, &Attribute, &Value)) {
    match value {
        Value::List(items) => {
            for (number, item) in items.iter().enumerate() {
                visit(part, item, &at.clone().then(index(number)), show);
            }
        }
        Value::Set(items) => {
            for item in items {
                visit(part, item, at, &mut |_, attribute, value| show(at, attribute, value));
            }
        }
        Value::Map(entries) => {
            for (key, item) in entries {
                visit(part, item, &at.clone().then(Step::Key(key.clone())), show);
            }
        }
        object => visit(part, object, at, show),
    }
}

/// Changes each attribute at any depth.
pub(super) fn change(part: Part<'_>, value: Value, to: &impl Fn(&Attribute, Value) -> Value) -> Value {
    let Value::Object(values) = value else { return value };
    let changed = values.into_iter().map(|(name, value)| {
        let value = match (part.attributes.get(&name), part.blocks.get(&name)) {
            (Some(attribute), _) => match (&attribute.kind, to(attribute, value)) {
                (AttributeKind::Nested(_, attributes), value) => {
                    change_each(Part::nested(attributes), value, to)
                }
                (AttributeKind::Value(_), value) => value,
            },
            (None, Some(block)) => change_each(Part::of(&block.content), value, to),
            (None, None) => value,
        };
        (name, value)
    });
    Value::Object(changed.collect())
}

fn change_each(part: Part<'_>, value: Value, to: &impl Fn(&Attribute, Value) -> Value) -> Value {
    match value {
        Value::List(items) => Value::List(items.into_iter().map(|item| change(part, item, to)).collect()),
        Value::Set(items) => Value::Set(items.into_iter().map(|item| change(part, item, to)).collect()),
        Value::Map(entries) => {
            Value::Map(entries.into_iter().map(|(key, item)| (key, change(part, item, to))).collect())
        }
        object => change(part, object, to),
    }
}

/// The same part of all three.
#[derive(Clone, Copy)]
pub(super) struct Sides<'v> {
    pub(super) prior: &'v Value,
    pub(super) config: &'v Value,
    pub(super) planned: &'v Value,
}

impl<'v> Sides<'v> {
    /// The attribute `name` of each.
    pub(super) fn attribute(self, name: &str) -> Self {
        self.each(|value| value.attribute(name))
    }

    fn each(self, part: impl Fn(&'v Value) -> Option<&'v Value>) -> Self {
        let part = |value| part(value).unwrap_or(&Value::Null);
        Self { prior: part(self.prior), config: part(self.config), planned: part(self.planned) }
    }
}

/// The objects of a nested attribute; `None` where configuration and plan have other numbers of them.
pub(super) fn elements(nesting: Nesting, sides: Sides<'_>) -> Option<Vec<(Option<Step>, Sides<'_>)>> {
    match (nesting, sides.config, sides.planned) {
        (Nesting::Single, ..) => Some(vec![(None, sides)]),
        (Nesting::List, Value::List(config), Value::List(planned)) if config.len() == planned.len() => {
            let part = |number| {
                sides.each(|value| match value {
                    Value::List(items) => items.get(number),
                    _ => None,
                })
            };
            Some((0..config.len()).map(|number| (Some(index(number)), part(number))).collect())
        }
        (Nesting::Map, Value::Map(config), Value::Map(planned)) if config.keys().eq(planned.keys()) => {
            let part = |key| {
                sides.each(|value| match value {
                    Value::Map(entries) => entries.get(key),
                    _ => None,
                })
            };
            Some(config.keys().map(|key| (Some(Step::Key(key.clone())), part(key))).collect())
        }
        // Elements of sets have no names; which one became which cannot be told.
        (Nesting::Set, Value::Set(config), Value::Set(planned)) if config.len() == planned.len() => {
            Some(Vec::new())
        }
        _ => None,
    }
}
