//! Schemas: which attributes there are, and who sets them.
//!
//! Not here: their wire form ([`crate::server`]).

use std::collections::BTreeMap;

use crate::value::Type;

mod attribute;
mod block;
mod function;
mod identity;

pub use attribute::{Attribute, AttributeKind, Mode, Nesting};
pub use block::{Block, BlockNesting};
pub use function::{Parameter, Signature};
pub use identity::{IdentityAttribute, IdentitySchema, ImportUse};

/// What a provider block, a resource, a data source or the like consists of.
///
/// ```
/// use tfplugin::schema::{Attribute, Schema};
/// use tfplugin::value::Type;
///
/// let schema = Schema::new("A pet.")
///     .with("name", Attribute::required(Type::String).about("What it is called."))
///     .with("id", Attribute::computed(Type::String).about("Given by the shelter."));
/// assert_eq!(schema.value_type(), Type::object([("id", Type::String), ("name", Type::String)]));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    /// Of the state that is kept: counted up when old state needs [`crate::provider::Resource::upgrade`].
    pub version: i64,
    /// What it is, in Markdown.
    pub about: String,
    /// What to use instead, where it is deprecated.
    pub deprecated: Option<String>,
    /// Attributes by name.
    pub attributes: BTreeMap<String, Attribute>,
    /// Nested blocks by name.
    pub blocks: BTreeMap<String, Block>,
}

impl Schema {
    /// Without any attribute.
    pub fn new(about: impl Into<String>) -> Self {
        Self { about: about.into(), ..Self::default() }
    }

    /// With one attribute more.
    #[must_use]
    pub fn with(mut self, name: &str, attribute: Attribute) -> Self {
        self.attributes.insert(name.to_owned(), attribute);
        self
    }

    /// With one block more. Attributes serve better where users do not expect a block.
    #[must_use]
    pub fn with_block(mut self, name: &str, block: Block) -> Self {
        self.blocks.insert(name.to_owned(), block);
        self
    }

    /// The type of its values: an object.
    pub fn value_type(&self) -> Type {
        let attributes = self.attributes.iter().map(|(name, attribute)| (name, attribute.value_type()));
        let blocks = self.blocks.iter().map(|(name, block)| (name, block.value_type()));
        Type::Object(attributes.chain(blocks).map(|(name, of)| (name.clone(), of)).collect())
    }
}
