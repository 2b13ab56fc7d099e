//! Values of dynamic type as plain JSON, such as the result of `yamldecode`, read with serde.
//!
//! Null is absent: Terraform fills objects of one list with nulls. Not here: what the JSON means.

use serde_json::Value as Json;
use tfplugin::value::{Mismatch, Number, Value};

/// The value as JSON; `None` where a part of it is not known yet, or a number has no JSON form.
pub(crate) fn json(value: &Value) -> Option<Json> {
    match value {
        Value::Null => Some(Json::Null),
        Value::Unknown(_) => None,
        Value::Bool(bool) => Some(Json::Bool(*bool)),
        Value::Number(number) => json_number(number),
        Value::String(text) => Some(Json::String(text.clone())),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Set(items) => items.iter().map(json).collect(),
        Value::Map(entries) | Value::Object(entries) => {
            let there = entries.iter().filter(|(_, value)| !value.undressed().is_null());
            there.map(|(key, value)| Some((key.clone(), json(value)?))).collect()
        }
        Value::Dynamic(_, value) => json(value),
    }
}

fn json_number(number: &Number) -> Option<Json> {
    let whole = number.to_i64().map(serde_json::Number::from);
    whole.or_else(|| number.to_exact_f64().and_then(serde_json::Number::from_f64)).map(Json::Number)
}

/// The codec has read values by the schema, so this is a fault of the provider.
pub(crate) fn unfit(mismatch: Mismatch) -> tfplugin::diagnostics::Diagnostics {
    let detail = format!("{mismatch}. This is a fault of the provider; please report it.");
    tfplugin::diagnostics::Diagnostic::error("A value does not fit the schema", detail)
        .at(mismatch.path)
        .into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tfplugin::value::Type;

    use super::*;

    #[test]
    fn nulls_are_absent_and_what_is_unknown_is_nothing() {
        let inner = Value::object([("a", Value::int(1)), ("b", Value::Null), ("c", Value::string("x"))]);
        let of = Type::object([("a", Type::Number), ("b", Type::String), ("c", Type::String)]);
        let list = Value::List(vec![inner, Value::Bool(true)]);
        let value = Value::Dynamic(Type::Tuple(vec![of, Type::Bool]), Box::new(list));
        assert_eq!(json(&value), Some(json!([{"a": 1, "c": "x"}, true])));
        assert_eq!(json(&Value::List(vec![Value::UNKNOWN])), None);
    }
}
