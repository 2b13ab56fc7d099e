//! Types, and the JSON form in which schemas send them.
//!
//! Source: "Schema types" in <https://developer.hashicorp.com/terraform/plugin/terraform-plugin-protocol>.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::json;

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    /// Truth values.
    Bool,
    /// Numbers.
    Number,
    /// Texts.
    String,
    /// Left open: each value brings its own type.
    Dynamic,
    /// Elements of one type, in order.
    List(Box<Type>),
    /// Elements of one type, without order, each once.
    Set(Box<Type>),
    /// Elements of one type by key.
    Map(Box<Type>),
    /// Named attributes.
    Object(BTreeMap<String, Type>),
    /// Elements of a type each, in order.
    Tuple(Vec<Type>),
}

impl Type {
    /// A list.
    pub fn list(element: Self) -> Self {
        Self::List(Box::new(element))
    }

    /// A set.
    pub fn set(element: Self) -> Self {
        Self::Set(Box::new(element))
    }

    /// A map.
    pub fn map(element: Self) -> Self {
        Self::Map(Box::new(element))
    }

    /// An object.
    pub fn object<K: Into<String>>(attributes: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Object(attributes.into_iter().map(|(name, of)| (name.into(), of)).collect())
    }

    /// What a value of it is called in sentences.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Bool => "a bool",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Dynamic => "a value with its type",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Map(_) => "a map",
            Self::Object(_) => "an object",
            Self::Tuple(_) => "a tuple",
        }
    }

    fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Bool => json!("bool"),
            Self::Number => json!("number"),
            Self::String => json!("string"),
            Self::Dynamic => json!("dynamic"),
            Self::List(of) => json!(["list", of.to_json()]),
            Self::Set(of) => json!(["set", of.to_json()]),
            Self::Map(of) => json!(["map", of.to_json()]),
            Self::Object(attributes) => {
                let fields = attributes.iter().map(|(name, of)| (name.clone(), of.to_json()));
                json!(["object", fields.collect::<serde_json::Map<_, _>>()])
            }
            Self::Tuple(items) => json!(["tuple", items.iter().map(Self::to_json).collect::<Vec<_>>()]),
        }
    }
}

impl fmt::Display for Type {
    /// In the JSON form of schemas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_json().fmt(f)
    }
}

impl Serialize for Type {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Type {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tree = serde_json::Value::deserialize(deserializer)?;
        from_json(&tree).ok_or_else(|| D::Error::custom(format!("`{tree}` is no type")))
    }
}

/// As deep as the JSON reader lets a text be, which is 128.
fn from_json(tree: &serde_json::Value) -> Option<Type> {
    if let Some(name) = tree.as_str() {
        return match name {
            "bool" => Some(Type::Bool),
            "number" => Some(Type::Number),
            "string" => Some(Type::String),
            "dynamic" => Some(Type::Dynamic),
            _ => None,
        };
    }
    let [name, of] = tree.as_array()?.as_slice() else { return None };
    match name.as_str()? {
        "list" => Some(Type::list(from_json(of)?)),
        "set" => Some(Type::set(from_json(of)?)),
        "map" => Some(Type::map(from_json(of)?)),
        "object" => {
            let fields = of.as_object()?.iter().map(|(name, of)| Some((name.clone(), from_json(of)?)));
            fields.collect::<Option<_>>().map(Type::Object)
        }
        "tuple" => of.as_array()?.iter().map(from_json).collect::<Option<_>>().map(Type::Tuple),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_form_reads_back() {
        for text in [
            r#""dynamic""#,
            r#"["list",["map","bool"]]"#,
            r#"["object",{"a":"string","b":["set","number"]}]"#,
            r#"["tuple",["string",["tuple",[]]]]"#,
        ] {
            let read: Type = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for text in [r#""int""#, r#"["list"]"#, r#"["list","string","x"]"#, "{}", r#"["object",[]]"#, "1"] {
            assert!(serde_json::from_str::<Type>(text).is_err(), "{text}");
        }
    }
}
