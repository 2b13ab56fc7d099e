//! Views: a modal, and the Home tab.

use serde::Serialize;

use crate::block::{Block, Metadata, fitting};
use crate::limits;
use crate::text::Plain;

/// A view.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum View {
    /// A form, or something to read, in a window of its own.
    Modal(Modal),
    /// What a user sees under Home.
    Home(Home),
}

/// A window.
#[derive(Clone, Debug, Serialize)]
pub struct Modal {
    callback_id: &'static str,
    title: Plain<24>,
    close: Plain<24>,
    #[serde(skip_serializing_if = "Option::is_none")]
    submit: Option<Plain<24>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    private_metadata: Option<Metadata>,
    blocks: Vec<Block>,
}

/// The Home tab.
#[derive(Clone, Debug, Serialize)]
pub struct Home {
    blocks: Vec<Block>,
}

impl View {
    /// A form with a button that sends it.
    pub fn form(
        callback_id: &'static str,
        title: impl AsRef<str>,
        submit: impl AsRef<str>,
        blocks: Vec<Block>,
    ) -> Self {
        Self::Modal(Modal {
            callback_id,
            title: Plain::new(title),
            close: Plain::new("Cancel"),
            submit: Some(Plain::new(submit)),
            private_metadata: None,
            blocks: fitting(blocks, limits::VIEW_BLOCKS, None),
        })
    }

    /// Something to read.
    pub fn notice(callback_id: &'static str, title: impl AsRef<str>, blocks: Vec<Block>) -> Self {
        Self::Modal(Modal {
            callback_id,
            title: Plain::new(title),
            close: Plain::new("Close"),
            submit: None,
            private_metadata: None,
            blocks: fitting(blocks, limits::VIEW_BLOCKS, None),
        })
    }

    /// A Home tab. Where not all fits, `rest` leads to the whole.
    pub fn home(blocks: Vec<Block>, rest: Option<&str>) -> Self {
        Self::Home(Home { blocks: fitting(blocks, limits::VIEW_BLOCKS, rest) })
    }

    /// The same, which carries `metadata` for the program.
    #[must_use]
    pub fn carrying(self, metadata: Metadata) -> Self {
        match self {
            Self::Modal(modal) => Self::Modal(Modal { private_metadata: Some(metadata), ..modal }),
            home @ Self::Home(_) => home,
        }
    }
}
