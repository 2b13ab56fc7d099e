//! Reading. Lengths are believed only as far as there are bytes.

use std::collections::{BTreeMap, BTreeSet};

use rmp::Marker;
use rmp::decode;

use super::super::codec::Walk;
use super::super::{Number, NumberError, Refinements, Step};
use super::{CodecError, Problem, REFINED, Type, Value, index, key};

pub(super) struct Reader<'b> {
    rest: &'b [u8],
    depth: usize,
}

impl Walk for Reader<'_> {
    fn depth(&mut self) -> &mut usize {
        &mut self.depth
    }
}

type Read<T> = Result<T, CodecError>;

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes, depth: 0 }
    }

    pub(super) fn end(&self) -> Read<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(CodecError::here(Problem::Trailing)) }
    }

    pub(super) fn value(&mut self, of: &Type) -> Read<Value> {
        match self.marker()? {
            Marker::Null => self.take(1).map(|_| Value::Null),
            marker if is_extension(marker) => self.unknown().map(Value::Unknown),
            marker => self.known(marker, of),
        }
    }

    fn known(&mut self, marker: Marker, of: &Type) -> Read<Value> {
        match of {
            Type::Bool => self.bool(marker).map(Value::Bool),
            Type::Number => self.number(marker).map(Value::Number),
            Type::String => self.string("a string").map(Value::string),
            Type::Dynamic => self.dynamic(),
            Type::List(of) => self.items("a list", |_| of).map(Value::List),
            Type::Set(of) => self.items("a set", |_| of).map(|items| Value::Set(BTreeSet::from_iter(items))),
            Type::Map(of) => self.map(of).map(Value::Map),
            Type::Object(attributes) => self.object(attributes).map(Value::Object),
            Type::Tuple(types) => self.tuple(types).map(Value::List),
        }
    }

    fn bool(&mut self, marker: Marker) -> Read<bool> {
        let known = match marker {
            Marker::True => true,
            Marker::False => false,
            _ => return Err(CodecError::here(Problem::Type("a bool"))),
        };
        self.take(1).map(|_| known)
    }

    fn number(&mut self, marker: Marker) -> Read<Number> {
        let float = match marker {
            Marker::F32 => decode::read_f32(&mut self.rest).map(f64::from),
            Marker::F64 => decode::read_f64(&mut self.rest),
            Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => {
                let text = self.string("a number")?;
                return text.parse().map_err(|error| CodecError::here(Problem::Number(error)));
            }
            _ => return self.int(),
        };
        let float = float.map_err(|_| broken())?;
        Number::from_f64(float).ok_or_else(|| CodecError::here(Problem::Number(NumberError::Form)))
    }

    fn int(&mut self) -> Read<Number> {
        let before = self.rest;
        if let Ok(number) = decode::read_int::<i64, _>(&mut self.rest) {
            return Ok(number.into());
        }
        self.rest = before;
        let number = decode::read_int::<u64, _>(&mut self.rest);
        number.map(Number::from).map_err(|_| CodecError::here(Problem::Type("a number")))
    }

    fn string(&mut self, expected: &'static str) -> Read<&'b str> {
        let length = decode::read_str_len(&mut self.rest);
        let length = length.map_err(|_| CodecError::here(Problem::Type(expected)))?;
        let bytes = self.take(length as usize)?;
        std::str::from_utf8(bytes).map_err(|_| broken())
    }

    /// `[type as JSON, value]`.
    fn dynamic(&mut self) -> Read<Value> {
        let expected = Problem::Type("a value with its type");
        match decode::read_array_len(&mut self.rest) {
            Ok(2) => {}
            _ => return Err(CodecError::here(expected)),
        }
        let length = decode::read_bin_len(&mut self.rest).map_err(|_| CodecError::here(expected.clone()))?;
        let of: Type = serde_json::from_slice(self.take(length as usize)?)
            .map_err(|_| CodecError::here(expected.clone()))?;
        match (self.marker()?, of) {
            (Marker::Null, _) => self.take(1).map(|_| Value::Null),
            (marker, Type::Dynamic) if is_extension(marker) => self.unknown().map(Value::Unknown),
            (_, Type::Dynamic) => Err(CodecError::here(expected)),
            (_, of) => self.value(&of).map(|value| Value::Dynamic(of, Box::new(value))),
        }
    }

    fn items<'t>(&mut self, expected: &'static str, of: impl Fn(usize) -> &'t Type) -> Read<Vec<Value>> {
        let length = decode::read_array_len(&mut self.rest);
        let length = length.map_err(|_| CodecError::here(Problem::Type(expected)))?;
        let mut items = Vec::new();
        for number in 0..length as usize {
            items.push(self.within(|| index(number), |reader| reader.value(of(number)))?);
        }
        Ok(items)
    }

    fn tuple(&mut self, types: &[Type]) -> Read<Vec<Value>> {
        let length = decode::read_array_len(&mut self.rest);
        let found = length.map_err(|_| CodecError::here(Problem::Type("a tuple")))? as usize;
        if found != types.len() {
            return Err(CodecError::here(Problem::Length { found, expected: types.len() }));
        }
        let items = types.iter().enumerate();
        items.map(|(number, of)| self.within(|| index(number), |reader| reader.value(of))).collect()
    }

    fn map(&mut self, of: &Type) -> Read<BTreeMap<String, Value>> {
        let mut entries = BTreeMap::new();
        for _ in 0..self.map_length("a map")? {
            let key = self.string("a map with texts as keys")?.to_owned();
            let value = self.within(|| Step::Key(key.clone()), |reader| reader.value(of))?;
            entries.insert(key, value);
        }
        Ok(entries)
    }

    fn object(&mut self, attributes: &BTreeMap<String, Type>) -> Read<BTreeMap<String, Value>> {
        let mut values = BTreeMap::new();
        for _ in 0..self.map_length("an object")? {
            let name = self.string("an object")?;
            let Some((name, of)) = attributes.get_key_value(name) else {
                return self.refuse(name, Problem::Unexpected);
            };
            let value = self.within(|| Step::Attribute(name.clone()), |reader| reader.value(of))?;
            values.insert(name.clone(), value);
        }
        match attributes.keys().find(|name| !values.contains_key(*name)) {
            None => Ok(values),
            Some(name) => self.refuse(name, Problem::Missing),
        }
    }

    fn map_length(&mut self, expected: &'static str) -> Read<u32> {
        decode::read_map_len(&mut self.rest).map_err(|_| CodecError::here(Problem::Type(expected)))
    }

    /// What an extension says; one that is not understood says nothing.
    fn unknown(&mut self) -> Read<Refinements> {
        let meta = decode::read_ext_meta(&mut self.rest).map_err(|_| broken())?;
        let payload = self.take(meta.size as usize)?;
        match meta.typeid {
            REFINED => Ok(refinements(payload).unwrap_or(Refinements::NONE)),
            _ => Ok(Refinements::NONE),
        }
    }

    fn marker(&self) -> Read<Marker> {
        self.rest.first().map(|byte| Marker::from_u8(*byte)).ok_or_else(broken)
    }

    fn take(&mut self, count: usize) -> Read<&'b [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(broken)?;
        self.rest = rest;
        Ok(taken)
    }
}

