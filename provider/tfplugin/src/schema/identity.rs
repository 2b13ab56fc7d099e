//! Identities: what tells one remote object from another, for import and lists.
//!
//! Source: <https://developer.hashicorp.com/terraform/plugin/framework/resources/identity>.

use std::collections::BTreeMap;

use crate::value::Type;

/// The attributes of an identity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IdentitySchema {
    /// Counted up when the attributes change.
    pub version: i64,
    /// Attributes by name.
    pub attributes: BTreeMap<String, IdentityAttribute>,
}

/// One attribute of an identity.
#[derive(Clone, Debug, PartialEq)]
pub struct IdentityAttribute {
    /// What it holds.
    pub of: Type,
    /// Whether people give it when they import.
    pub import: ImportUse,
    /// What it is.
    pub about: String,
}

/// Whether people give an attribute when they import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportUse {
    /// They have to.
    Required,
    /// They may.
    Optional,
}

impl IdentitySchema {
    /// The type of its values: an object.
    pub fn value_type(&self) -> Type {
        Type::object(self.attributes.iter().map(|(name, attribute)| (name.clone(), attribute.of.clone())))
    }
}
