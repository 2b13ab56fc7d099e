//! The resource as Terraform drives it, without Terraform: each plan is made twice and held against Terraform's rules, each
//! answer too. Not here: the wire, and Terraform itself; other tests have those.

use std::sync::{Arc, Mutex, PoisonError};

pub use p0_tests::terraform::{filled, object, text};
use p0_tests::{ControlPlane, Proxy};
use tfplugin::conform;
use tfplugin::diagnostics::{Diagnostic, Diagnostics, Severity};
use tfplugin::provider::{Call, Change, ImportBy, Planned, PlannedChange, Provider, Resource, Stop, Stored};
use tfplugin::schema::Schema;
use tfplugin::value::{Type, Value};
use tokio::runtime::Runtime;

/// A configured provider.
pub struct Rig {
    runtime: Runtime,
    resource: Arc<dyn Resource>,
    schema: Schema,
    told: Mutex<Vec<Diagnostic>>,
}

/// What came of a plan.
pub struct Plan {
    pub planned: Planned,
    prior: Option<Stored>,
    config: Value,
}

impl Rig {
    /// Against the shared control plane as administrator, with these settings.
    pub fn new(settings: &[(&str, Value)]) -> Self {
        let kubeconfig = ControlPlane::shared().kubeconfig();
        Self::with_kubeconfig(&kubeconfig, settings).expect("it is configured")
    }

    pub fn with_kubeconfig(file: &std::path::Path, settings: &[(&str, Value)]) -> Result<Self, Diagnostics> {
        let mut all = vec![("config_path", text(&file.display().to_string()))];
        all.extend(settings.iter().cloned());
        Self::configured(&all)
    }

    /// With this provider block and nothing else.
    pub fn configured(block: &[(&str, Value)]) -> Result<Self, Diagnostics> {
        let runtime = Runtime::new().expect("a runtime");
        let provider = p0_provider::provider();
        let block = filled(&provider.schema().value_type(), block);
        runtime.block_on(provider.configure(&mut call(), block))?;
        let (_, resource) =
            provider.resources().into_iter().find(|(name, _)| *name == "p0_k8s_grant").expect("it");
        let schema = resource.schema();
        Ok(Self { runtime, resource, schema, told: Mutex::default() })
    }

    /// The type of a state.
    pub fn state_type(&self) -> Type {
        self.schema.value_type()
    }

    /// A whole configuration of these parts.
    pub fn config(&self, parts: &[(&str, Value)]) -> Value {
        filled(&self.schema.value_type(), parts)
    }

