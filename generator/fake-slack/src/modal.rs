//! A modal as its user fills it in.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::blocks::{options, view_faults};
use crate::deliver::{Kind, NotHandled};
use crate::payload;
use crate::person::gather;
use crate::server::FakeSlack;
use crate::world::elements;

/// An open modal.
#[derive(Clone)]
pub struct Modal {
    slack: FakeSlack,
    user: String,
    id: String,
}

/// What became of a form that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It closed.
    Closed,
    /// It is open still, and says what is wrong, by the action ids of its fields.
    Errors(BTreeMap<String, String>),
    /// Something else is shown in its place.
    Replaced,
}

impl Modal {
    pub(crate) fn new(slack: FakeSlack, user: String, id: String) -> Self {
        Self { slack, user, id }
    }

    /// The view as the app made it, with what is filled in.
    pub fn view(&self) -> Value {
        self.slack.with(|world| world.view_payload(&self.id)).unwrap_or_default()
    }

    /// Everything that it says.
    pub fn all_text(&self) -> String {
        let mut texts = Vec::new();
        gather(&self.view()["blocks"], &mut texts);
        texts.join("\n")
    }

    /// Waits until it says `words`.
    pub async fn says(&self, words: &str) -> bool {
        let find = |_: &FakeSlack| self.all_text().contains(words).then_some(());
        self.slack.wait_for(std::time::Duration::from_secs(120), find).await.is_some()
    }

    /// The values of the options that the app offers for what is typed.
    ///
    /// # Errors
    /// [`NotHandled`].
    pub async fn suggests(&self, action_id: &str, typed: &str) -> Result<Vec<String>, NotHandled> {
        let values = self.offers(action_id, typed).await?;
        Ok(values.iter().filter_map(|option| option["value"].as_str()).map(str::to_owned).collect())
    }

    /// The options that the app offers for what is typed.
    ///
    /// # Errors
    /// [`NotHandled`].
    pub async fn offers(&self, action_id: &str, typed: &str) -> Result<Vec<Value>, NotHandled> {
        let (block, _) = self.field(action_id)?;
        let payload = payload::suggestion(&self.slack, &self.user, &self.view(), (&block, action_id), typed);
        let answer = self.slack.deliver(Kind::Interaction, &payload).await?;
        let Some(found) = answer["options"].as_array().cloned() else {
            return Err(NotHandled::BadAnswer("no options".to_owned()));
        };
        // No options are no fault here: Slack says that there are none.
        match options(&answer["options"], "/options") {
            faults if found.is_empty() || faults.is_empty() => Ok(found),
            faults => Err(NotHandled::BadAnswer(faults.join("; "))),
        }
    }

    /// Types into a select and takes the option of this value.
    ///
    /// # Errors
    /// [`NotHandled`]; also where it is not offered.
    pub async fn picks(&self, action_id: &str, typed: &str, value: &str) -> Result<(), NotHandled> {
        let (_, element) = self.field(action_id)?;
        let offered = match element["options"].as_array() {
            Some(options) => options.clone(),
            None => self.offers(action_id, typed).await?,
        };
        let option = offered.iter().find(|option| option["value"] == value).cloned();
        let values: Vec<&str> = offered.iter().filter_map(|option| option["value"].as_str()).collect();
        let option = option
            .ok_or_else(|| NotHandled::NotFilledIn(format!("`{value}` is not offered, only {values:?}")))?;
        self.fills(action_id, option).await
    }

    /// Chooses an option that the app may never have offered, as somebody with a client of their own may.
    ///
    /// # Errors
    /// [`NotHandled`].
    pub async fn forges(&self, action_id: &str, value: &str) -> Result<(), NotHandled> {
        self.fills(action_id, json!({ "text": { "type": "plain_text", "text": "forged" }, "value": value }))
            .await
    }

    /// Writes another metadata into the form, as somebody with a client of their own may.
    pub fn forges_metadata(&self, text: &str) {
        self.slack.with(|world| {
            if let Some(view) = world.views.get_mut(&self.id) {
                view.view["private_metadata"] = json!(text);
            }
        });
    }

    /// Writes a text into a field.
    ///
    /// # Errors
    /// [`NotHandled`]; where it is longer than the field takes.
    pub async fn writes(&self, action_id: &str, text: &str) -> Result<(), NotHandled> {
        let (block, element) = self.field(action_id)?;
        let max = element["max_length"].as_u64().unwrap_or(3000);
        if text.encode_utf16().count() as u64 > max {
            return Err(NotHandled::NotFilledIn(format!("at most {max} characters")));
        }
        let value = json!({ "type": "plain_text_input", "value": text });
        self.set(&block, action_id, value);
        Ok(())
    }

