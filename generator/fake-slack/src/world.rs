//! What there is: people, channels, messages, views, triggers. Data and what changes it; no HTTP.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{BOT, TEAM};

/// How long a trigger opens a view.
pub(crate) const TRIGGER: Duration = Duration::from_secs(3);
/// How long and how often a `response_url` is answered.
const RESPONSE: (Duration, u32) = (Duration::from_secs(30 * 60), 5);

/// What kind of user somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserKind {
    /// Of the workspace.
    Member,
    /// A guest.
    Guest,
    /// A program.
    Bot,
    /// Somebody whose account is gone.
    Deleted,
    /// Somebody of another organisation, in a shared channel.
    Stranger,
}

/// A message, as somebody sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Post {
    /// The channel.
    pub channel: String,
    /// Its time, which is its name.
    pub ts: String,
    /// What notifications say.
    pub text: String,
    /// Its blocks.
    pub blocks: Vec<Value>,
    /// How often it was edited.
    pub edits: u32,
    /// Who alone sees it, where that is one user.
    pub only_for: Option<String>,
    /// The message whose thread it is in.
    pub thread: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) name: String,
    pub(crate) members: BTreeSet<String>,
    pub(crate) is_archived: bool,
    pub(crate) is_private: bool,
    /// The user of a direct channel.
    pub(crate) direct: Option<String>,
}

/// A view that is open, or a Home tab.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) user: String,
    pub(crate) hash: String,
    pub(crate) view: Value,
    /// What is filled in, by block and action.
    pub(crate) values: BTreeMap<(String, String), Value>,
    /// What the app said of blocks when the form was sent.
    pub(crate) errors: BTreeMap<String, String>,
    pub(crate) is_open: bool,
}

#[derive(Debug)]
struct Trigger {
    user: String,
    until: Instant,
    is_used: bool,
}

#[derive(Debug)]
struct ResponseUrl {
    user: String,
    channel: String,
    until: Instant,
    left: u32,
}

