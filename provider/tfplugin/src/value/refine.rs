//! Refinements: what is known of a value that is not known.
//!
//! Source: <https://github.com/zclconf/go-cty/blob/main/docs/refinements.md>.

use super::{Number, Value};

/// What is known of an unknown value. Terraform may rely on each of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refinements {
    /// It will not be null.
    pub not_null: bool,
    /// A text that begins so.
    pub prefix: Option<String>,
    /// A number that is at least this; with `true` it may be this.
    pub at_least: Option<(Number, bool)>,
    /// A number that is at most this; with `true` it may be this.
    pub at_most: Option<(Number, bool)>,
    /// A collection with at least so many elements.
    pub min_length: Option<u64>,
    /// A collection with at most so many elements.
    pub max_length: Option<u64>,
}

impl Refinements {
    /// Nothing is known.
    pub const NONE: Self = Self {
        not_null: false,
        prefix: None,
        at_least: None,
        at_most: None,
        min_length: None,
        max_length: None,
    };

    /// It will not be null.
    pub const NOT_NULL: Self = Self { not_null: true, ..Self::NONE };

    /// Whether `value` may take the place of the unknown.
    pub fn allow(&self, value: &Value) -> bool {
        match value.undressed() {
            Value::Null => !self.not_null,
            Value::String(text) => self.prefix.as_ref().is_none_or(|prefix| text.starts_with(prefix)),
            Value::Number(number) => self.allow_number(number),
            Value::List(items) => self.allow_length(items.len()),
            Value::Set(items) => self.allow_length(items.len()),
            Value::Map(entries) => self.allow_length(entries.len()),
            _ => true,
        }
    }

    fn allow_number(&self, number: &Number) -> bool {
        let above = |(bound, inclusive): &(Number, bool)| number > bound || *inclusive && number == bound;
        let below = |(bound, inclusive): &(Number, bool)| number < bound || *inclusive && number == bound;
        self.at_least.as_ref().is_none_or(above) && self.at_most.as_ref().is_none_or(below)
    }

    fn allow_length(&self, length: usize) -> bool {
        let length = length as u64;
        self.min_length.is_none_or(|min| length >= min) && self.max_length.is_none_or(|max| length <= max)
    }
}
