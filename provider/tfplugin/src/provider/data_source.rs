//! Data sources: things that Terraform only looks at.

use async_trait::async_trait;

use super::{Call, Outcome};
use crate::schema::Schema;
use crate::value::Value;

/// A kind of thing to look at.
#[async_trait]
pub trait DataSource: Send + Sync {
    /// Its attributes.
    fn schema(&self) -> Schema;

    /// Looks at a configuration, several times and with unknown parts, which are never an error.
    async fn validate(&self, _call: &mut Call, _config: Value) -> Outcome<()> {
        Ok(())
    }

    /// Gives the configuration with all that the provider sets.
    async fn read(&self, call: &mut Call, config: Value) -> Outcome<Value>;
}
