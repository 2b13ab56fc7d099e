//! Writing, in forms that go-cty reads: its own, except that a whole number beyond 64 bits goes as a float where it is one exactly.

use std::collections::BTreeMap;

use rmp::encode;

use super::super::codec::Walk;
use super::super::{Number, Refinements, Step};
use super::{CodecError, Problem, REFINED, Type, UNKNOWN, Value, index, key};

#[derive(Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
    depth: usize,
}

impl Walk for Writer {
    fn depth(&mut self) -> &mut usize {
        &mut self.depth
    }
}

type Written = Result<(), CodecError>;

impl Writer {
    pub(super) fn value(&mut self, value: &Value, of: &Type) -> Written {
        match (value, of) {
            (Value::Null, _) => self.nil(),
            (Value::Unknown(refinements), _) => self.unknown(refinements),
            (Value::Bool(bool), Type::Bool) => self.bytes.push(if *bool { 0xc3 } else { 0xc2 }),
            (Value::Number(number), Type::Number) => self.number(number),
            (Value::String(text), Type::String) => self.text(text),
            (Value::Dynamic(own, value), Type::Dynamic) => return self.dynamic(own, value),
            (Value::List(items), Type::List(of)) => {
                return self.items(items.iter().map(|item| (item, &**of)));
            }
            (Value::Set(items), Type::Set(of)) => return self.items(items.iter().map(|item| (item, &**of))),
            (Value::List(items), Type::Tuple(types)) => return self.tuple(items, types),
            (Value::Map(entries), Type::Map(of)) => return self.map(entries, of),
            (Value::Object(values), Type::Object(attributes)) => return self.object(values, attributes),
            (_, of) => return Err(CodecError::here(Problem::Type(of.noun()))),
        }
        Ok(())
    }

    fn nil(&mut self) {
        self.bytes.push(0xc0);
    }

    fn text(&mut self, text: &str) {
        in_memory(encode::write_str(&mut self.bytes, text));
    }

    /// An integer, else a float where that is exact, else the digits.
    fn number(&mut self, number: &Number) {
        match (number.to_i64(), number.to_exact_f64()) {
            (Some(int), _) => in_memory(encode::write_sint(&mut self.bytes, int)),
            (None, Some(float)) => in_memory(encode::write_f64(&mut self.bytes, float)),
            (None, None) => self.text(&number.to_string()),
        }
    }

    fn dynamic(&mut self, own: &Type, value: &Value) -> Written {
        let json = serde_json::to_vec(own).map_err(|_| CodecError::here(Problem::Broken))?;
        self.array(2);
        in_memory(encode::write_bin(&mut self.bytes, &json));
        self.value(value, own)
    }

    fn items<'v>(&mut self, items: impl ExactSizeIterator<Item = (&'v Value, &'v Type)>) -> Written {
        self.array(items.len());
        for (number, (item, of)) in items.enumerate() {
            self.within(|| index(number), |writer| writer.value(item, of))?;
        }
        Ok(())
    }

    fn tuple(&mut self, items: &[Value], types: &[Type]) -> Written {
        let (found, expected) = (items.len(), types.len());
        if found != expected {
            return Err(CodecError::here(Problem::Length { found, expected }));
        }
        self.items(items.iter().zip(types))
    }

    fn map(&mut self, entries: &BTreeMap<String, Value>, of: &Type) -> Written {
        self.map_of(entries.len());
        for (key, value) in entries {
            self.text(key);
            self.within(|| Step::Key(key.clone()), |writer| writer.value(value, of))?;
        }
        Ok(())
    }

    fn object(&mut self, values: &BTreeMap<String, Value>, attributes: &BTreeMap<String, Type>) -> Written {
        let stray = values.keys().find(|name| !attributes.contains_key(*name));
        if let Some(name) = stray {
            return self.refuse(name, Problem::Unexpected);
        }
        self.map_of(attributes.len());
        for (name, of) in attributes {
            let Some(value) = values.get(name) else { return self.refuse(name, Problem::Missing) };
            self.text(name);
            self.within(|| Step::Attribute(name.clone()), |writer| writer.value(value, of))?;
        }
        Ok(())
    }

    fn unknown(&mut self, refinements: &Refinements) {
        if *refinements == Refinements::NONE {
            in_memory(encode::write_ext_meta(&mut self.bytes, 1, UNKNOWN));
            self.bytes.push(0);
            return;
        }
        let mut payload = Self::default();
        payload.refinements(refinements);
        let length = u32::try_from(payload.bytes.len()).unwrap_or(u32::MAX);
        // go-cty writes the form with a length, whatever the length.
        match u8::try_from(length) {
            Ok(short) => self.bytes.extend([0xc7, short, REFINED as u8]),
            Err(_) => in_memory(encode::write_ext_meta(&mut self.bytes, length, REFINED)),
        }
        self.bytes.extend(payload.bytes);
    }

    fn refinements(&mut self, known: &Refinements) {
        let Refinements { not_null, prefix, at_least, at_most, min_length, max_length } = known;
        let optional = [
            prefix.is_some(),
            at_least.is_some(),
            at_most.is_some(),
            min_length.is_some(),
            max_length.is_some(),
        ];
        self.map_of(usize::from(*not_null) + optional.into_iter().filter(|is_there| *is_there).count());
        if *not_null {
            self.key(key::NULLNESS);
            self.bytes.push(0xc2);
        }
        if let Some(prefix) = prefix {
            self.key(key::PREFIX);
            self.text(prefix);
        }
        self.bound(key::AT_LEAST, at_least.as_ref());
        self.bound(key::AT_MOST, at_most.as_ref());
        for (key, length) in [(key::MIN_LENGTH, min_length), (key::MAX_LENGTH, max_length)] {
            if let Some(length) = length {
                self.key(key);
                in_memory(encode::write_uint(&mut self.bytes, *length));
            }
        }
    }

    fn bound(&mut self, key: u64, bound: Option<&(Number, bool)>) {
        if let Some((number, inclusive)) = bound {
            self.key(key);
            self.array(2);
            self.number(number);
            self.bytes.push(if *inclusive { 0xc3 } else { 0xc2 });
        }
    }

    fn key(&mut self, key: u64) {
        in_memory(encode::write_uint(&mut self.bytes, key));
    }

    fn array(&mut self, length: usize) {
        in_memory(encode::write_array_len(&mut self.bytes, u32::try_from(length).unwrap_or(u32::MAX)));
    }

    fn map_of(&mut self, length: usize) {
        in_memory(encode::write_map_len(&mut self.bytes, u32::try_from(length).unwrap_or(u32::MAX)));
    }
}

/// Writing to memory does not fail.
fn in_memory<T, E>(_: Result<T, E>) {}
