//! Values as Terraform keeps them in its state: JSON. Nothing is unknown there.
//!
//! Numbers are read from their digits, so that none is rounded on the way.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::codec::{Walk, index};
use super::{CodecError, Problem, Step, Type, Value};

mod write;

pub use write::write;

/// How attributes that the type has and the text has not, and the other way round, are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attributes {
    /// All there, and no others.
    Exact,
    /// What is missing is null, what is unknown is dropped: state that another version of the provider wrote.
    Migrated,
}

/// Reads a value of type `of`.
///
/// # Errors
/// [`CodecError`] where the text is no such value.
///
/// ```
/// use tfplugin::value::json::{Attributes, read};
/// use tfplugin::value::{Type, Value};
///
/// let of = Type::object([("a", Type::String), ("b", Type::Bool)]);
/// let state = read(br#"{"a": "x", "gone": 1}"#, &of, Attributes::Migrated).unwrap();
/// assert_eq!(state, Value::object([("a", Value::string("x")), ("b", Value::Null)]));
/// ```
pub fn read(text: &[u8], of: &Type, attributes: Attributes) -> Result<Value, CodecError> {
    let raw: &RawValue = serde_json::from_slice(text).map_err(|_| CodecError::here(Problem::Broken))?;
    Reader { depth: 0, attributes }.value(raw, of)
}

struct Reader {
    depth: usize,
    attributes: Attributes,
}

impl Walk for Reader {
    fn depth(&mut self) -> &mut usize {
        &mut self.depth
    }
}

type Read<T> = Result<T, CodecError>;

impl Reader {
    fn value(&mut self, raw: &RawValue, of: &Type) -> Read<Value> {
        if raw.get() == "null" {
            return Ok(Value::Null);
        }
        match of {
            Type::Bool => self.parse(raw, of).map(Value::Bool),
            Type::String => self.parse::<Cow<'_, str>>(raw, of).map(Value::string),
            Type::Number => self.number(raw),
            Type::Dynamic => self.dynamic(raw),
            Type::List(element) => self.items(raw, of, element).map(Value::List),
            Type::Set(element) => {
                self.items(raw, of, element).map(|items| Value::Set(BTreeSet::from_iter(items)))
            }
            Type::Map(element) => self.map(raw, element).map(Value::Map),
            Type::Object(types) => self.object(raw, types).map(Value::Object),
            Type::Tuple(types) => self.tuple(raw, types).map(Value::List),
        }
    }

    fn parse<'r, T: Deserialize<'r>>(&self, raw: &'r RawValue, of: &Type) -> Read<T> {
        serde_json::from_str(raw.get()).map_err(|_| CodecError::here(Problem::Type(of.noun())))
    }

    /// In digits, or in digits between quotes, which is how go-cty writes what JavaScript would round.
    fn number(&self, raw: &RawValue) -> Read<Value> {
        let text = match raw.get().starts_with('"') {
            true => self.parse::<Cow<'_, str>>(raw, &Type::Number)?,
            false => Cow::Borrowed(raw.get()),
        };
        match raw.get().starts_with(['{', '[', 't', 'f']) {
            true => Err(CodecError::here(Problem::Type("a number"))),
            false => {
                text.parse().map(Value::Number).map_err(|error| CodecError::here(Problem::Number(error)))
            }
        }
    }

