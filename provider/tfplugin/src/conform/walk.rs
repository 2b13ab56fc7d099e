//! Walking a prior value, a configuration and a plan side by side.

use crate::schema::Nesting;
use crate::value::{Step, Value, index};

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
            let parts = (0..config.len()).map(|number| {
                let part = sides.each(|value| match value {
                    Value::List(items) => items.get(number),
                    _ => None,
                });
                (Some(index(number)), part)
            });
            Some(parts.collect())
        }
        (Nesting::Map, Value::Map(config), Value::Map(planned)) if config.keys().eq(planned.keys()) => {
            let parts = config.keys().map(|key| {
                let part = sides.each(|value| match value {
                    Value::Map(entries) => entries.get(key),
                    _ => None,
                });
                (Some(Step::Key(key.clone())), part)
            });
            Some(parts.collect())
        }
        // Elements of sets have no names; a plan that changes one is found by comparing the whole.
        (Nesting::Set, Value::Set(config), Value::Set(planned)) if config.len() == planned.len() => {
            Some(Vec::new())
        }
        _ => None,
    }
}
