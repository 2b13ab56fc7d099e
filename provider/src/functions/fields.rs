//! An object of open type, taken apart field by field: what is missing, wrong or left over is named.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use tfplugin::provider::FunctionError;
use tfplugin::value::Value;

use crate::plain;

/// The fields that have not been taken yet.
pub(super) struct Fields {
    argument: usize,
    left: Map<String, Json>,
}

impl Fields {
    /// The fields of an argument.
    pub(super) fn of(argument: usize, value: &Value) -> Result<Self, FunctionError> {
        let wrong = |text| FunctionError::about(argument, text);
        match plain::json(value).ok_or_else(|| wrong("a part of it is not known yet"))? {
            Json::Object(left) => Ok(Self { argument, left }),
            _ => Err(wrong("it is not an object")),
        }
    }

    /// One that has to be there.
    pub(super) fn required<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, FunctionError> {
        self.optional(name)?.ok_or_else(|| self.wrong(&format!("`{name}` is missing")))
    }

    /// One that may be there.
    pub(super) fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, FunctionError> {
        let Some(value) = self.left.remove(name) else { return Ok(None) };
        let read = serde_json::from_value(value);
        read.map(Some).map_err(|error| self.wrong(&format!("`{name}`: {error}")))
    }

    /// An error about the argument.
    pub(super) fn wrong(&self, text: &str) -> FunctionError {
        FunctionError::about(self.argument, text)
    }

    /// Refuses fields that were not read.
    pub(super) fn end(self) -> Result<(), FunctionError> {
        match self.left.keys().next() {
            None => Ok(()),
            Some(name) => Err(self.wrong(&format!("there is no `{name}` here"))),
        }
    }
}
