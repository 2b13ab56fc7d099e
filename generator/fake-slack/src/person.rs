//! A person at Slack: they give commands, press buttons, and read what they see.

use std::time::Duration;

use serde_json::{Value, json};

use crate::deliver::{Kind, NotHandled};
use crate::modal::Modal;
use crate::payload;
use crate::server::FakeSlack;
use crate::world::{Post, elements};

/// How long a person waits for something to appear.
const PATIENCE: Duration = Duration::from_secs(120);

/// Nothing that a person saw says what they waited for.
#[derive(Clone, Debug, thiserror::Error)]
#[error("nothing says `{words}`: {seen:#?}")]
pub struct Unheard {
    words: String,
    seen: Vec<String>,
}

/// A person.
#[derive(Clone)]
pub struct Person {
    slack: FakeSlack,
    id: String,
}

impl Person {
    pub(crate) fn new(slack: FakeSlack, id: String) -> Self {
        Self { slack, id }
    }

    /// Their user id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Gives a slash command in a channel; what is said to them alone at once, or nothing.
    ///
    /// # Errors
    /// [`NotHandled`].
    pub async fn commands(&self, channel: &str, text: &str) -> Result<Option<String>, NotHandled> {
        let payload = payload::command(&self.slack, &self.id, channel, text);
        let answer = self.slack.deliver(Kind::Command, &payload).await?;
        Ok(answer["text"].as_str().map(str::to_owned))
    }

    /// Uses a shortcut of the app.
    ///
    /// # Errors
    /// [`NotHandled`].
    pub async fn uses_shortcut(&self, callback: &str) -> Result<(), NotHandled> {
        let payload = payload::shortcut(&self.slack, &self.id, callback);
        self.slack.deliver(Kind::Interaction, &payload).await.map(drop)
    }

    /// The modal that is on top, once one is open.
    pub async fn modal(&self) -> Option<Modal> {
        let slack = self.slack.clone();
        let id = slack.wait_for(PATIENCE, |slack| self.open_modal(slack)).await?;
        Some(Modal::new(slack, self.id.clone(), id))
    }

    /// The modal that is on top now.
    pub fn modal_now(&self) -> Option<Modal> {
        let id = self.open_modal(&self.slack)?;
        Some(Modal::new(self.slack.clone(), self.id.clone(), id))
    }

    fn open_modal(&self, slack: &FakeSlack) -> Option<String> {
        slack.with(|world| {
            let own = world.views.iter().filter(|(_, view)| view.is_open && view.user == self.id);
            own.map(|(id, _)| id.clone()).next_back()
        })
    }

    /// Their direct messages from the app, in order.
    pub fn direct(&self) -> Vec<Post> {
        let channel = self.slack.with(|world| world.direct(&self.id));
        self.slack.posts(&channel)
    }

    /// What was shown to them alone in channels, in order.
    pub fn whispers(&self) -> Vec<Post> {
        let is_own = |post: &&Post| post.only_for.as_deref() == Some(&self.id);
        self.slack.with(|world| world.posts.iter().filter(is_own).cloned().collect())
    }

    /// A message that they see: in a channel, for them alone, or in their Home tab, whose time is empty.
    pub fn sees(&self, channel: &str, ts: &str) -> Option<Post> {
        if ts.is_empty() {
            return self.home_now();
        }
        let is_meant = |post: &&Post| {
            let is_theirs = post.only_for.as_deref().is_none_or(|only| only == self.id);
            post.channel == channel && post.ts == ts && is_theirs
        };
        self.slack.with(|world| world.posts.iter().find(is_meant).cloned())
    }

    /// Their Home tab, where the app has published one.
    pub fn home_now(&self) -> Option<Post> {
        let home = self.slack.with(|world| world.homes.get(&self.id).cloned())?;
        Some(self.home_post(&home))
    }

    fn home_post(&self, home: &Value) -> Post {
        Post {
            channel: format!("home of {}", self.id),
            ts: String::new(),
            text: String::new(),
            blocks: home["blocks"].as_array().cloned().unwrap_or_default(),
            edits: 0,
            only_for: Some(self.id.clone()),
            thread: None,
        }
    }

    /// The last direct message, once one says `words`.
    pub async fn hears(&self, words: &str) -> Result<Post, Unheard> {
        let find = |_: &FakeSlack| self.direct().into_iter().rev().find(|post| says(post, words));
        self.slack.wait_for(PATIENCE, find).await.ok_or_else(|| self.unheard(words))
    }

    /// The last whisper, once one says `words`.
    pub async fn is_whispered(&self, words: &str) -> Result<Post, Unheard> {
        let find = |_: &FakeSlack| self.whispers().into_iter().rev().find(|post| says(post, words));
        self.slack.wait_for(PATIENCE, find).await.ok_or_else(|| self.unheard(words))
    }

