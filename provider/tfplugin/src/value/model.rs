//! Models: values as types of Rust, and back.
//!
//! [`crate::model!`] makes a struct of an object's attributes. Not here: whether a value has the schema's type; the codec
//! has seen to it, so that a mismatch is a fault of the provider.

use std::collections::{BTreeMap, BTreeSet};

use super::{Number, Path, Refinements, Step, Value};

/// A value where anything may stand: absent, not known yet, or there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Attr<T> {
    /// Absent.
    #[default]
    Null,
    /// To be known after apply.
    Unknown,
    /// There.
    Known(T),
}

/// A value that does not fit the model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` is not {expected}")]
pub struct Mismatch {
    /// Which part.
    pub path: Path,
    /// What the model wants there.
    pub expected: &'static str,
}

/// What can be made from a value.
pub trait FromValue: Sized {
    /// Makes it.
    ///
    /// # Errors
    /// [`Mismatch`] where `value` is something else.
    fn from_value(value: Value) -> Result<Self, Mismatch>;
}

/// What can be made into a value.
pub trait IntoValue {
    /// Makes it.
    fn into_value(self) -> Value;
}

impl<T> Attr<T> {
    /// What is there.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    /// What is there.
    pub fn into_known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    /// Whether it is absent.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is not known yet.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// The same of something else.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Attr<U> {
        match self {
            Self::Null => Attr::Null,
            Self::Unknown => Attr::Unknown,
            Self::Known(value) => Attr::Known(change(value)),
        }
    }
}

impl<T> From<Option<T>> for Attr<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Known)
    }
}

impl Mismatch {
    /// At the value itself.
    pub fn new(expected: &'static str) -> Self {
        Self { path: Path::root(), expected }
    }

    /// The same, seen from one step further out.
    #[must_use]
    pub fn under(self, step: Step) -> Self {
        let path = self.path.steps().iter().cloned().fold(Path::root().then(step), Path::then);
        Self { path, ..self }
    }
}

/// What the macro calls: the attribute `name` of an object, null where it is missing.
///
/// # Errors
/// [`Mismatch`] where it is something else.
pub fn take<T: FromValue>(object: &mut BTreeMap<String, Value>, name: &str) -> Result<T, Mismatch> {
    let value = object.remove(name).unwrap_or(Value::Null);
    T::from_value(value).map_err(|mismatch| mismatch.under(Step::Attribute(name.to_owned())))
}

/// Makes a struct a model of an object: one field per attribute, under the attribute's name.
///
/// ```
/// use tfplugin::value::{Attr, FromValue, IntoValue, Value};
///
/// tfplugin::model! {
///     /// A pet.
///     #[derive(Debug, PartialEq)]
///     pub struct Pet {
///         /// What it is called.
///         pub name: String,
///         /// How old it is.
///         pub age: Attr<i64>,
///     }
/// }
/// let value = Value::object([("name", Value::string("Rex")), ("age", Value::UNKNOWN)]);
/// let pet = Pet::from_value(value.clone()).unwrap();
/// assert_eq!(pet, Pet { name: "Rex".into(), age: Attr::Unknown });
/// assert_eq!(pet.into_value(), value);
/// ```
#[macro_export]
macro_rules! model {
    ($(#[$about:meta])* $shown:vis struct $name:ident {
        $($(#[$field_about:meta])* $field_shown:vis $field:ident: $kind:ty),* $(,)?
    }) => {
        $(#[$about])*
        $shown struct $name {
            $($(#[$field_about])* $field_shown $field: $kind),*
        }

        impl $crate::value::FromValue for $name {
            fn from_value(value: $crate::value::Value) -> Result<Self, $crate::value::Mismatch> {
                match value {
                    $crate::value::Value::Object(mut object) => Ok(Self {
                        $($field: $crate::value::take(&mut object, stringify!($field))?),*
                    }),
                    _ => Err($crate::value::Mismatch::new("an object")),
                }
            }
        }

        impl $crate::value::IntoValue for $name {
            fn into_value(self) -> $crate::value::Value {
                $crate::value::Value::object([
                    $((stringify!($field), $crate::value::IntoValue::into_value(self.$field))),*
                ])
            }
        }
    };
}

impl FromValue for Value {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        Ok(value)
    }
}

impl FromValue for bool {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Bool(bool) => Ok(bool),
            _ => Err(Mismatch::new("a bool")),
        }
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::String(text) => Ok(text),
            _ => Err(Mismatch::new("a string")),
        }
    }
}

impl FromValue for Number {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Number(number) => Ok(number),
            _ => Err(Mismatch::new("a number")),
        }
    }
}

impl FromValue for i64 {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        Number::from_value(value)?.to_i64().ok_or_else(|| Mismatch::new("a whole number of at most 64 bits"))
    }
}

impl<T: FromValue> FromValue for Attr<T> {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Null => Ok(Self::Null),
            Value::Unknown(_) => Ok(Self::Unknown),
            value => T::from_value(value).map(Self::Known),
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        if value.is_null() { Ok(None) } else { T::from_value(value).map(Some) }
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let items = match value {
            Value::List(items) => items,
            // Elements of sets have no path.
            Value::Set(items) => return items.into_iter().map(T::from_value).collect(),
            _ => return Err(Mismatch::new("a list")),
        };
        let item = |(number, item)| {
            T::from_value(item).map_err(|mismatch| mismatch.under(super::codec::index(number)))
        };
        items.into_iter().enumerate().map(item).collect()
    }
}

impl<T: FromValue + Ord> FromValue for BTreeSet<T> {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Set(items) => items.into_iter().map(T::from_value).collect(),
            _ => Err(Mismatch::new("a set")),
        }
    }
}

impl<T: FromValue> FromValue for BTreeMap<String, T> {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let Value::Map(entries) = value else { return Err(Mismatch::new("a map")) };
        let entry = |(key, value): (String, Value)| match T::from_value(value) {
            Ok(value) => Ok((key, value)),
            Err(mismatch) => Err(mismatch.under(Step::Key(key))),
        };
        entries.into_iter().map(entry).collect()
    }
}

impl IntoValue for Value {
    fn into_value(self) -> Value {
        self
    }
}

impl IntoValue for bool {
    fn into_value(self) -> Value {
        Value::Bool(self)
    }
}

impl IntoValue for String {
    fn into_value(self) -> Value {
        Value::string(self)
    }
}

impl IntoValue for &str {
    fn into_value(self) -> Value {
        Value::string(self)
    }
}

impl IntoValue for Number {
    fn into_value(self) -> Value {
        Value::Number(self)
    }
}

impl IntoValue for i64 {
    fn into_value(self) -> Value {
        Value::int(self)
    }
}

impl<T: IntoValue> IntoValue for Attr<T> {
    fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Unknown => Value::Unknown(Refinements::NONE),
            Self::Known(value) => value.into_value(),
        }
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null, IntoValue::into_value)
    }
}

impl<T: IntoValue> IntoValue for Vec<T> {
    fn into_value(self) -> Value {
        Value::List(self.into_iter().map(IntoValue::into_value).collect())
    }
}

impl<T: IntoValue> IntoValue for BTreeSet<T> {
    fn into_value(self) -> Value {
        Value::Set(self.into_iter().map(IntoValue::into_value).collect())
    }
}

impl<T: IntoValue> IntoValue for BTreeMap<String, T> {
    fn into_value(self) -> Value {
        Value::Map(self.into_iter().map(|(key, value)| (key, value.into_value())).collect())
    }
}
