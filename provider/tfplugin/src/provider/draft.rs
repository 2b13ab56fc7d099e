//! Drafts: plans that keep Terraform's rules from their first line on.
//!
//! A draft begins as Terraform's own merge of configuration and prior state, in which what the provider sets is unknown
//! when the thing is created. Not here: what of it only the provider can know.

use std::collections::BTreeMap;

use crate::schema::Schema;
use crate::value::{IntoValue, Path, Value};

use super::{Change, Planned};

/// A plan in the making. All names are of attributes at the top of the schema.
///
/// ```
/// use tfplugin::provider::{Change, Draft};
/// use tfplugin::schema::{Attribute, Schema};
/// use tfplugin::value::{Type, Value};
///
/// let schema = Schema::new("A pet.")
///     .with("color", Attribute::optional_computed(Type::String))
///     .with("id", Attribute::computed(Type::String));
/// let nothing = Value::object([("color", Value::Null), ("id", Value::Null)]);
/// let change = Change { prior: None, config: nothing.clone(), proposed: nothing, planned_private: None };
/// let planned = Draft::new(&schema, &change).default("color", "brown").planned();
/// assert_eq!(planned.state, Value::object([("color", Value::string("brown")), ("id", Value::UNKNOWN)]));
/// ```
#[derive(Clone, Debug)]
pub struct Draft<'c> {
    change: &'c Change,
    state: BTreeMap<String, Value>,
    replace: Vec<Path>,
}

impl<'c> Draft<'c> {
    /// A draft of `change`.
    pub fn new(schema: &Schema, change: &'c Change) -> Self {
        let mut state = match &change.proposed {
            Value::Object(attributes) => attributes.clone(),
            _ => BTreeMap::new(),
        };
        for (name, attribute) in &schema.attributes {
            if change.prior.is_none() && attribute.is_computed() && is_unset(change, name) {
                state.insert(name.clone(), Value::UNKNOWN);
            }
        }
        Self { change, state, replace: Vec::new() }
    }

    /// The attribute as it is planned so far.
    pub fn get(&self, name: &str) -> &Value {
        self.state.get(name).unwrap_or(&Value::Null)
    }

    /// Plans `value` where the configuration says nothing. It has to be the same whenever it is asked for: no times, no
    /// random numbers.
    #[must_use]
    pub fn default(mut self, name: &str, value: impl IntoValue) -> Self {
        if is_unset(self.change, name) {
            self.state.insert(name.to_owned(), value.into_value());
        }
        self
    }

    /// Keeps what was there where the configuration only spells it otherwise.
    #[must_use]
    pub fn keep(mut self, name: &str, same: impl FnOnce(&Value, &Value) -> bool) -> Self {
        if let (Some(prior), Some(config)) = (self.prior(name), self.change.config.attribute(name))
            && prior.is_wholly_known()
            && config.is_wholly_known()
            && same(prior, config)
        {
            self.state.insert(name.to_owned(), prior.clone());
        }
        self
    }

    /// Plans as unknown what the provider sets anew with each change.
    #[must_use]
    pub fn set_anew(mut self, names: &[&str]) -> Self {
        if self.changes() {
            for name in names.iter().filter(|name| is_unset(self.change, name)) {
                self.state.insert((*name).to_owned(), Value::UNKNOWN);
            }
        }
        self
    }

    /// Has the thing deleted and made anew where one of these changes.
    #[must_use]
    pub fn replaces(mut self, names: &[&str]) -> Self {
        let changed =
            names.iter().filter(|name| self.prior(name).is_some_and(|prior| prior != self.get(name)));
        self.replace.extend(changed.map(|name| Path::attribute(*name)).collect::<Vec<_>>());
        self
    }

    /// Whether anything is planned that is not there.
    pub fn changes(&self) -> bool {
        self.state.iter().any(|(name, planned)| self.prior(name) != Some(planned))
    }

    /// The plan, with the private data and the identity that were there. A thing that is created has an unknown one.
    pub fn planned(self) -> Planned {
        let (private, identity) = match &self.change.prior {
            Some(prior) => (prior.private.clone(), prior.identity.clone()),
            None => (Vec::new(), None),
        };
        Planned { state: Value::Object(self.state), private, identity, replace: self.replace }
    }

    fn prior(&self, name: &str) -> Option<&Value> {
        self.change.prior.as_ref().and_then(|prior| prior.state.attribute(name))
    }
}

fn is_unset(change: &Change, name: &str) -> bool {
    change.config.attribute(name).is_none_or(Value::is_null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Stored;
    use crate::schema::Attribute;
    use crate::value::Type;

    fn schema() -> Schema {
        Schema::new("")
            .with("name", Attribute::required(Type::String))
            .with("color", Attribute::optional_computed(Type::String))
            .with("id", Attribute::computed(Type::String))
            .with("fed_at", Attribute::computed(Type::String))
    }

    fn pet(name: &str, color: Value, id: Value, fed_at: Value) -> Value {
        Value::object([("name", Value::string(name)), ("color", color), ("id", id), ("fed_at", fed_at)])
    }

    fn text(text: &str) -> Value {
        Value::string(text)
    }

    /// A change from Rex to a pet that is called `name`.
    fn change(name: &str) -> Change {
        let prior = pet("Rex", text("brown"), text("1"), text("noon"));
        Change {
            prior: Some(Stored { state: prior, private: vec![7], identity: None }),
            config: pet(name, Value::Null, Value::Null, Value::Null),
            proposed: pet(name, text("brown"), text("1"), text("noon")),
            planned_private: None,
        }
    }

    #[test]
    fn what_is_created_is_unknown_but_for_its_defaults() {
        let config = pet("Rex", Value::Null, Value::Null, Value::Null);
        let created = Change { prior: None, config: config.clone(), proposed: config, planned_private: None };
        let planned = Draft::new(&schema(), &created).default("color", "brown").planned();
        assert_eq!(planned.state, pet("Rex", text("brown"), Value::UNKNOWN, Value::UNKNOWN));
    }

    #[test]
    fn a_change_keeps_what_was_there_and_marks_what_is_set_anew() {
        let planned =
            Draft::new(&schema(), &change("Bo")).set_anew(&["fed_at"]).replaces(&["color"]).planned();
        assert_eq!(planned.state, pet("Bo", text("brown"), text("1"), Value::UNKNOWN));
        assert_eq!((planned.private, planned.replace), (vec![7], Vec::new()));
        let unchanged = Draft::new(&schema(), &change("Rex")).set_anew(&["fed_at"]).planned();
        assert_eq!(unchanged.state, change("Rex").prior.unwrap().state);
    }

    #[test]
    fn another_spelling_is_no_change_and_another_word_may_replace() {
        let same = |one: &Value, other: &Value| {
            let lower = |value: &Value| value.as_str().map(str::to_lowercase);
            lower(one) == lower(other)
        };
        for (name, kept, replaced) in [("REX", "Rex", false), ("Bo", "Bo", true)] {
            let change = change(name);
            let planned = Draft::new(&schema(), &change).keep("name", same).replaces(&["name"]).planned();
            assert_eq!(planned.state.attribute("name"), Some(&text(kept)));
            assert_eq!(!planned.replace.is_empty(), replaced, "{name}");
        }
    }
}