fn broken() -> CodecError {
    CodecError::here(Problem::Broken)
}

fn is_extension(marker: Marker) -> bool {
    use Marker::{Ext8, Ext16, Ext32, FixExt1, FixExt2, FixExt4, FixExt8, FixExt16};
    matches!(marker, FixExt1 | FixExt2 | FixExt4 | FixExt8 | FixExt16 | Ext8 | Ext16 | Ext32)
}

/// `None` where the map cannot be read to its end: later versions may say things that this one does not know.
fn refinements(payload: &[u8]) -> Option<Refinements> {
    let mut reader = Reader::new(payload);
    let mut known = Refinements::NONE;
    for _ in 0..reader.map_length("").ok()? {
        match decode::read_int::<u64, _>(&mut reader.rest).ok()? {
            key::NULLNESS => known.not_null = !decode::read_bool(&mut reader.rest).ok()?,
            key::PREFIX => known.prefix = Some(reader.string("").ok()?.to_owned()),
            key::AT_LEAST => known.at_least = Some(reader.bound()?),
            key::AT_MOST => known.at_most = Some(reader.bound()?),
            key::MIN_LENGTH => known.min_length = decode::read_int(&mut reader.rest).ok(),
            key::MAX_LENGTH => known.max_length = decode::read_int(&mut reader.rest).ok(),
            _ => return None,
        }
    }
    Some(known)
}

impl Reader<'_> {
    /// `[number, inclusive]`.
    fn bound(&mut self) -> Option<(Number, bool)> {
        match decode::read_array_len(&mut self.rest).ok()? {
            2 => {
                let marker = self.marker().ok()?;
                Some((self.number(marker).ok()?, decode::read_bool(&mut self.rest).ok()?))
            }
            _ => None,
        }
    }
}
