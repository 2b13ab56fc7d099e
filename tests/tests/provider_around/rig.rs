//! The provider in this process, asked by the stand-in for Terraform's core.

use p0_tests::ControlPlane;
pub use p0_tests::terraform::{filled, object, text};
use serde_json::Value as Json;
use tfplugin::diagnostics::{Diagnostics, Severity};
use tfplugin::provider::{Provider, Stored};
use tfplugin::server::Server;
use tfplugin::testing::{Core, Lease};
use tfplugin::value::{Type, Value, json};
use tokio::runtime::Runtime;

/// A configured provider.
pub struct Rig {
    runtime: Runtime,
    core: Core,
}

impl Rig {
    /// Against the shared control plane as administrator, with these settings.
    pub fn new(settings: &[(&str, Value)]) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let provider = p0_provider::provider();
        let kubeconfig = ControlPlane::shared().kubeconfig();
        let mut block = vec![("config_path", text(&kubeconfig.display().to_string()))];
        block.extend(settings.iter().cloned());
        let block = filled(&provider.schema().value_type(), &block);
        let mut core = runtime.block_on(Core::new(Server::new(provider))).expect("a connection");
        let told = runtime.block_on(core.configure(&block)).expect("an answer");
        assert!(!told.has_errors(), "{told:?}");
        Self { runtime, core }
    }

    /// What a data source shows, or its first error.
    pub fn look(&mut self, source: &str, parts: &[(&str, Value)]) -> Result<Json, String> {
        let of = p0_provider::provider().data_sources();
        let (_, of) = of.into_iter().find(|(name, _)| *name == source).expect("a data source");
        let of = of.schema().value_type();
        let answer = self.runtime.block_on(self.core.look(source, &filled(&of, parts)));
        match answer.expect("an answer that Terraform takes") {
            (_, told) if told.has_errors() => Err(first(&told)),
            (state, _) => Ok(plain(&state, &of)),
        }
    }

    /// What a data source shows, as a value.
    pub fn look_at(&mut self, source: &str, parts: &[(&str, Value)], attribute: &str) -> Value {
        let of = p0_provider::provider().data_sources();
        let (_, of) = of.into_iter().find(|(name, _)| *name == source).expect("a data source");
        let config = filled(&of.schema().value_type(), parts);
        let (state, told) = self.runtime.block_on(self.core.look(source, &config)).expect("an answer");
        assert!(!told.has_errors(), "{told:?}");
        state.attribute(attribute).expect("an attribute").clone()
    }

    /// What a function gives, or its error.
    pub fn call(&mut self, name: &str, arguments: Vec<Value>) -> Result<Json, String> {
        let functions = p0_provider::provider().functions();
        let (_, function) = functions.into_iter().find(|(other, _)| *other == name).expect("a function");
        let signature = function.signature();
        let typed: Vec<(Value, Type)> =
            arguments.into_iter().zip(signature.parameters.into_iter().map(|one| one.of)).collect();
        let answer = self.runtime.block_on(self.core.call(name, &typed, &signature.gives));
        let answer = answer.expect("an answer").map_err(|(_, text)| text)?;
        Ok(plain(&answer, &signature.gives))
    }

    /// Makes a grant.
    pub fn make(&mut self, parts: &[(&str, Value)]) -> Stored {
        let resources = p0_provider::provider().resources();
        let (name, resource) = resources.into_iter().next().expect("the resource");
        let config = filled(&resource.schema().value_type(), parts);
        let applied = self.runtime.block_on(self.core.change(name, None, &config)).expect("an answer");
        assert!(!applied.diagnostics.has_errors(), "{:?}", applied.diagnostics);
        applied.stored.expect("a grant")
    }

    /// Opens a token, or says why not.
    pub fn open(&mut self, parts: &[(&str, Value)]) -> Result<Lease, String> {
        let ephemerals = p0_provider::provider().ephemerals();
        let (name, ephemeral) = ephemerals.into_iter().next().expect("the token");
        let config = filled(&ephemeral.schema().value_type(), parts);
        match self.runtime.block_on(self.core.open(name, &config)).expect("an answer") {
            (Some(lease), _) => Ok(lease),
            (None, told) => Err(first(&told)),
        }
    }

    /// Closes a token.
    pub fn close(&mut self, lease: Lease) {
        let told = self.runtime.block_on(self.core.close("p0_k8s_token", lease)).expect("an answer");
        assert!(!told.has_errors(), "{told:?}");
    }

    /// What the list has: names, identities and states.
    pub fn list(&mut self, parts: &[(&str, Value)], limit: i64) -> Vec<(String, Value, Value)> {
        let lists = p0_provider::provider().lists();
        let (name, list) = lists.into_iter().next().expect("the list");
        let config = filled(&list.schema().value_type(), parts);
        let (all, told) = self.runtime.block_on(self.core.list(name, &config, limit)).expect("an answer");
        assert!(!told.has_errors(), "{told:?}");
        all
    }
}

fn first(told: &Diagnostics) -> String {
    let error = told.iter().find(|one| one.severity == Severity::Error).expect("an error");
    let path = error.path.as_ref().map(ToString::to_string).unwrap_or_default();
    format!("{} at {path}: {}", error.summary, error.detail)
}

fn plain(value: &Value, of: &Type) -> Json {
    serde_json::from_str(&json::write(value, of).expect("of its type")).expect("JSON")
}
