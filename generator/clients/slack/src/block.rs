//! Block Kit: the blocks and elements that are used here. Each is made within Slack's limits.
//!
//! Ids of actions and blocks are names in the program; what comes from people is never one. Not here: whole messages and views.

use serde::Serialize;

use crate::limits;
use crate::text::{Bounded, Markup, Plain, length};

mod element;
mod select;

pub use element::{Button, Confirm, Style};
pub use select::{ExternalSelect, Initial, OptionObject, StaticSelect, TextInput};

/// A value that comes back to the program as it was sent: it is refused where it is too long, and never cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Exact<const MAX: usize>(String);

/// A value longer than Slack takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it has more than {0} characters")]
pub struct TooLong(usize);

impl<const MAX: usize> Exact<MAX> {
    /// `text` as it is.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn new(text: impl Into<String>) -> Result<Self, TooLong> {
        let text = text.into();
        if length(&text) > MAX { Err(TooLong(MAX)) } else { Ok(Self(text)) }
    }

    /// The value.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The value of a button.
pub type ButtonValue = Exact<{ limits::BUTTON_VALUE }>;
/// The value of an option.
pub type OptionValue = Exact<{ limits::OPTION_VALUE }>;
/// What a view carries for the program. Slack gives it back, and a client may change it: it proves nothing.
pub type Metadata = Exact<{ limits::METADATA }>;

/// One block.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// A heading.
    Header {
        /// What it says.
        text: Plain<150>,
    },
    /// Text, perhaps with fields and one element.
    Section(Section),
    /// Small text.
    Context(Context),
    /// Buttons and selects.
    Actions(Actions),
    /// A field of a form.
    Input(Input),
    /// A line.
    Divider {},
}

/// Text with what belongs to it.
#[derive(Clone, Debug, Serialize)]
pub struct Section {
    #[serde(skip_serializing_if = "Option::is_none")]
    block_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<SectionText>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Bounded>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accessory: Option<Element>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum SectionText {
    Markup(Bounded),
    Plain(Plain<{ limits::SECTION }>),
}

/// Small text.
#[derive(Clone, Debug, Serialize)]
pub struct Context {
    elements: Vec<Bounded>,
}

/// Buttons and selects in a row.
#[derive(Clone, Debug, Serialize)]
pub struct Actions {
    #[serde(skip_serializing_if = "Option::is_none")]
    block_id: Option<String>,
    elements: Vec<Element>,
}

/// A field of a form.
#[derive(Clone, Debug, Serialize)]
pub struct Input {
    block_id: String,
    label: Plain<150>,
    element: Element,
    optional: bool,
    /// Whether the program hears of each change.
    dispatch_action: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<Plain<150>>,
}

/// What people press or fill in.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Element {
    /// A button.
    Button(Button),
    /// A choice among options that come with it.
    StaticSelect(StaticSelect),
    /// A choice among options that the program is asked for.
    ExternalSelect(ExternalSelect),
    /// The same, several.
    MultiExternalSelect(ExternalSelect),
    /// A text.
    PlainTextInput(TextInput),
}

impl Block {
    /// A heading.
    pub fn header(text: impl AsRef<str>) -> Self {
        Self::Header { text: Plain::new(text) }
    }

    /// Text.
    pub fn text(text: Markup) -> Self {
        let text = Some(SectionText::Markup(text.within(limits::SECTION)));
        Self::Section(Section { block_id: None, text, fields: Vec::new(), accessory: None })
    }

    /// Text in which nothing is markup: what people wrote.
    pub fn quoted(text: impl AsRef<str>) -> Self {
        let text = Some(SectionText::Plain(Plain::new(text)));
        Self::Section(Section { block_id: None, text, fields: Vec::new(), accessory: None })
    }

    /// Names and values, side by side. What is over ten of them is left out.
    pub fn fields(fields: impl IntoIterator<Item = Markup>) -> Self {
        let fields = fields.into_iter().take(limits::FIELDS).map(|field| field.within(limits::FIELD));
        Self::Section(Section { block_id: None, text: None, fields: fields.collect(), accessory: None })
    }

    /// Text with an element beside it.
    pub fn text_with(text: Markup, element: Element) -> Self {
        let text = Some(SectionText::Markup(text.within(limits::SECTION)));
        Self::Section(Section { block_id: None, text, fields: Vec::new(), accessory: Some(element) })
    }

    /// Small text.
    pub fn context(lines: impl IntoIterator<Item = Markup>) -> Self {
        let lines = lines.into_iter().take(limits::CONTEXT).map(|line| line.within(limits::SECTION));
        Self::Context(Context { elements: lines.collect() })
    }

    /// Buttons and selects.
    pub fn actions(elements: impl IntoIterator<Item = Element>) -> Self {
        let elements = elements.into_iter().take(limits::ACTIONS).collect();
        Self::Actions(Actions { block_id: None, elements })
    }

    /// A field of a form that must be filled in.
    pub fn input(block_id: impl Into<String>, label: impl AsRef<str>, element: Element) -> Input {
        Input {
            block_id: block_id.into(),
            label: Plain::new(label),
            element,
            optional: false,
            dispatch_action: false,
            hint: None,
        }
    }
}

impl Input {
    /// The same, which may be left empty.
    #[must_use]
    pub fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// The same, of whose changes the program hears at once.
    #[must_use]
    pub fn dispatching(self) -> Self {
        Self { dispatch_action: true, ..self }
    }

    /// The same with a word of help.
    #[must_use]
    pub fn hint(self, text: impl AsRef<str>) -> Self {
        Self { hint: Some(Plain::new(text)), ..self }
    }
}

impl From<Input> for Block {
    fn from(input: Input) -> Self {
        Self::Input(input)
    }
}

impl From<Button> for Element {
    fn from(button: Button) -> Self {
        Self::Button(button)
    }
}

/// At most `max` blocks; where there are more, the last says where the rest is.
pub(crate) fn fitting(mut blocks: Vec<Block>, max: usize, rest: Option<&str>) -> Vec<Block> {
    if blocks.len() <= max {
        return blocks;
    }
    blocks.truncate(max.saturating_sub(1));
    let more = match rest {
        Some(url) => Markup::new().plain("There is more: ").link(url, "all of it"),
        None => Markup::new().plain("There is more, which does not fit here."),
    };
    blocks.push(Block::context([more]));
    blocks
}
