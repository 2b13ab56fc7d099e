//! A provider whose parts are honest unless a test says otherwise.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tfplugin::diagnostics::Diagnostic;
use tfplugin::provider::{
    Call, Change, DataSource, Draft, Ephemeral, Function, FunctionError, ImportBy, ListResource, Listed,
    Moved, Opened, Outcome, Planned, PlannedChange, Provider, Query, Renewed, Resource, Stored,
};
use tfplugin::schema::{
    Attribute, IdentityAttribute, IdentitySchema, ImportUse, Mode, Nesting, Parameter, Schema, Signature,
};
use tfplugin::value::{Type, Value};

pub(crate) fn schema() -> Schema {
    let pets =
        Attribute::nested(Mode::Optional, Nesting::List, [("name", Attribute::required(Type::String))]);
    let schema = Schema::new("A thing.")
        .with("name", Attribute::required(Type::String))
        .with("once", Attribute::optional(Type::String).write_only())
        .with("pets", pets)
        .with("id", Attribute::computed(Type::String));
    Schema { version: 1, ..schema }
}

/// The thing `name` with all else null.
pub(crate) fn thing(name: &str) -> Value {
    with(name, &[])
}

/// The same with these attributes.
pub(crate) fn with(name: &str, changes: &[(&str, Value)]) -> Value {
    let all =
        [("name", Value::string(name)), ("once", Value::Null), ("pets", Value::Null), ("id", Value::Null)];
    changed(&Value::object(all), changes)
}

fn changed(value: &Value, changes: &[(&str, Value)]) -> Value {
    let Value::Object(mut attributes) = value.clone() else { return value.clone() };
    attributes.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Value::Object(attributes)
}

/// A resource of functions.
#[derive(Clone)]
pub(crate) struct Thing {
    pub(crate) validate: fn(&mut Call, Value) -> Outcome<()>,
    pub(crate) plan: fn(&mut Call, Change) -> Outcome<Planned>,
    pub(crate) plan_delete: fn(&mut Call, Stored) -> Outcome<()>,
    pub(crate) create: fn(&mut Call, PlannedChange) -> Option<Stored>,
    pub(crate) update: fn(&mut Call, Stored, PlannedChange) -> Stored,
    pub(crate) delete: fn(&mut Call, Stored) -> Option<Stored>,
    pub(crate) read: fn(&mut Call, Stored) -> Outcome<Option<Stored>>,
    pub(crate) import: fn(&mut Call, ImportBy) -> Outcome<Stored>,
    pub(crate) upgrade: fn(i64, &[u8]) -> Outcome<Value>,
    pub(crate) adopt: fn(&mut Call, Moved) -> Outcome<Stored>,
}

impl Default for Thing {
    fn default() -> Self {
        Self {
            validate: |_, _| Ok(()),
            plan: Self::honest_plan,
            plan_delete: |_, _| Ok(()),
            create: |_, change| Some(Self::made(&change.planned.state, "1")),
            update: |_, prior, change| Self::made(&change.planned.state, &Self::id(&prior)),
            delete: |_, _| None,
            read: |_, current| Ok(Some(current)),
            import: |_, _| Ok(Self::made(&thing("imported"), "1")),
            upgrade: |_, _| Ok(thing("upgraded")),
            adopt: |_, _| Err(Diagnostic::error("Move is not possible", "Not here.").into()),
        }
    }
}

impl Thing {
    /// The thing `state` under an id.
    pub(crate) fn made(state: &Value, id: &str) -> Stored {
        let id = Value::string(id);
        let identity = Some(Value::object([("id", id.clone())]));
        Stored { state: changed(state, &[("id", id)]), private: Vec::new(), identity }
    }

    pub(crate) fn id(stored: &Stored) -> String {
        stored.state.attribute("id").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    #[expect(clippy::needless_pass_by_value, reason = "as the trait has it")]
    pub(crate) fn honest_plan(_call: &mut Call, change: Change) -> Outcome<Planned> {
        Ok(Draft::new(&schema(), &change).planned())
    }

    /// What is proposed, with these attributes instead.
    pub(crate) fn planned(change: &Change, changes: &[(&str, Value)]) -> Planned {
        let honest = Draft::new(&schema(), change).planned();
        Planned { state: changed(&honest.state, changes), ..honest }
    }
}

#[async_trait]
impl Resource for Thing {
    fn schema(&self) -> Schema {
        schema()
    }

    fn identity(&self) -> Option<IdentitySchema> {
        let id =
            IdentityAttribute { of: Type::String, import: ImportUse::Required, about: "Its id.".to_owned() };
        Some(IdentitySchema { version: 0, attributes: [("id".to_owned(), id)].into() })
    }

    async fn validate(&self, call: &mut Call, config: Value) -> Outcome<()> {
        (self.validate)(call, config)
    }

    async fn plan(&self, call: &mut Call, change: Change) -> Outcome<Planned> {
        (self.plan)(call, change)
    }

    async fn plan_delete(&self, call: &mut Call, prior: Stored) -> Outcome<()> {
        (self.plan_delete)(call, prior)
    }

    async fn create(&self, call: &mut Call, change: PlannedChange) -> Option<Stored> {
        (self.create)(call, change)
    }

    async fn update(&self, call: &mut Call, prior: Stored, change: PlannedChange) -> Stored {
        (self.update)(call, prior, change)
    }

    async fn delete(&self, call: &mut Call, prior: Stored) -> Option<Stored> {
        (self.delete)(call, prior)
    }

