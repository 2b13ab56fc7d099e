//! List resources: what exists, whether Terraform knows it or not. Terraform 1.14 and later ask (`terraform query`).

use async_trait::async_trait;

use super::{Call, Outcome};
use crate::schema::Schema;
use crate::value::Value;

/// A question.
#[derive(Clone, Debug)]
pub struct Query {
    /// An object of the list's schema.
    pub config: Value,
    /// Whether the things themselves are wanted, or their identities alone.
    pub with_objects: bool,
    /// How many are wanted at most.
    pub limit: usize,
}

/// One thing that exists.
#[derive(Clone, Debug)]
pub struct Listed {
    /// An object of the resource's identity schema.
    pub identity: Value,
    /// What people know it by.
    pub name: String,
    /// An object of the resource's schema, where it was wanted.
    pub object: Option<Value>,
}

/// A list of the things of one resource.
#[async_trait]
pub trait ListResource: Send + Sync {
    /// What may be asked for.
    fn schema(&self) -> Schema;

    /// Looks at a configuration with unknown parts, which are never an error.
    async fn validate(&self, _call: &mut Call, _config: Value) -> Outcome<()> {
        Ok(())
    }

    /// Gives what exists.
    async fn list(&self, call: &mut Call, query: Query) -> Outcome<Vec<Listed>>;
}
