//! Values as Terraform sends them.

use std::collections::BTreeMap;

use tfplugin::value::{Type, Value};

/// An object of `of` with null for what is not given, as Terraform sends one.
///
/// # Panics
/// Where `of` is no object, or has no such attribute.
pub fn filled(of: &Type, parts: &[(&str, Value)]) -> Value {
    let Type::Object(attributes) = of else { panic!("not an object: {of:?}") };
    let mut given: BTreeMap<&str, Value> = parts.iter().cloned().collect();
    let fields = attributes.iter().map(|(name, of)| {
        let value = match (given.remove(name.as_str()), of) {
            (Some(Value::Object(parts)), Type::Object(_)) => {
                let parts: Vec<(&str, Value)> =
                    parts.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
                filled(of, &parts)
            }
            (value, _) => value.unwrap_or(Value::Null),
        };
        (name.clone(), value)
    });
    let object = Value::object(fields.collect::<Vec<_>>());
    assert!(given.is_empty(), "no such attribute: {given:?}");
    object
}

/// A text.
pub fn text(text: &str) -> Value {
    Value::string(text)
}

/// An object of texts.
pub fn object(parts: &[(&str, &str)]) -> Value {
    Value::object(parts.iter().map(|(name, value)| (*name, text(value))))
}
