//! Buttons.

use serde::Serialize;

use super::ButtonValue;
use crate::text::Plain;

/// A button.
#[derive(Clone, Debug, Serialize)]
pub struct Button {
    text: Plain<75>,
    action_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<ButtonValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    style: Option<Style>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirm: Option<Confirm>,
}

/// How a button stands out.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Green.
    Primary,
    /// Red.
    Danger,
}

/// What is asked before a button counts.
#[derive(Clone, Debug, Serialize)]
pub struct Confirm {
    title: Plain<100>,
    text: Plain<300>,
    confirm: Plain<30>,
    deny: Plain<30>,
    #[serde(skip_serializing_if = "Option::is_none")]
    style: Option<Style>,
}

impl Button {
    /// A button that says `text`, and which the program knows by `action_id` and `value`.
    pub fn new(text: impl AsRef<str>, action_id: &'static str, value: ButtonValue) -> Self {
        let action_id = action_id.to_owned();
        Self { text: Plain::new(text), action_id, value: Some(value), style: None, url: None, confirm: None }
    }

    /// A button that leads to a page.
    pub fn link(text: impl AsRef<str>, action_id: &'static str, url: &str) -> Option<Self> {
        let is_link = (url.starts_with("https://") || url.starts_with("http://")) && url.len() <= 3000;
        let (action_id, url) = (action_id.to_owned(), Some(url.to_owned()));
        is_link.then(|| Self {
            text: Plain::new(text),
            action_id,
            value: None,
            style: None,
            url,
            confirm: None,
        })
    }

    /// The same, which stands out.
    #[must_use]
    pub fn style(self, style: Style) -> Self {
        Self { style: Some(style), ..self }
    }

    /// The same, which asks first.
    #[must_use]
    pub fn confirm(self, confirm: Confirm) -> Self {
        Self { confirm: Some(confirm), ..self }
    }
}

impl Confirm {
    /// A question with its two answers.
    pub fn new(
        title: impl AsRef<str>,
        text: impl AsRef<str>,
        confirm: impl AsRef<str>,
        deny: impl AsRef<str>,
    ) -> Self {
        Self {
            title: Plain::new(title),
            text: Plain::new(text),
            confirm: Plain::new(confirm),
            deny: Plain::new(deny),
            style: None,
        }
    }

    /// The same, whose yes is red.
    #[must_use]
    pub fn dangerous(self) -> Self {
        Self { style: Some(Style::Danger), ..self }
    }
}
