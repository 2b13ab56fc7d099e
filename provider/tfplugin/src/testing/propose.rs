//! What Terraform proposes: the configuration, and what was there where the provider sets it.

use std::collections::BTreeMap;

use crate::schema::{Attribute, AttributeKind, Schema};
use crate::value::Value;

pub(super) fn propose(schema: &Schema, prior: &Value, config: &Value) -> Value {
    let Value::Object(values) = config else { return config.clone() };
    let blocks = values.iter().filter(|(name, _)| schema.blocks.contains_key(*name));
    let blocks = blocks.map(|(name, value)| (name.clone(), value.clone()));
    let attributes = object(&schema.attributes, prior, config);
    Value::Object(attributes.into_iter().chain(blocks).collect())
}

fn object(
    attributes: &BTreeMap<String, Attribute>,
    prior: &Value,
    config: &Value,
) -> BTreeMap<String, Value> {
    let part = |value: &Value, name: &str| value.attribute(name).cloned().unwrap_or(Value::Null);
    let one = |(name, attribute): (&String, &Attribute)| {
        (name.clone(), merged(attribute, &part(prior, name), part(config, name)))
    };
    attributes.iter().map(one).collect()
}

fn merged(attribute: &Attribute, prior: &Value, config: Value) -> Value {
    match (&attribute.kind, config) {
        (_, Value::Null) if attribute.is_computed() => prior.clone(),
        (AttributeKind::Nested(_, inner), config @ Value::Object(_)) => {
            Value::Object(object(inner, prior, &config))
        }
        (AttributeKind::Nested(_, inner), Value::List(items)) => {
            let before = |number| match prior {
                Value::List(items) => items.get(number).cloned().unwrap_or(Value::Null),
                _ => Value::Null,
            };
            let items = items.into_iter().enumerate();
            Value::List(
                items.map(|(number, item)| Value::Object(object(inner, &before(number), &item))).collect(),
            )
        }
        (AttributeKind::Nested(_, inner), Value::Map(entries)) => {
            let before = |key: &String| match prior {
                Value::Map(entries) => entries.get(key).cloned().unwrap_or(Value::Null),
                _ => Value::Null,
            };
            let entry = |(key, item): (String, Value)| {
                let merged = Value::Object(object(inner, &before(&key), &item));
                (key, merged)
            };
            Value::Map(entries.into_iter().map(entry).collect())
        }
        (_, config) => config,
    }
}
