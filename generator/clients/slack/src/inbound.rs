//! What Slack sends: commands, interactions and events, the same over Socket Mode and over HTTP.
//!
//! Reading is lenient, since Slack adds fields; what is missing is empty, and proves nothing. Not here: what follows from it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::block::OptionObject;
use crate::limits;
use crate::view::View;

pub(crate) mod read;

pub use read::{Unreadable, read_event, read_form};

/// Something that a user did.
#[derive(Clone, Debug)]
pub enum Inbound {
    /// A slash command.
    Command(Command),
    /// A button or a select, in a message or a view.
    Action(Action),
    /// A form was sent.
    Submission(Submission),
    /// Options for a select are wanted.
    Suggestion(Suggestion),
    /// A shortcut of the app.
    Shortcut(Shortcut),
    /// The Home tab was opened.
    HomeOpened(User),
    /// Slack checks the address for events, and wants this word back.
    Challenge(String),
    /// Something that is not used here.
    Other,
}

/// A user, by ids alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct User {
    /// The workspace that the user belongs to.
    pub team: String,
    /// The user.
    pub id: String,
    /// The workspace in which it happened, where Slack says it.
    pub within: Option<String>,
}

/// A slash command.
#[derive(Clone, Debug)]
pub struct Command {
    /// Who.
    pub user: User,
    /// What is behind the command's name.
    pub text: String,
    /// Opens one view, within three seconds.
    pub trigger: String,
    /// Where an answer to this user goes.
    pub response_url: String,
    /// In which channel.
    pub channel: String,
}

/// A button or a select.
#[derive(Clone, Debug)]
pub struct Action {
    /// Who.
    pub user: User,
    /// The element.
    pub action_id: String,
    /// The button's value, or the chosen option's.
    pub value: String,
    /// Opens one view, within three seconds.
    pub trigger: String,
    /// Where an answer to this user goes; empty in views.
    pub response_url: String,
    /// The message in which it is.
    pub message: Option<(String, String)>,
    /// The view in which it is.
    pub view: Option<OpenView>,
}

/// A form that was sent.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Who.
    pub user: User,
    /// The form.
    pub view: OpenView,
    /// Opens one view, within three seconds.
    pub trigger: String,
}

/// What is typed into a select.
#[derive(Clone, Debug)]
pub struct Suggestion {
    /// Who.
    pub user: User,
    /// The select.
    pub action_id: String,
    /// What was typed.
    pub typed: String,
    /// The view in which it is.
    pub view: Option<OpenView>,
}

/// A shortcut.
#[derive(Clone, Debug)]
pub struct Shortcut {
    /// Who.
    pub user: User,
    /// Which.
    pub callback_id: String,
    /// Opens one view, within three seconds.
    pub trigger: String,
}

/// A view as its user has filled it in.
#[derive(Clone, Debug, Default)]
pub struct OpenView {
    /// Its id.
    pub id: String,
    /// What an update must name.
    pub hash: Option<String>,
    /// Which view it is.
    pub callback_id: String,
    /// What it carries. A client may have changed it.
    pub private_metadata: String,
    /// What is filled in, by action id.
    pub values: BTreeMap<String, Filled>,
    /// The blocks' ids by the action ids in them: an error is shown at a block.
    pub blocks: BTreeMap<String, String>,
}

/// What is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filled {
    /// A text, or the value of the chosen option.
    One(String),
    /// The values of chosen options.
    Several(Vec<String>),
}

/// What is answered at once.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Received; a form closes.
    Empty,
    /// Text for the user alone, where a command was given.
    Text(String),
    /// The options of a select.
    Options(Vec<OptionObject>),
    /// Errors at the form's blocks, which stays open.
    Errors(BTreeMap<String, String>),
    /// Another view in the place of the form.
    Update(Box<View>),
    /// All views close.
    Clear,
    /// The word of Slack's check.
    Challenge(String),
}

/// What handles everything that Slack sends. It answers within three seconds, whatever else is slow.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Handles one.
    async fn handle(&self, inbound: Inbound) -> Reply;
}

impl Reply {
    /// The body of the answer; nothing where there is none.
    pub fn body(&self) -> Option<Value> {
        match self {
            Self::Empty => None,
            Self::Text(text) => Some(json!({ "response_type": "ephemeral", "text": text })),
            Self::Options(options) => {
                let fitting: Vec<&OptionObject> = options.iter().take(limits::OPTIONS).collect();
                Some(json!({ "options": fitting }))
            }
            Self::Errors(errors) => Some(json!({ "response_action": "errors", "errors": errors })),
            Self::Update(view) => Some(json!({ "response_action": "update", "view": view })),
            Self::Clear => Some(json!({ "response_action": "clear" })),
            Self::Challenge(word) => Some(json!({ "challenge": word })),
        }
    }
}

impl OpenView {
    /// The text or the one option that is filled in under an action id; nothing where the field is empty.
    pub fn one(&self, action_id: &str) -> Option<&str> {
        match self.values.get(action_id) {
            Some(Filled::One(value)) if !value.is_empty() => Some(value),
            _ => None,
        }
    }

    /// The options that are chosen under an action id.
    pub fn several(&self, action_id: &str) -> &[String] {
        match self.values.get(action_id) {
            Some(Filled::Several(values)) => values,
            _ => &[],
        }
    }

    /// The view for an update.
    pub fn handle(&self) -> crate::ViewHandle {
        crate::ViewHandle { id: self.id.clone(), hash: self.hash.clone() }
    }
}

/// A user as payloads have one.
#[derive(Debug, Default, Deserialize)]
struct UserField {
    #[serde(default)]
    id: String,
    #[serde(default)]
    team_id: Option<String>,
}
