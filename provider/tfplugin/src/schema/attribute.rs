//! Attributes: a type, and who sets it.

use std::collections::BTreeMap;

use crate::value::Type;

/// One attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// What it holds.
    pub kind: AttributeKind,
    /// Who sets it.
    pub mode: Mode,
    /// What it is for, in Markdown.
    pub about: String,
    /// Whether Terraform hides it from people.
    pub sensitive: bool,
    /// Whether it is given at each apply and never kept.
    pub write_only: bool,
    /// What to use instead, where it is deprecated.
    pub deprecated: Option<String>,
}

/// What an attribute holds.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeKind {
    /// A value of this type.
    Value(Type),
    /// Objects whose attributes have modes of their own.
    Nested(Nesting, BTreeMap<String, Attribute>),
}

/// How many objects a nested attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// One.
    Single,
    /// Several in order.
    List,
    /// Several without order.
    Set,
    /// Several by key.
    Map,
}

/// Who sets an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The configuration, always.
    Required,
    /// The configuration may set it, or nothing.
    Optional,
    /// The configuration, or else the provider.
    OptionalComputed,
    /// The provider.
    Computed,
}

impl Attribute {
    fn new(mode: Mode, kind: AttributeKind) -> Self {
        Self { kind, mode, about: String::new(), sensitive: false, write_only: false, deprecated: None }
    }

    /// One that the configuration always sets.
    pub fn required(of: Type) -> Self {
        Self::new(Mode::Required, AttributeKind::Value(of))
    }

    /// One that the configuration may set.
    pub fn optional(of: Type) -> Self {
        Self::new(Mode::Optional, AttributeKind::Value(of))
    }

    /// One that the configuration may set, and else the provider does.
    pub fn optional_computed(of: Type) -> Self {
        Self::new(Mode::OptionalComputed, AttributeKind::Value(of))
    }

    /// One that the provider sets.
    pub fn computed(of: Type) -> Self {
        Self::new(Mode::Computed, AttributeKind::Value(of))
    }

    /// Objects with attributes of their own.
    pub fn nested<'n>(
        mode: Mode,
        nesting: Nesting,
        attributes: impl IntoIterator<Item = (&'n str, Self)>,
    ) -> Self {
        let attributes = attributes.into_iter().map(|(name, attribute)| (name.to_owned(), attribute));
        Self::new(mode, AttributeKind::Nested(nesting, attributes.collect()))
    }

    /// With this description.
    #[must_use]
    pub fn about(self, about: impl Into<String>) -> Self {
        Self { about: about.into(), ..self }
    }

    /// Hidden from people.
    #[must_use]
    pub fn sensitive(self) -> Self {
        Self { sensitive: true, ..self }
    }

    /// Never kept.
    #[must_use]
    pub fn write_only(self) -> Self {
        Self { write_only: true, ..self }
    }

    /// Deprecated, with what to use instead.
    #[must_use]
    pub fn deprecated(self, instead: impl Into<String>) -> Self {
        Self { deprecated: Some(instead.into()), ..self }
    }

    /// Whether the provider may set it.
    pub fn is_computed(&self) -> bool {
        matches!(self.mode, Mode::Computed | Mode::OptionalComputed)
    }

    /// The type of its values.
    pub fn value_type(&self) -> Type {
        match &self.kind {
            AttributeKind::Value(of) => of.clone(),
            AttributeKind::Nested(nesting, attributes) => {
                let object =
                    Type::object(attributes.iter().map(|(name, one)| (name.clone(), one.value_type())));
                match nesting {
                    Nesting::Single => object,
                    Nesting::List => Type::list(object),
                    Nesting::Set => Type::set(object),
                    Nesting::Map => Type::map(object),
                }
            }
        }
    }
}
