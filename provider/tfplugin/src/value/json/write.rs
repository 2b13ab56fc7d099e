//! Writing.

use serde_json::value::RawValue;
use std::collections::BTreeMap;

use super::super::codec::{Walk, index};
use super::super::{CodecError, Problem, Step, Type, Value};

/// Writes `value`, which is of type `of` and wholly known.
///
/// # Errors
/// [`CodecError`] where it is of another type, or a part of it is unknown.
pub fn write(value: &Value, of: &Type) -> Result<String, CodecError> {
    Writer::default().value(value, of).map(|raw| raw.get().to_owned())
}

#[derive(Default)]
struct Writer {
    depth: usize,
}

impl Walk for Writer {
    fn depth(&mut self) -> &mut usize {
        &mut self.depth
    }
}

type Written = Result<Box<RawValue>, CodecError>;

impl Writer {
    fn value(&mut self, value: &Value, of: &Type) -> Written {
        match (value, of) {
            (Value::Null, _) => self.raw(&()),
            (Value::Bool(bool), Type::Bool) => self.raw(bool),
            (Value::Number(number), Type::Number) => {
                RawValue::from_string(number.to_string()).map_err(|_| CodecError::here(Problem::Broken))
            }
            (Value::String(text), Type::String) => self.raw(text),
            (Value::Dynamic(own, value), Type::Dynamic) => self.dynamic(own, value),
            (Value::List(items), Type::List(of)) => self.items(items.iter().map(|item| (item, &**of))),
            (Value::Set(items), Type::Set(of)) => self.items(items.iter().map(|item| (item, &**of))),
            (Value::List(items), Type::Tuple(types)) if items.len() == types.len() => {
                self.items(items.iter().zip(types))
            }
            (Value::Map(entries), Type::Map(of)) => self.map(entries, of),
            (Value::Object(values), Type::Object(attributes)) => self.object(values, attributes),
            (Value::Unknown(_), _) => Err(CodecError::here(Problem::NotKnown)),
            (_, of) => Err(CodecError::here(Problem::Type(of.noun()))),
        }
    }

    fn raw(&self, value: &impl serde::Serialize) -> Written {
        serde_json::value::to_raw_value(value).map_err(|_| CodecError::here(Problem::Broken))
    }

    fn dynamic(&mut self, own: &Type, value: &Value) -> Written {
        #[derive(serde::Serialize)]
        struct Typed<'v> {
            #[serde(rename = "type")]
            of: &'v Type,
            value: Box<RawValue>,
        }
        let value = self.value(value, own)?;
        self.raw(&Typed { of: own, value })
    }

    fn items<'v>(&mut self, items: impl Iterator<Item = (&'v Value, &'v Type)>) -> Written {
        let items = items
            .enumerate()
            .map(|(number, (item, of))| self.within(|| index(number), |writer| writer.value(item, of)));
        let items: Vec<Box<RawValue>> = items.collect::<Result<_, _>>()?;
        self.raw(&items)
    }

    fn map(&mut self, entries: &BTreeMap<String, Value>, of: &Type) -> Written {
        let entries = entries.iter();
        let fields = entries.map(|(key, value)| {
            Ok((key, self.within(|| Step::Key(key.clone()), |writer| writer.value(value, of))?))
        });
        let fields: BTreeMap<&String, Box<RawValue>> = fields.collect::<Result<_, _>>()?;
        self.raw(&fields)
    }

    fn object(&mut self, values: &BTreeMap<String, Value>, types: &BTreeMap<String, Type>) -> Written {
        let mut fields: BTreeMap<&String, Box<RawValue>> = BTreeMap::new();
        for (name, of) in types {
            let Some(value) = values.get(name) else { return self.refuse(name, Problem::Missing) };
            let field = self.within(|| Step::Attribute(name.clone()), |writer| writer.value(value, of))?;
            fields.insert(name, field);
        }
        match values.keys().find(|name| !types.contains_key(*name)) {
            None => self.raw(&fields),
            Some(name) => self.refuse(name, Problem::Unexpected),
        }
    }
}
