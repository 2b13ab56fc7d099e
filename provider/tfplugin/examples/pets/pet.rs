//! The resource: a pet.

use std::time::Duration;

use async_trait::async_trait;
use tfplugin::diagnostics::Diagnostic;
use tfplugin::provider::{Call, Change, Draft, ImportBy, Outcome, Planned, PlannedChange, Resource, Stored};
use tfplugin::schema::{Attribute, IdentityAttribute, IdentitySchema, ImportUse, Schema};
use tfplugin::value::{Attr, FromValue, IntoValue, Type, Value};

use crate::shelter::{Record, Shelter};
use crate::{Configured, broken, configured};

/// The kind of thing.
pub(crate) struct Pet(pub(crate) Configured);

tfplugin::model! {
    /// A pet as Terraform sees it.
    #[derive(Clone, Debug)]
    struct Model {
        name: Attr<String>,
        species: Attr<String>,
        color: Attr<String>,
        chip: Attr<String>,
        settles_in: Attr<i64>,
        id: Attr<String>,
    }
}

impl Model {
    fn of(value: Value) -> Outcome<Self> {
        Self::from_value(value).map_err(|error| Diagnostic::error("Not a pet", error.to_string()).into())
    }

    fn record(&self) -> Record {
        let text = |value: &Attr<String>| value.known().cloned().unwrap_or_default();
        Record { name: text(&self.name), species: text(&self.species), color: text(&self.color) }
    }

    fn stored(self) -> Stored {
        let identity = self.id.known().map(|id| identity(id));
        Stored { state: self.into_value(), private: Vec::new(), identity }
    }
}

fn identity(id: &str) -> Value {
    Value::object([("id", Value::string(id))])
}

pub(crate) fn schema() -> Schema {
    Schema::new("A pet.")
        .with("name", Attribute::required(Type::String).about("What it is called, in any case of letters."))
        .with("species", Attribute::required(Type::String).about("What it is. No pet becomes another."))
        .with("color", Attribute::optional_computed(Type::String).about("Brown, if nothing else is said."))
        .with(
            "chip",
            Attribute::optional(Type::String).write_only().about("The number of its chip; never kept."),
        )
        .with(
            "settles_in",
            Attribute::optional(Type::Number).about("How many seconds it takes to settle in."),
        )
        .with("id", Attribute::computed(Type::String).about("Given by the shelter."))
}

/// What Terraform is to keep of the pet `id`; `None` where it is gone.
pub(crate) fn found(shelter: &Shelter, id: &str, settles_in: Attr<i64>) -> std::io::Result<Option<Stored>> {
    let stored = |Record { name, species, color }| {
        let [name, species, color] = [name, species, color].map(Attr::Known);
        Model { name, species, color, chip: Attr::Null, settles_in, id: Attr::Known(id.to_owned()) }.stored()
    };
    Ok(shelter.find(id)?.map(stored))
}

#[async_trait]
impl Resource for Pet {
    fn schema(&self) -> Schema {
        schema()
    }

    fn identity(&self) -> Option<IdentitySchema> {
        let id = IdentityAttribute {
            of: Type::String,
            import: ImportUse::Required,
            about: "Given by the shelter.".to_owned(),
        };
        Some(IdentitySchema { version: 0, attributes: [("id".to_owned(), id)].into() })
    }

    async fn validate(&self, _call: &mut Call, config: Value) -> Outcome<()> {
        match config.attribute("name").and_then(Value::as_str) {
            Some("") => {
                let error = Diagnostic::error("A pet needs a name", "Say what you call it.");
                Err(error.at_attribute("name").into())
            }
            _ => Ok(()),
        }
    }

    async fn plan(&self, call: &mut Call, change: Change) -> Outcome<Planned> {
        let same = |one: &Value, other: &Value| {
            one.as_str().map(str::to_lowercase) == other.as_str().map(str::to_lowercase)
        };
        let draft = Draft::new(&schema(), &change);
        let draft = draft.default("color", "brown").keep("name", same).replaces(&["species"]);
        if draft.get("species").as_str() == Some("tiger") {
            let warning = Diagnostic::warning("Not every pet is a good idea", "A tiger is not.");
            call.add(warning.at_attribute("species"));
        }
        Ok(draft.planned())
    }

    async fn create(&self, call: &mut Call, change: PlannedChange) -> Option<Stored> {
        let created = async {
            let mut pet = Model::of(change.planned.state)?;
            let id = configured(&self.0)?.take_in(&pet.record()).map_err(|error| broken(&error))?;
            tracing::info!(target: "pets", id, "taken in");
            pet.id = Attr::Known(id);
            Ok(pet)
        };
        let pet = match created.await {
            Ok(pet) => pet,
            Err(errors) => {
                let errors: tfplugin::diagnostics::Diagnostics = errors;
                call.diagnostics.extend(errors);
                return None;
            }
        };
        let settles_in =
            pet.settles_in.known().and_then(|seconds| u64::try_from(*seconds).ok()).unwrap_or_default();
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(settles_in)) => {}
            () = call.stop.comes() => {
                call.add(Diagnostic::error("Interrupted", "The pet is in the shelter, but has not settled in."));
            }
        }
        Some(pet.stored())
    }

    async fn update(&self, call: &mut Call, prior: Stored, change: PlannedChange) -> Stored {
        let updated = Model::of(change.planned.state).and_then(|pet| {
            let id = pet.id.known().cloned().unwrap_or_default();
            configured(&self.0)?.write(&id, &pet.record()).map_err(|error| broken(&error))?;
            Ok(pet.stored())
        });
        updated.unwrap_or_else(|errors| {
            call.diagnostics.extend(errors);
            prior
        })
    }

    async fn delete(&self, call: &mut Call, prior: Stored) -> Option<Stored> {
        let id = prior.state.attribute("id").and_then(Value::as_str).unwrap_or_default();
        let deleted =
            configured(&self.0).and_then(|shelter| shelter.give_away(id).map_err(|error| broken(&error)));
        match deleted {
            Ok(()) => None,
            Err(errors) => {
                call.diagnostics.extend(errors);
                Some(prior)
            }
        }
    }

    async fn read(&self, _call: &mut Call, current: Stored) -> Outcome<Option<Stored>> {
        let pet = Model::of(current.state)?;
        let id = pet.id.known().cloned().unwrap_or_default();
        found(configured(&self.0)?, &id, pet.settles_in).map_err(|error| broken(&error))
    }

    async fn import(&self, _call: &mut Call, by: ImportBy) -> Outcome<Stored> {
        let id = match by {
            ImportBy::Id(id) => id,
            ImportBy::Identity(identity) => {
                identity.attribute("id").and_then(Value::as_str).unwrap_or_default().to_owned()
            }
        };
        let found = found(configured(&self.0)?, &id, Attr::Null).map_err(|error| broken(&error))?;
        found.ok_or_else(|| Diagnostic::error("There is no such pet", format!("`{id}` is not known.")).into())
    }
}