    fn keep(&self, diagnostics: Diagnostics) -> Vec<Diagnostic> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let (errors, warnings) =
            diagnostics.into_iter().partition(|one: &Diagnostic| one.severity == Severity::Error);
        let warnings: Vec<Diagnostic> = warnings;
        told.extend(warnings);
        errors
    }

    /// The summaries of the warnings since the last question.
    pub fn warnings(&self) -> Vec<String> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.drain(..).map(|one| one.summary).collect()
    }

    /// The first error of `result`, as `summary at path: detail`.
    fn first(errors: Vec<Diagnostic>) -> Result<(), String> {
        match errors.into_iter().next() {
            None => Ok(()),
            Some(one) => {
                let path = one.path.map_or_else(String::new, |path| path.to_string());
                Err(format!("{} at {path}: {}", one.summary, one.detail))
            }
        }
    }

    pub fn plan(&self, prior: Option<&Stored>, config: &Value) -> Result<Plan, String> {
        self.validate(config)?;
        let first = self.plan_once(prior, config)?;
        let second = self.plan_once(prior, config)?;
        assert_eq!(
            first.state, second.state,
            "a plan is made again when it is applied, and has to be the same"
        );
        self.warnings();
        let planned = self.plan_once(prior, config)?;
        let before = prior.map(|prior| &prior.state);
        assert_eq!(conform::planned(&self.schema, before, config, &planned.state), [], "the plan is legal");
        Ok(Plan { planned, prior: prior.cloned(), config: config.clone() })
    }

    pub fn validate(&self, config: &Value) -> Result<(), String> {
        let mut call = call();
        match self.runtime.block_on(self.resource.validate(&mut call, config.clone())) {
            Ok(()) => Ok(()),
            Err(told) => Self::first(self.keep(told)),
        }
    }

    fn plan_once(&self, prior: Option<&Stored>, config: &Value) -> Result<Planned, String> {
        let mut call = call();
        let (prior, proposed) = (prior.cloned(), config.clone());
        let change = Change { prior, config: config.clone(), proposed, planned_private: None };
        let planned = self.runtime.block_on(self.resource.plan(&mut call, change));
        Self::first(self.keep(call.diagnostics))?;
        planned.map_err(|told| Self::first(self.keep(told)).expect_err("an error"))
    }

    /// Makes what was planned: in place, or by deletion and creation.
    pub fn apply(&self, plan: &Plan) -> (Option<Stored>, Result<(), String>) {
        let Plan { planned, prior, config } = plan;
        let identity = planned.identity.clone();
        let stored = Stored { state: planned.state.clone(), private: planned.private.clone(), identity };
        let change = PlannedChange { planned: stored, config: config.clone() };
        let mut call = call();
        let new = match prior {
            None => self.runtime.block_on(self.resource.create(&mut call, change)),
            Some(prior) => {
                Some(self.runtime.block_on(self.resource.update(&mut call, prior.clone(), change)))
            }
        };
        let errors = self.keep(call.diagnostics);
        if errors.is_empty() {
            let new = new.as_ref().expect("something without an error");
            assert_eq!(conform::applied(&self.schema, &planned.state, &new.state), [], "the answer is legal");
        }
        if let Some(new) = &new {
            assert_eq!(conform::stored(&self.schema, &new.state), []);
            assert!(new.identity.as_ref().is_some_and(Value::is_wholly_known));
        }
        (new, Self::first(errors))
    }

    /// Plans and applies what must go well.
    pub fn make(&self, prior: Option<&Stored>, config: &Value) -> Stored {
        let plan = self.plan(prior, config).expect("a plan");
        assert!(!plan.is_replacement(), "{:?}", plan.planned.replace);
        let (new, told) = self.apply(&plan);
        told.expect("no error");
        new.expect("a grant")
    }

    pub fn read(&self, current: &Stored) -> Result<Stored, String> {
        let mut call = call();
        let read = self.runtime.block_on(self.resource.read(&mut call, current.clone()));
        Self::first(self.keep(call.diagnostics))?;
        let read = read.map_err(|told| Self::first(self.keep(told)).expect_err("an error"))?;
        let read = read.expect("a grant is never read as gone");
        assert_eq!(conform::stored(&self.schema, &read.state), []);
        assert_eq!(read.private, current.private, "reading changes no private data");
        Ok(read)
    }

    pub fn delete(&self, prior: &Stored) -> (Option<Stored>, Result<(), String>) {
        let mut call = call();
        let left = self.runtime.block_on(self.resource.delete(&mut call, prior.clone()));
        let errors = self.keep(call.diagnostics);
        (left, Self::first(errors))
    }

    pub fn import(&self, id: &str) -> Result<Stored, String> {
        let mut call = call();
        let found = self.runtime.block_on(self.resource.import(&mut call, ImportBy::Id(id.to_owned())));
        found.map_err(|told| Self::first(self.keep(told)).expect_err("an error"))
    }
}

/// A provider behind a proxy that moves its clock and lets requests fail.
pub fn proxied(settings: &[(&str, Value)]) -> (Proxy, Rig) {
    let plane = ControlPlane::shared();
    let proxy = Proxy::start(plane);
    let mut block = vec![("host", text(&proxy.url())), ("token", text(plane.token()))];
    block.extend(settings.iter().cloned());
    let rig = Rig::configured(&block).expect("it is configured");
    (proxy, rig)
}

impl Plan {
    /// Whether Terraform would delete and create: a named part differs.
    pub fn is_replacement(&self) -> bool {
        let Some(prior) = &self.prior else { return false };
        let differs = |path| self.planned.state.at(path) != prior.state.at(path);
        let replaced = self.planned.replace.iter().any(differs);
        assert_eq!(
            replaced,
            !self.planned.replace.is_empty(),
            "a path that does not differ replaces nothing"
        );
        replaced
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.prior.as_ref().is_some_and(|prior| prior.state == self.planned.state)
    }

    pub fn attribute(&self, name: &str) -> &Value {
        self.planned.state.attribute(name).expect("an attribute")
    }
}

fn call() -> Call {
    Call::new(Stop::never())
}

/// The text of an attribute of a state.
pub fn of<'s>(stored: &'s Stored, name: &str) -> &'s str {
    stored
        .state
        .attribute(name)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("{name}: {:?}", stored.state))
}

/// The flag of an attribute of a state.
pub fn is(stored: &Stored, name: &str) -> bool {
    match stored.state.attribute(name) {
        Some(Value::Bool(flag)) => *flag,
        other => panic!("{name}: {other:?}"),
    }
}

/// The texts of a list of a state.
pub fn lines(stored: &Stored, name: &str) -> Vec<String> {
    match stored.state.attribute(name) {
        Some(Value::List(items)) => {
            items.iter().map(|item| item.as_str().expect("a text").to_owned()).collect()
        }
        other => panic!("{name}: {other:?}"),
    }
}