    /// The last message of a channel, once one says `words`.
    pub async fn reads(&self, channel: &str, words: &str) -> Result<Post, Unheard> {
        let find = |slack: &FakeSlack| slack.posts(channel).into_iter().rev().find(|post| says(post, words));
        self.slack.wait_for(PATIENCE, find).await.ok_or_else(|| self.unheard(words))
    }

    fn unheard(&self, words: &str) -> Unheard {
        let seen = self.slack.with(|world| {
            let own =
                world.posts.iter().filter(|post| post.only_for.as_deref().is_none_or(|only| only == self.id));
            own.map(|post| format!("{}: {}", post.channel, post.all_text())).collect()
        });
        Unheard { words: words.to_owned(), seen }
    }

    /// Presses a button of a message.
    ///
    /// # Errors
    /// [`NotHandled`]; also where the message has no such button.
    pub async fn presses(&self, post: &Post, action_id: &str) -> Result<(), NotHandled> {
        let button = button(post, action_id)
            .ok_or_else(|| NotHandled::NotFilledIn(format!("there is no button `{action_id}`")))?;
        let action = json!({
            "type": "button", "action_id": action_id, "block_id": "b", "text": button["text"], "value": button["value"],
            "action_ts": "1.1",
        });
        self.acts_in(post, &action).await
    }

    /// Chooses an option of a select in a message, by the option's value.
    ///
    /// # Errors
    /// [`NotHandled`]; also where there is no such option.
    pub async fn chooses(&self, post: &Post, action_id: &str, value: &str) -> Result<(), NotHandled> {
        let view = json!({ "blocks": post.blocks });
        let select =
            elements(&view).find(|(_, action, _)| action == action_id).map(|(_, _, element)| element);
        let options = select.as_ref().and_then(|select| select["options"].as_array());
        let option = options.and_then(|options| options.iter().find(|option| option["value"] == value));
        let option =
            option.ok_or_else(|| NotHandled::NotFilledIn(format!("there is no option `{value}`")))?;
        let action = json!({ "type": "static_select", "action_id": action_id, "selected_option": option });
        self.acts_in(post, &action).await
    }

    /// Sends an action that no button has, as somebody with a client of their own may.
    ///
    /// # Errors
    /// [`NotHandled`].
    pub async fn forges_action(&self, post: &Post, action_id: &str, value: &str) -> Result<(), NotHandled> {
        let action = json!({ "type": "button", "action_id": action_id, "block_id": "b", "value": value });
        self.acts_in(post, &action).await
    }

    async fn acts_in(&self, post: &Post, action: &Value) -> Result<(), NotHandled> {
        let payload = payload::message_action(&self.slack, &self.id, &post.channel, &post.ts, action);
        self.slack.deliver(Kind::Interaction, &payload).await.map(drop)
    }

    /// Opens the Home tab, and reads it once the app has published it.
    ///
    /// # Errors
    /// [`NotHandled`].
    pub async fn opens_home(&self) -> Result<Option<Post>, NotHandled> {
        self.slack.with(|world| world.homes.remove(&self.id));
        self.slack.deliver(Kind::Event, &payload::home_opened(&self.id)).await?;
        let find = |slack: &FakeSlack| slack.with(|world| world.homes.get(&self.id).cloned());
        let home = self.slack.wait_for(PATIENCE, find).await;
        Ok(home.map(|home| self.home_post(&home)))
    }
}

/// A button of a message.
fn button(post: &Post, action_id: &str) -> Option<Value> {
    let in_block = |block: &Value| {
        let elements = block["elements"].as_array().cloned().unwrap_or_default();
        elements.into_iter().chain(block.get("accessory").cloned()).collect::<Vec<_>>()
    };
    let mut elements = post.blocks.iter().flat_map(in_block);
    elements.find(|element| element["type"] == "button" && element["action_id"] == action_id)
}

fn says(post: &Post, words: &str) -> bool {
    post.all_text().contains(words)
}

impl Post {
    /// Everything that it says, block by block, as text.
    pub fn all_text(&self) -> String {
        let mut texts = vec![self.text.clone()];
        for block in &self.blocks {
            gather(block, &mut texts);
        }
        texts.join("\n")
    }

    /// Whether it has a button.
    pub fn has_button(&self, action_id: &str) -> bool {
        button(self, action_id).is_some()
    }

    /// What a button means to the app.
    pub fn button_value(&self, action_id: &str) -> Option<String> {
        button(self, action_id)?["value"].as_str().map(str::to_owned)
    }
}

pub(crate) fn gather(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            texts.extend(fields.get("text").and_then(Value::as_str).map(str::to_owned));
            fields.values().filter(|value| !value.is_string()).for_each(|value| gather(value, texts));
        }
        Value::Array(values) => values.iter().for_each(|value| gather(value, texts)),
        _ => {}
    }
}