    async fn read(&self, call: &mut Call, current: Stored) -> Outcome<Option<Stored>> {
        (self.read)(call, current)
    }

    async fn import(&self, call: &mut Call, by: ImportBy) -> Outcome<Stored> {
        (self.import)(call, by)
    }

    fn upgrade(&self, version: i64, state: &[u8]) -> Outcome<Value> {
        (self.upgrade)(version, state)
    }

    async fn adopt(&self, call: &mut Call, moved: Moved) -> Outcome<Stored> {
        (self.adopt)(call, moved)
    }
}

/// The provider.
#[derive(Clone, Default)]
pub(crate) struct Odd {
    pub(crate) resource: Arc<Thing>,
    /// The names of the leases that were closed.
    pub(crate) closed: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl Provider for Odd {
    fn schema(&self) -> Schema {
        Schema::new("Odd things.").with("url", Attribute::optional(Type::String))
    }

    fn resources(&self) -> Vec<(&'static str, Arc<dyn Resource>)> {
        vec![("odd_thing", Arc::clone(&self.resource) as Arc<dyn Resource>)]
    }

    fn data_sources(&self) -> Vec<(&'static str, Arc<dyn DataSource>)> {
        vec![("odd_look", Arc::new(Look))]
    }

    fn ephemerals(&self) -> Vec<(&'static str, Arc<dyn Ephemeral>)> {
        vec![("odd_lease", Arc::new(Leases(Arc::clone(&self.closed))))]
    }

    fn functions(&self) -> Vec<(&'static str, Arc<dyn Function>)> {
        vec![("join", Arc::new(Join)), ("panics", Arc::new(Panics))]
    }

    fn lists(&self) -> Vec<(&'static str, Arc<dyn ListResource>)> {
        vec![("odd_thing", Arc::new(Things))]
    }

    async fn configure(&self, _call: &mut Call, _config: Value) -> Outcome<()> {
        Ok(())
    }
}

struct Look;

#[async_trait]
impl DataSource for Look {
    fn schema(&self) -> Schema {
        Schema::new("A look.")
            .with("name", Attribute::required(Type::String))
            .with("found", Attribute::computed(Type::Bool))
    }

    async fn read(&self, _call: &mut Call, config: Value) -> Outcome<Value> {
        let known = config.attribute("name").and_then(Value::as_str) != Some("unknown");
        Ok(changed(&config, &[("found", if known { Value::Bool(true) } else { Value::UNKNOWN })]))
    }
}

struct Leases(Arc<Mutex<Vec<String>>>);

#[async_trait]
impl Ephemeral for Leases {
    fn schema(&self) -> Schema {
        Schema::new("A lease.")
            .with("name", Attribute::required(Type::String))
            .with("token", Attribute::computed(Type::String).sensitive())
    }

    async fn open(&self, _call: &mut Call, config: Value) -> Outcome<Opened> {
        let name = config.attribute("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let result = changed(&config, &[("token", Value::string(format!("token of {name}")))]);
        let renew_at = Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1_500));
        Ok(Opened { result, private: name.into_bytes(), renew_at })
    }

    async fn renew(&self, _call: &mut Call, private: Vec<u8>) -> Outcome<Renewed> {
        Ok(Renewed { private: [private.as_slice(), b" again"].concat(), renew_at: None })
    }

    async fn close(&self, _call: &mut Call, private: Vec<u8>) -> Outcome<()> {
        self.0.lock().unwrap().push(String::from_utf8(private).unwrap());
        Ok(())
    }
}

struct Things;

#[async_trait]
impl ListResource for Things {
    fn schema(&self) -> Schema {
        Schema::new("All things.").with("prefix", Attribute::optional(Type::String))
    }

    async fn list(&self, call: &mut Call, query: Query) -> Outcome<Vec<Listed>> {
        let Some(prefix) = query.config.attribute("prefix").and_then(Value::as_str) else {
            return Err(Diagnostic::error("Too many", "Say with what they begin.").into());
        };
        call.add(Diagnostic::warning("There are many", "More than were wanted."));
        let one = |number: u8| {
            let Stored { state, identity, .. } = Thing::made(&thing("x"), &number.to_string());
            Listed { identity: identity.unwrap(), name: format!("{prefix}{number}"), object: Some(state) }
        };
        Ok((1..=3).map(one).collect())
    }
}

struct Join;

impl Function for Join {
    fn signature(&self) -> Signature {
        Signature {
            summary: "Joins.".to_owned(),
            about: "Joins texts.".to_owned(),
            parameters: vec![Parameter::new("first", Type::String, "The first.")],
            variadic: Some(Parameter::new("more", Type::String, "The others.")),
            gives: Type::String,
        }
    }

    fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        let texts: Vec<&str> = arguments.iter().filter_map(Value::as_str).collect();
        match texts.iter().position(|text| text.is_empty()) {
            Some(empty) => Err(FunctionError::about(empty, "it is empty")),
            None => Ok(Value::string(texts.concat())),
        }
    }
}

struct Panics;

impl Function for Panics {
    fn signature(&self) -> Signature {
        Signature {
            summary: "Fails.".to_owned(),
            about: "Fails.".to_owned(),
            parameters: Vec::new(),
            variadic: None,
            gives: Type::Bool,
        }
    }

    fn call(&self, _arguments: Vec<Value>) -> Result<Value, FunctionError> {
        panic!("a fault")
    }
}