    fn dynamic(&mut self, raw: &RawValue) -> Read<Value> {
        #[derive(Deserialize)]
        struct Typed<'r> {
            #[serde(rename = "type")]
            of: Type,
            #[serde(borrow)]
            value: &'r RawValue,
        }
        let Typed { of, value } = self.parse(raw, &Type::Dynamic)?;
        if of == Type::Dynamic && value.get() != "null" {
            return Err(CodecError::here(Problem::Type(of.noun())));
        }
        Ok(match self.value(value, &of)? {
            Value::Null => Value::Null,
            value => Value::Dynamic(of, Box::new(value)),
        })
    }

    fn items(&mut self, raw: &RawValue, of: &Type, element: &Type) -> Read<Vec<Value>> {
        let items: Vec<&RawValue> = self.parse(raw, of)?;
        let items = items.into_iter().enumerate();
        items
            .map(|(number, item)| self.within(|| index(number), |reader| reader.value(item, element)))
            .collect()
    }

    fn tuple(&mut self, raw: &RawValue, types: &[Type]) -> Read<Vec<Value>> {
        let items: Vec<&RawValue> =
            serde_json::from_str(raw.get()).map_err(|_| CodecError::here(Problem::Type("a tuple")))?;
        let (found, expected) = (items.len(), types.len());
        if found != expected {
            return Err(CodecError::here(Problem::Length { found, expected }));
        }
        let items = items.into_iter().zip(types).enumerate();
        items
            .map(|(number, (item, of))| self.within(|| index(number), |reader| reader.value(item, of)))
            .collect()
    }

    fn map(&mut self, raw: &RawValue, element: &Type) -> Read<BTreeMap<String, Value>> {
        let entries: BTreeMap<String, &RawValue> =
            serde_json::from_str(raw.get()).map_err(|_| CodecError::here(Problem::Type("a map")))?;
        let read = |(key, item): (String, &RawValue)| {
            let value = self.within(|| Step::Key(key.clone()), |reader| reader.value(item, element))?;
            Ok((key, value))
        };
        entries.into_iter().map(read).collect()
    }

    fn object(&mut self, raw: &RawValue, types: &BTreeMap<String, Type>) -> Read<BTreeMap<String, Value>> {
        let fields: BTreeMap<String, &RawValue> =
            serde_json::from_str(raw.get()).map_err(|_| CodecError::here(Problem::Type("an object")))?;
        if let Some(name) = fields.keys().find(|name| !types.contains_key(*name)) {
            self.tolerate(name, Problem::Unexpected)?;
        }
        let attribute = |(name, of): (&String, &Type)| {
            let value = match fields.get(name) {
                Some(raw) => self.within(|| Step::Attribute(name.clone()), |reader| reader.value(raw, of))?,
                None => self.tolerate(name, Problem::Missing).map(|()| Value::Null)?,
            };
            Ok((name.clone(), value))
        };
        types.iter().map(attribute).collect()
    }

    fn tolerate(&self, name: &str, problem: Problem) -> Read<()> {
        match self.attributes {
            Attributes::Migrated => Ok(()),
            Attributes::Exact => self.refuse(name, problem),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str, of: &Type) -> Result<Value, String> {
        read(text.as_bytes(), of, Attributes::Exact).map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_are_not_rounded() {
        for text in ["0.1", "12345678901234567890123", "9007199254740993", "1e3"] {
            let number = Value::Number(text.parse().unwrap());
            assert_eq!(exact(text, &Type::Number), Ok(number.clone()));
            assert_eq!(exact(&format!("\"{text}\""), &Type::Number), Ok(number.clone()));
            let written = write(&number, &Type::Number).unwrap();
            assert_eq!(exact(&written, &Type::Number), Ok(number));
        }
    }

    #[test]
    fn texts_are_in_normal_form_c() {
        assert_eq!(exact("\"e\\u0301\"", &Type::String), Ok(Value::string("\u{e9}")));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let of = Type::object([("a", Type::list(Type::object([("b", Type::Bool)])))]);
        for (text, sentence) in [
            ("", "the encoding is broken"),
            ("{} x", "the encoding is broken"),
            ("{}", "`a`: the attribute is missing"),
            (r#"{"a":[],"c":1}"#, "`c`: there is no such attribute"),
            (r#"{"a":[{"b":1}]}"#, "`a[0].b`: it is not a bool"),
            (r#"{"a":{}}"#, "`a`: it is not a list"),
            ("[]", "it is not an object"),
        ] {
            assert_eq!(exact(text, &of), Err(sentence.to_owned()), "{text}");
        }
        assert_eq!(exact("true", &Type::Number), Err("it is not a number".to_owned()));
    }

    #[test]
    fn open_types_carry_their_type() {
        let value = Value::Dynamic(Type::Bool, Box::new(Value::Bool(true)));
        let text = write(&value, &Type::Dynamic).unwrap();
        assert_eq!(text, r#"{"type":"bool","value":true}"#);
        assert_eq!(exact(&text, &Type::Dynamic), Ok(value));
        assert!(exact(r#"{"type":"dynamic","value":{"type":"bool","value":true}}"#, &Type::Dynamic).is_err());
    }

    #[test]
    fn what_is_unknown_cannot_be_kept() {
        let error = write(&Value::object([("a", Value::UNKNOWN)]), &Type::object([("a", Type::Bool)]));
        assert_eq!(error.unwrap_err().to_string(), "`a`: it is not known");
    }
}
