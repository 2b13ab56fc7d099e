//! Resources: things that Terraform makes, changes and deletes.
//!
//! The order of calls and what each may answer:
//! <https://github.com/hashicorp/terraform/blob/main/docs/resource-instance-change-lifecycle.md>.

use async_trait::async_trait;

use super::{Call, Outcome};
use crate::diagnostics::Diagnostic;
use crate::schema::{IdentitySchema, Schema};
use crate::value::{Path, Value};

/// What Terraform keeps of a thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// An object of the resource's schema.
    pub state: Value,
    /// What only the provider reads.
    pub private: Vec<u8>,
    /// An object of the identity's schema, where the resource has one.
    pub identity: Option<Value>,
}

/// A change that is to be planned.
#[derive(Clone, Debug)]
pub struct Change {
    /// What is there; `None` where it is to be created.
    pub prior: Option<Stored>,
    /// What the configuration says. Parts may be unknown.
    pub config: Value,
    /// Terraform's merge of the two: the configuration, and what was there where the provider sets it.
    pub proposed: Value,
    /// The private data of the plan that is about to be applied, when the plan is made again for that. Only Terraform from
    /// 1.16 on sends it.
    pub planned_private: Option<Vec<u8>>,
}

/// A plan.
#[derive(Clone, Debug)]
pub struct Planned {
    /// What will be there, with unknowns for what only apply can tell.
    pub state: Value,
    /// What only the provider reads.
    pub private: Vec<u8>,
    /// The identity, where the resource has one; unknown while it is created.
    pub identity: Option<Value>,
    /// Parts whose change means that the thing is deleted and made anew.
    pub replace: Vec<Path>,
}

/// A change that is to be made.
#[derive(Clone, Debug)]
pub struct PlannedChange {
    /// What was planned, with the planned private data and identity.
    pub planned: Stored,
    /// What the configuration says, all known now. Holds the write-only attributes.
    pub config: Value,
}

/// How a thing is named in an import.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportBy {
    /// By a text.
    Id(String),
    /// By an identity, an object of the identity's schema.
    Identity(Value),
}

/// State of another resource, perhaps of another provider, that is to become this one's.
#[derive(Clone, Debug)]
pub struct Moved {
    /// The other provider's address, such as `registry.terraform.io/hashicorp/kubernetes`.
    pub provider: String,
    /// The other resource's name.
    pub resource: String,
    /// The version of its schema.
    pub version: i64,
    /// Its state as JSON.
    pub state: Vec<u8>,
    /// What only the other provider reads.
    pub private: Vec<u8>,
}

/// A kind of thing.
#[async_trait]
pub trait Resource: Send + Sync {
    /// Its attributes.
    fn schema(&self) -> Schema;

    /// What tells one thing from another.
    fn identity(&self) -> Option<IdentitySchema> {
        None
    }

    /// Looks at a configuration, several times and with unknown parts, which are never an error.
    async fn validate(&self, _call: &mut Call, _config: Value) -> Outcome<()> {
        Ok(())
    }

    /// Says what a change would give. It is asked again before it is made, and what was known must be the same then.
    async fn plan(&self, call: &mut Call, change: Change) -> Outcome<Planned>;

    /// Looks at a deletion that is planned: for warnings, or to refuse it.
    async fn plan_delete(&self, _call: &mut Call, _prior: Stored) -> Outcome<()> {
        Ok(())
    }

    /// Makes a thing. After an error in [`Call::diagnostics`]: what has been made so far, or `None` for nothing.
    async fn create(&self, call: &mut Call, change: PlannedChange) -> Option<Stored>;

    /// Changes a thing. After an error in [`Call::diagnostics`]: what is there now.
    async fn update(&self, call: &mut Call, prior: Stored, change: PlannedChange) -> Stored;

    /// Deletes a thing. After an error in [`Call::diagnostics`]: what is still there.
    async fn delete(&self, call: &mut Call, prior: Stored) -> Option<Stored>;

    /// Looks at what is there; `None` where it is gone. An answer that could not be had is an error and never "gone".
    async fn read(&self, call: &mut Call, current: Stored) -> Outcome<Option<Stored>>;

    /// Finds a thing that Terraform does not know yet. It is read right after.
    async fn import(&self, _call: &mut Call, _by: ImportBy) -> Outcome<Stored> {
        Err(Diagnostic::error("Import is not possible", "This resource cannot be imported.").into())
    }

    /// Takes state that an earlier version kept. State of this version does not come here.
    fn upgrade(&self, version: i64, _state: &[u8]) -> Outcome<Value> {
        let detail =
            format!("The state has version {version}, which this version of the provider cannot read.");
        Err(Diagnostic::error("The state is of an unknown version", detail).into())
    }

    /// Takes another resource's state.
    async fn adopt(&self, _call: &mut Call, moved: Moved) -> Outcome<Stored> {
        let detail = format!("State of `{}` cannot become state of this resource.", moved.resource);
        Err(Diagnostic::error("Move is not possible", detail).into())
    }
}
