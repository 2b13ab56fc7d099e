//! Selects and text fields.

use serde::Serialize;

use super::{Confirm, OptionValue};
use crate::limits;
use crate::text::{Plain, cut};

/// One option.
#[derive(Clone, Debug, Serialize)]
pub struct OptionObject {
    text: Plain<75>,
    value: OptionValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Plain<75>>,
}

/// A choice among options that come with it: at least one, at most a hundred.
#[derive(Clone, Debug, Serialize)]
pub struct StaticSelect {
    action_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    placeholder: Option<Plain<150>>,
    options: Vec<OptionObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    initial_option: Option<OptionObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirm: Option<Confirm>,
}

/// A choice among options that the program is asked for as somebody types.
#[derive(Clone, Debug, Serialize)]
pub struct ExternalSelect {
    action_id: String,
    placeholder: Plain<150>,
    min_query_length: u32,
    #[serde(flatten)]
    initial: Option<Initial>,
}

/// What is chosen at first.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Initial {
    /// In a choice of one.
    InitialOption(OptionObject),
    /// In a choice of several.
    InitialOptions(Vec<OptionObject>),
}

/// A text field.
#[derive(Clone, Debug, Serialize)]
pub struct TextInput {
    action_id: String,
    multiline: bool,
    max_length: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    initial_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    placeholder: Option<Plain<150>>,
}

impl OptionObject {
    /// An option that reads as `text` and means `value`.
    pub fn new(text: impl AsRef<str>, value: OptionValue) -> Self {
        Self { text: Plain::new(text), value, description: None }
    }

    /// The same with a line of explanation.
    #[must_use]
    pub fn describe(self, text: impl AsRef<str>) -> Self {
        Self { description: Some(Plain::new(text)), ..self }
    }

    /// What it means.
    pub fn value(&self) -> &str {
        self.value.as_str()
    }
}

impl StaticSelect {
    /// A choice of `first` and `more`. What is over a hundred is left out.
    pub fn new(
        action_id: &'static str,
        first: OptionObject,
        more: impl IntoIterator<Item = OptionObject>,
    ) -> Self {
        let options = std::iter::once(first).chain(more).take(limits::OPTIONS).collect();
        Self {
            action_id: action_id.to_owned(),
            placeholder: None,
            options,
            initial_option: None,
            confirm: None,
        }
    }

    /// The same, with the option of this value chosen, where there is one.
    #[must_use]
    pub fn chosen(mut self, value: &str) -> Self {
        self.initial_option = self.options.iter().find(|option| option.value() == value).cloned();
        self
    }

    /// The same with what stands there before something is chosen.
    #[must_use]
    pub fn placeholder(self, text: impl AsRef<str>) -> Self {
        Self { placeholder: Some(Plain::new(text)), ..self }
    }

    /// The same, which asks before a choice counts.
    #[must_use]
    pub fn confirm(self, confirm: Confirm) -> Self {
        Self { confirm: Some(confirm), ..self }
    }
}

impl ExternalSelect {
    /// A choice whose options are asked for as soon as it is opened.
    pub fn new(action_id: &'static str, placeholder: impl AsRef<str>) -> Self {
        Self {
            action_id: action_id.to_owned(),
            placeholder: Plain::new(placeholder),
            min_query_length: 0,
            initial: None,
        }
    }

    /// The same with what is chosen at first.
    #[must_use]
    pub fn initially(self, initial: Option<Initial>) -> Self {
        Self { initial, ..self }
    }
}

impl TextInput {
    /// A text field for at most 3000 characters.
    pub fn new(action_id: &'static str) -> Self {
        Self {
            action_id: action_id.to_owned(),
            multiline: false,
            max_length: 3000,
            initial_value: None,
            placeholder: None,
        }
    }

    /// The same for several lines.
    #[must_use]
    pub fn multiline(self) -> Self {
        Self { multiline: true, ..self }
    }

    /// The same for at most so many characters.
    #[must_use]
    pub fn at_most(self, characters: u32) -> Self {
        Self { max_length: characters.clamp(1, 3000), ..self }
    }

    /// The same with a text to begin with.
    #[must_use]
    pub fn initially(self, text: Option<&str>) -> Self {
        let max = usize::try_from(self.max_length).unwrap_or(3000);
        Self { initial_value: text.map(|text| cut(text, max)), ..self }
    }

    /// The same with what stands there before something is written.
    #[must_use]
    pub fn placeholder(self, text: impl AsRef<str>) -> Self {
        Self { placeholder: Some(Plain::new(text)), ..self }
    }
}