/// Everything.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) users: BTreeMap<String, UserKind>,
    pub(crate) channels: BTreeMap<String, Channel>,
    pub(crate) posts: Vec<Post>,
    pub(crate) views: BTreeMap<String, View>,
    pub(crate) homes: BTreeMap<String, Value>,
    pub(crate) scopes: BTreeSet<String>,
    /// Names of the methods that were called, in order.
    pub(crate) calls: Vec<String>,
    /// How many calls of a method are taken in a second.
    pub(crate) rates: BTreeMap<String, usize>,
    recent: BTreeMap<String, VecDeque<Instant>>,
    triggers: BTreeMap<String, Trigger>,
    responses: BTreeMap<String, ResponseUrl>,
    /// Whether every call is answered with HTTP status 503.
    pub(crate) is_down: bool,
    skipped: Duration,
    number: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        let scopes = ["commands", "chat:write", "im:write", "users:read", "channels:read", "groups:read"];
        Self {
            users: BTreeMap::from([(BOT.to_owned(), UserKind::Bot)]),
            channels: BTreeMap::new(),
            posts: Vec::new(),
            views: BTreeMap::new(),
            homes: BTreeMap::new(),
            scopes: scopes.map(str::to_owned).into(),
            calls: Vec::new(),
            rates: BTreeMap::new(),
            recent: BTreeMap::new(),
            triggers: BTreeMap::new(),
            responses: BTreeMap::new(),
            is_down: false,
            skipped: Duration::ZERO,
            number: 0,
        }
    }

    /// The time here, which tests can let pass.
    pub(crate) fn now(&self) -> Instant {
        Instant::now() + self.skipped
    }

    pub(crate) fn skip(&mut self, time: Duration) {
        self.skipped += time;
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    pub(crate) fn new_trigger(&mut self, user: &str) -> String {
        let id = format!("{}.{TEAM}.trigger", self.next());
        let until = self.now() + TRIGGER;
        self.triggers.insert(id.clone(), Trigger { user: user.to_owned(), until, is_used: false });
        id
    }

    /// Whose trigger it is; each counts once.
    pub(crate) fn take_trigger(&mut self, id: &str) -> Result<String, &'static str> {
        let now = self.now();
        let trigger = self.triggers.get_mut(id).ok_or("invalid_trigger_id")?;
        if trigger.until < now {
            return Err("expired_trigger_id");
        }
        if std::mem::replace(&mut trigger.is_used, true) {
            return Err("exchanged_trigger_id");
        }
        Ok(trigger.user.clone())
    }

    pub(crate) fn new_response(&mut self, user: &str, channel: &str) -> String {
        let id = format!("r{}", self.next());
        let (until, left) = (self.now() + RESPONSE.0, RESPONSE.1);
        let response = ResponseUrl { user: user.to_owned(), channel: channel.to_owned(), until, left };
        self.responses.insert(id.clone(), response);
        id
    }

    /// Who is answered by a `response_url`, and where.
    pub(crate) fn take_response(&mut self, id: &str) -> Result<(String, String), &'static str> {
        let now = self.now();
        let response = self.responses.get_mut(id).ok_or("no_such_url")?;
        if response.until < now || response.left == 0 {
            return Err("used_url");
        }
        response.left -= 1;
        Ok((response.user.clone(), response.channel.clone()))
    }

    /// Seconds to wait where a method is called too fast.
    pub(crate) fn rate(&mut self, method: &str, key: &str) -> Option<u64> {
        let limit = *self.rates.get(method)?;
        let now = self.now();
        let recent = self.recent.entry(format!("{method} {key}")).or_default();
        while recent.front().is_some_and(|first| now.duration_since(*first) >= Duration::from_secs(1)) {
            recent.pop_front();
        }
        if recent.len() >= limit {
            return Some(1);
        }
        recent.push_back(now);
        None
    }

    /// The direct channel of a user, made where there is none.
    pub(crate) fn direct(&mut self, user: &str) -> String {
        let known = self.channels.iter().find(|(_, channel)| channel.direct.as_deref() == Some(user));
        if let Some((id, _)) = known {
            return id.clone();
        }
        let id = format!("D{}", user.trim_start_matches('U'));
        let members = BTreeSet::from([user.to_owned(), BOT.to_owned()]);
        let channel = Channel {
            name: String::new(),
            members,
            is_archived: false,
            is_private: true,
            direct: Some(user.to_owned()),
        };
        self.channels.insert(id.clone(), channel);
        id
    }

    pub(crate) fn post(
        &mut self,
        channel: &str,
        text: &str,
        blocks: Vec<Value>,
        only_for: Option<&str>,
    ) -> String {
        let ts = format!("{}.{:06}", 1_764_000_000 + self.next(), 100);
        self.posts.push(Post {
            channel: channel.to_owned(),
            ts: ts.clone(),
            text: text.to_owned(),
            blocks,
            edits: 0,
            only_for: only_for.map(str::to_owned),
            thread: None,
        });
        ts
    }

    /// Opens a view for a user, on top of those that are open; three at most.
    pub(crate) fn open_view(&mut self, user: &str, view: Value) -> Result<(String, String), &'static str> {
        let open = self.views.values().filter(|one| one.is_open && one.user == user).count();
        if open >= 3 {
            return Err("push_limit_reached");
        }
        let number = self.next();
        let (id, hash) = (format!("V{number:08}"), format!("{number}.hash"));
        let view = View {
            user: user.to_owned(),
            hash: hash.clone(),
            view,
            values: BTreeMap::new(),
            errors: BTreeMap::new(),
            is_open: true,
        };
        self.views.insert(id.clone(), view);
        Ok((id, hash))
    }

    /// Replaces a view, where it is still the one that the caller knows.
    pub(crate) fn update_view(
        &mut self,
        id: &str,
        hash: Option<&str>,
        new: Value,
    ) -> Result<String, &'static str> {
        let number = self.next();
        let view = self.views.get_mut(id).filter(|view| view.is_open).ok_or("not_found")?;
        if hash.is_some_and(|hash| hash != view.hash) {
            return Err("hash_conflict");
        }
        // What is filled in stays where block and action are still the same.
        let kept: BTreeSet<(String, String)> =
            elements(&new).map(|(block, action, _)| (block, action)).collect();
        view.values.retain(|key, _| kept.contains(key));
        view.errors.clear();
        view.view = new;
        view.hash = format!("{number}.hash");
        Ok(view.hash.clone())
    }

    /// A view as payloads have it.
    pub(crate) fn view_payload(&self, id: &str) -> Option<Value> {
        let view = self.views.get(id)?;
        let mut values: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
        for (block, action, element) in elements(&view.view) {
            let key = (block.clone(), action.clone());
            let value = view.values.get(&key).cloned().unwrap_or_else(|| initial(&element));
            values.entry(block).or_default().insert(action, value);
        }
        let mut payload = view.view.clone();
        let fields = payload.as_object_mut()?;
        for (name, value) in [
            ("id", json!(id)),
            ("hash", json!(view.hash)),
            ("team_id", json!(TEAM)),
            ("app_id", json!("A0FAKE")),
            ("bot_id", json!("B0FAKE")),
            ("root_view_id", json!(id)),
            ("state", json!({ "values": values })),
        ] {
            fields.insert(name.to_owned(), value);
        }
        if fields.get("private_metadata").is_none() {
            fields.insert("private_metadata".to_owned(), json!(""));
        }
        Some(payload)
    }
}

/// What stands in an element before anybody touched it.
fn initial(element: &Value) -> Value {
    let kind = element["type"].clone();
    match kind.as_str().unwrap_or_default() {
        "plain_text_input" => json!({ "type": kind, "value": element["initial_value"] }),
        "multi_external_select" | "multi_static_select" => {
            let chosen = element.get("initial_options").cloned().unwrap_or_else(|| json!([]));
            json!({ "type": kind, "selected_options": chosen })
        }
        _ => json!({ "type": kind, "selected_option": element["initial_option"] }),
    }
}

/// The elements of a view that hold a value: block, action and element. A block without an id has its place for one.
pub(crate) fn elements(view: &Value) -> impl Iterator<Item = (String, String, Value)> {
    let blocks = view["blocks"].as_array().cloned().unwrap_or_default();
    blocks.into_iter().enumerate().flat_map(|(place, block)| {
        let id = block["block_id"].as_str().map_or_else(|| format!("b{place}"), str::to_owned);
        let mut found = Vec::new();
        found.extend(block.get("element").cloned());
        found.extend(block.get("accessory").cloned());
        found.extend(block["elements"].as_array().cloned().unwrap_or_default());
        let holds = |element: &Value| element["action_id"].is_string() && element["type"] != "button";
        found.into_iter().filter(holds).map(move |element| {
            (id.clone(), element["action_id"].as_str().unwrap_or_default().to_owned(), element)
        })
    })
}
