//! What only looks: a data source, a list and a function.

use async_trait::async_trait;
use tfplugin::provider::{Call, DataSource, Function, FunctionError, ListResource, Listed, Outcome, Query};
use tfplugin::schema::{Attribute, Parameter, Schema, Signature};
use tfplugin::value::{Attr, Type, Value};

use crate::pet::found;
use crate::{Configured, broken, configured};

/// The names of all pets.
pub(crate) struct Names(pub(crate) Configured);

#[async_trait]
impl DataSource for Names {
    fn schema(&self) -> Schema {
        Schema::new("The names of all pets.")
            .with("species", Attribute::optional(Type::String).about("Of this species alone."))
            .with("names", Attribute::computed(Type::set(Type::String)).about("Their names."))
    }

    async fn read(&self, _call: &mut Call, config: Value) -> Outcome<Value> {
        let shelter = configured(&self.0)?;
        let species = config.attribute("species").cloned().unwrap_or(Value::Null);
        let mut names = std::collections::BTreeSet::new();
        for id in shelter.ids().map_err(|error| broken(&error))? {
            let record = shelter.find(&id).map_err(|error| broken(&error))?;
            let wanted = record.filter(|pet| species.as_str().is_none_or(|wanted| wanted == pet.species));
            names.extend(wanted.map(|pet| Value::string(pet.name)));
        }
        Ok(Value::object([("species", species), ("names", Value::Set(names))]))
    }
}

/// All pets.
pub(crate) struct All(pub(crate) Configured);

#[async_trait]
impl ListResource for All {
    fn schema(&self) -> Schema {
        Schema::new("All pets.")
            .with("species", Attribute::optional(Type::String).about("Of this species alone."))
    }

    async fn list(&self, _call: &mut Call, query: Query) -> Outcome<Vec<Listed>> {
        let shelter = configured(&self.0)?;
        let species = query.config.attribute("species").and_then(Value::as_str);
        let mut listed = Vec::new();
        for id in shelter.ids().map_err(|error| broken(&error))? {
            let Some(pet) = found(shelter, &id, Attr::Null).map_err(|error| broken(&error))? else {
                continue;
            };
            let text = |name| pet.state.attribute(name).and_then(Value::as_str);
            if listed.len() < query.limit && species.is_none_or(|wanted| text("species") == Some(wanted)) {
                let identity = Value::object([("id", Value::string(&id))]);
                let name = text("name").unwrap_or_default().to_owned();
                listed.push(Listed { identity, name, object: query.with_objects.then_some(pet.state) });
            }
        }
        Ok(listed)
    }
}

/// `provider::pets::greet("Rex")`.
pub(crate) struct Greet;

impl Function for Greet {
    fn signature(&self) -> Signature {
        Signature {
            summary: "Greets a pet.".to_owned(),
            about: "Greets a pet by its name.".to_owned(),
            parameters: vec![Parameter::new("name", Type::String, "What it is called.")],
            variadic: None,
            gives: Type::String,
        }
    }

    fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        match arguments.first().and_then(Value::as_str) {
            Some(name) if !name.is_empty() => Ok(Value::string(format!("Hello, {name}!"))),
            _ => Err(FunctionError::about(0, "a pet needs a name")),
        }
    }
}
