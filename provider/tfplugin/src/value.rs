//! Values: what Terraform and a provider tell each other, as its type system [cty] has them.
//!
//! A [`Value`] does not carry its [`Type`]; the schema does, and the codecs ([`msgpack`], [`json`]) are driven by it. Not
//! here: which attributes there are ([`crate::schema`]).
//!
//! [cty]: https://github.com/zclconf/go-cty/blob/main/docs/types.md

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::{UnicodeNormalization, is_nfc};

pub mod json;
pub mod msgpack;

mod codec;
mod model;
mod number;
mod path;
mod refine;
mod types;

pub(crate) use codec::index;
pub use codec::{CodecError, Problem};
pub use model::{Attr, FromValue, IntoValue, Mismatch, take};
pub use number::{Number, NumberError};
pub use path::{Path, Step};
pub use refine::Refinements;
pub use types::Type;

/// One value: known, null or not known yet.
///
/// Sets are sorted and hold nothing twice, so that equal sets are equal values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Absent.
    Null,
    /// To be known after apply; what is already known of it is in the refinements.
    Unknown(Refinements),
    /// A truth value.
    Bool(bool),
    /// An exact number.
    Number(Number),
    /// A text, in Unicode's normal form C. [`Value::string`] makes one.
    String(String),
    /// A list or a tuple.
    List(Vec<Value>),
    /// A set.
    Set(BTreeSet<Value>),
    /// A map.
    Map(BTreeMap<String, Value>),
    /// An object: each attribute of its type is there.
    Object(BTreeMap<String, Value>),
    /// A value of a type that the schema leaves open, with that type.
    Dynamic(Type, Box<Value>),
}

impl Value {
    /// A value of which nothing is known.
    pub const UNKNOWN: Self = Self::Unknown(Refinements::NONE);

    /// A text, normalised as Terraform does.
    pub fn string(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        Self::String(match is_nfc(text) {
            true => text.to_owned(),
            false => text.nfc().collect(),
        })
    }

    /// A whole number.
    pub fn int(number: i64) -> Self {
        Self::Number(number.into())
    }

    /// An object of these attributes.
    pub fn object<K: Into<String>>(attributes: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Object(attributes.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        *self == Self::Null
    }

    /// Whether it is unknown itself; parts of it are not looked at.
    pub fn is_unknown(&self) -> bool {
        matches!(self.undressed(), Self::Unknown(_))
    }

    /// Whether it and all its parts are known.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => true,
            Self::List(items) => items.iter().all(Self::is_wholly_known),
            Self::Set(items) => items.iter().all(Self::is_wholly_known),
            Self::Map(entries) | Self::Object(entries) => entries.values().all(Self::is_wholly_known),
            Self::Dynamic(_, value) => value.is_wholly_known(),
        }
    }

    /// The text, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The attribute `name`, where it is an object that has it.
    pub fn attribute(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(attributes) => attributes.get(name),
            _ => None,
        }
    }

    /// The value without the type that an open type made it carry.
    pub fn undressed(&self) -> &Self {
        match self {
            Self::Dynamic(_, value) => value.undressed(),
            other => other,
        }
    }

    /// The value with each part that has no parts itself changed.
    #[must_use]
    pub fn map_leaves(self, change: &mut impl FnMut(Self) -> Self) -> Self {
        let entries = |entries: BTreeMap<String, Self>, change: &mut _| {
            entries.into_iter().map(|(key, one)| (key, one.map_leaves(change))).collect()
        };
        match self {
            Self::List(items) => Self::List(items.into_iter().map(|one| one.map_leaves(change)).collect()),
            Self::Set(items) => Self::Set(items.into_iter().map(|one| one.map_leaves(change)).collect()),
            Self::Map(all) => Self::Map(entries(all, change)),
            Self::Object(all) => Self::Object(entries(all, change)),
            Self::Dynamic(of, value) => Self::Dynamic(of, Box::new(value.map_leaves(change))),
            leaf => change(leaf),
        }
    }

    /// What stands at `path`; `None` where the path leads nowhere.
    pub fn at(&self, path: &Path) -> Option<&Self> {
        path.steps().iter().try_fold(self, |value, step| match (value.undressed(), step) {
            (Self::Object(attributes), Step::Attribute(name)) => attributes.get(name),
            (Self::Map(entries), Step::Key(key)) => entries.get(key),
            (Self::List(items), Step::Index(index)) => {
                usize::try_from(*index).ok().and_then(|index| items.get(index))
            }
            _ => None,
        })
    }
}