    async fn fills(&self, action_id: &str, option: Value) -> Result<(), NotHandled> {
        let (block, element) = self.field(action_id)?;
        let kind = element["type"].clone();
        let is_several = kind.as_str().is_some_and(|kind| kind.starts_with("multi_"));
        let value = match is_several {
            true => {
                let view = self.view();
                let chosen = &view["state"]["values"][&block][action_id]["selected_options"];
                let mut chosen = chosen.as_array().cloned().unwrap_or_default();
                chosen.push(option.clone());
                json!({ "type": kind, "selected_options": chosen })
            }
            false => json!({ "type": kind, "selected_option": option }),
        };
        self.set(&block, action_id, value.clone());
        let blocks = self.view()["blocks"].clone();
        let own = blocks.as_array().into_iter().flatten().find(|one| one["block_id"] == block.as_str());
        if own.is_some_and(|block| block["type"] != "input" || block["dispatch_action"] == true) {
            let mut action = value;
            action["action_id"] = json!(action_id);
            action["block_id"] = json!(block);
            let payload = payload::view_action(&self.slack, &self.user, &self.view(), &action);
            self.slack.deliver(Kind::Interaction, &payload).await?;
        }
        Ok(())
    }

    fn set(&self, block: &str, action_id: &str, value: Value) {
        self.slack.with(|world| {
            if let Some(view) = world.views.get_mut(&self.id) {
                view.values.insert((block.to_owned(), action_id.to_owned()), value);
            }
        });
        self.slack.changed();
    }

    fn field(&self, action_id: &str) -> Result<(String, Value), NotHandled> {
        let found = elements(&self.view()).find(|(_, action, _)| action == action_id);
        let (block, _, element) =
            found.ok_or_else(|| NotHandled::NotFilledIn(format!("there is no field `{action_id}`")))?;
        Ok((block, element))
    }

    /// Sends the form.
    ///
    /// # Errors
    /// [`NotHandled`]; also where a field that must be filled in is empty.
    pub async fn submits(&self) -> Result<Sent, NotHandled> {
        let view = self.view();
        if view["submit"].is_null() {
            return Err(NotHandled::NotFilledIn("there is nothing to send".to_owned()));
        }
        if let Some(label) = empty_field(&view) {
            return Err(NotHandled::NotFilledIn(format!("complete the required field `{label}`")));
        }
        let payload = payload::submission(&self.slack, &self.user, &view);
        let answer = self.slack.deliver(Kind::Interaction, &payload).await?;
        let sent = self.answered(&view, &answer);
        self.slack.changed();
        sent
    }

    fn answered(&self, view: &Value, answer: &Value) -> Result<Sent, NotHandled> {
        match answer["response_action"].as_str() {
            None if answer.is_null() || answer == &json!({}) => {
                self.closes();
                Ok(Sent::Closed)
            }
            Some("clear") => {
                self.slack.with(|world| {
                    let own = world.views.values_mut().filter(|view| view.user == self.user);
                    own.for_each(|view| view.is_open = false);
                });
                Ok(Sent::Closed)
            }
            Some("errors") => self.shows_errors(view, answer),
            Some("update") => match view_faults(&answer["view"]) {
                faults if faults.is_empty() => {
                    let new = answer["view"].clone();
                    let updated = self.slack.with(|world| world.update_view(&self.id, None, new));
                    updated.map(|_| Sent::Replaced).map_err(|code| NotHandled::BadAnswer(code.to_owned()))
                }
                faults => Err(NotHandled::BadAnswer(faults.join("; "))),
            },
            _ => Err(NotHandled::BadAnswer(answer.to_string())),
        }
    }

    fn shows_errors(&self, view: &Value, answer: &Value) -> Result<Sent, NotHandled> {
        let blocks = view["blocks"].as_array().cloned().unwrap_or_default();
        let mut errors = BTreeMap::new();
        for (block, text) in answer["errors"].as_object().into_iter().flatten() {
            let own = blocks.iter().find(|one| one["block_id"] == block.as_str() && one["type"] == "input");
            let own =
                own.ok_or_else(|| NotHandled::BadAnswer(format!("`{block}` is no field of the form")))?;
            let action = own["element"]["action_id"].as_str().unwrap_or_default().to_owned();
            errors.insert(action, text.as_str().unwrap_or_default().to_owned());
        }
        if errors.is_empty() {
            return Err(NotHandled::BadAnswer("errors without any".to_owned()));
        }
        Ok(Sent::Errors(errors))
    }

    /// Closes it.
    pub fn closes(&self) {
        self.slack.with(|world| {
            if let Some(view) = world.views.get_mut(&self.id) {
                view.is_open = false;
            }
        });
        self.slack.changed();
    }
}

/// The label of a field that must be filled in and is not.
fn empty_field(view: &Value) -> Option<String> {
    let blocks = view["blocks"].as_array()?;
    let needed = blocks.iter().filter(|block| block["type"] == "input" && block["optional"] != true);
    let mut empty = needed.filter(|block| {
        let (id, action) = (block["block_id"].as_str(), block["element"]["action_id"].as_str());
        let filled = &view["state"]["values"][id.unwrap_or_default()][action.unwrap_or_default()];
        let is_text = filled["value"].as_str().is_some_and(|text| !text.is_empty());
        let is_chosen = filled["selected_option"].is_object();
        let are_chosen = filled["selected_options"].as_array().is_some_and(|chosen| !chosen.is_empty());
        !(is_text || is_chosen || are_chosen)
    });
    empty.next().map(|block| block["label"]["text"].as_str().unwrap_or_default().to_owned())
}
