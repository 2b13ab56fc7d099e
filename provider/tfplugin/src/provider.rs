//! What a provider is made of: traits to implement, with values in and values out.
//!
//! Each call may add warnings to [`Call::diagnostics`] and ends with an answer or with errors. Not here: the wire, panics,
//! legality; [`crate::server`] keeps those away.

use std::sync::Arc;

use async_trait::async_trait;

use crate::diagnostics::Diagnostics;
use crate::schema::Schema;
use crate::value::Value;

mod call;
mod data_source;
mod draft;
mod ephemeral;
mod function;
mod list;
mod resource;
mod stop;

pub use call::{Call, Deferral};
pub use data_source::DataSource;
pub use draft::Draft;
pub use ephemeral::{Ephemeral, Opened, Renewed};
pub use function::{Function, FunctionError};
pub use list::{ListResource, Listed, Query};
pub use resource::{Change, ImportBy, Moved, Planned, PlannedChange, Resource, Stored};
pub use stop::Stop;
pub(crate) use stop::StopSource;

/// An answer, or why there is none.
pub type Outcome<T> = Result<T, Diagnostics>;

/// A provider.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// Its block in a configuration.
    fn schema(&self) -> Schema;

    /// Its resources by full name, such as `example_pet`.
    fn resources(&self) -> Vec<(&'static str, Arc<dyn Resource>)> {
        Vec::new()
    }

    /// Its data sources by full name.
    fn data_sources(&self) -> Vec<(&'static str, Arc<dyn DataSource>)> {
        Vec::new()
    }

    /// Its ephemeral resources by full name.
    fn ephemerals(&self) -> Vec<(&'static str, Arc<dyn Ephemeral>)> {
        Vec::new()
    }

    /// Its functions by name.
    fn functions(&self) -> Vec<(&'static str, Arc<dyn Function>)> {
        Vec::new()
    }

    /// Its list resources, by the full name of the resource that they list.
    fn lists(&self) -> Vec<(&'static str, Arc<dyn ListResource>)> {
        Vec::new()
    }

    /// Looks at its block. Parts may be unknown, which is never an error.
    async fn validate(&self, _call: &mut Call, _config: Value) -> Outcome<()> {
        Ok(())
    }

    /// Takes its block. Parts may be unknown while a plan is made, which is no error yet.
    async fn configure(&self, call: &mut Call, config: Value) -> Outcome<()>;
}
