//! A small complete provider: pets that live as files in a folder, their shelter.
//!
//! ```hcl
//! provider "pets" {
//!   shelter = "/tmp/shelter"
//! }
//!
//! resource "pets_pet" "rex" {
//!   name    = "Rex"
//!   species = "dog"
//! }
//! ```

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::provider::{Call, DataSource, Ephemeral, Function, ListResource, Outcome, Provider, Resource};
use tfplugin::schema::{Attribute, Schema};
use tfplugin::value::{Attr, FromValue, Type, Value};
use tfplugin::{Options, serve};

mod look;
mod pet;
mod shelter;
mod visit;

use shelter::Shelter;

fn main() -> ExitCode {
    serve(Pets::default(), &Options { address: "registry.terraform.io/example/pets", log_targets: &["pets"] })
}

/// The shelter, once the provider is configured.
type Configured = Arc<OnceLock<Shelter>>;

#[derive(Default)]
struct Pets(Configured);

tfplugin::model! {
    /// The provider's block.
    struct Block {
        shelter: Attr<String>,
    }
}

/// The shelter, or an error where it is not known yet.
fn configured(shelter: &Configured) -> Outcome<&Shelter> {
    shelter.get().ok_or_else(|| {
        let detail = "`shelter` of the provider's block is not known yet. Apply first what it depends on, with -target.";
        Diagnostic::error("There is no shelter yet", detail).into()
    })
}

/// A fault of the disk.
fn broken(error: &std::io::Error) -> Diagnostics {
    Diagnostic::error("The shelter is closed", format!("{error}. Look at the folder's permissions.")).into()
}

#[async_trait]
impl Provider for Pets {
    fn schema(&self) -> Schema {
        Schema::new("Pets that live in a folder.").with(
            "shelter",
            Attribute::required(Type::String).about("The folder. It is made where it is missing."),
        )
    }

    fn resources(&self) -> Vec<(&'static str, Arc<dyn Resource>)> {
        vec![("pets_pet", Arc::new(pet::Pet(Arc::clone(&self.0))))]
    }

    fn data_sources(&self) -> Vec<(&'static str, Arc<dyn DataSource>)> {
        vec![("pets_names", Arc::new(look::Names(Arc::clone(&self.0))))]
    }

    fn ephemerals(&self) -> Vec<(&'static str, Arc<dyn Ephemeral>)> {
        vec![("pets_visit", Arc::new(visit::Visit(Arc::clone(&self.0))))]
    }

    fn functions(&self) -> Vec<(&'static str, Arc<dyn Function>)> {
        vec![("greet", Arc::new(look::Greet))]
    }

    fn lists(&self) -> Vec<(&'static str, Arc<dyn ListResource>)> {
        vec![("pets_pet", Arc::new(look::All(Arc::clone(&self.0))))]
    }

    async fn configure(&self, _call: &mut Call, config: Value) -> Outcome<()> {
        let block =
            Block::from_value(config).map_err(|error| Diagnostic::error("Wrong block", error.to_string()))?;
        // Unknown while a plan is made is no error; what needs the shelter says so.
        if let Attr::Known(folder) = block.shelter {
            let shelter = Shelter::open(folder.into()).map_err(|error| broken(&error))?;
            self.0.get_or_init(|| shelter);
        }
        Ok(())
    }
}
