//! Payloads as Slack makes them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::TEAM;
use crate::server::FakeSlack;
use crate::world::UserKind;

fn user(slack: &FakeSlack, id: &str) -> Value {
    let is_stranger = slack.with(|world| world.users.get(id) == Some(&UserKind::Stranger));
    let team = if is_stranger { "T0OTHER" } else { TEAM };
    json!({ "id": id, "username": id.to_lowercase(), "name": id.to_lowercase(), "team_id": team })
}

fn common(slack: &FakeSlack, kind: &str, id: &str) -> Value {
    let trigger = slack.with(|world| world.new_trigger(id));
    json!({
        "type": kind, "user": user(slack, id), "team": { "id": TEAM, "domain": "fake" }, "api_app_id": "A0FAKE",
        "token": "verification-token", "trigger_id": trigger, "is_enterprise_install": false, "enterprise": null,
    })
}

pub(crate) fn command(slack: &FakeSlack, user: &str, channel: &str, text: &str) -> Value {
    let (command, text) = text.split_once(' ').unwrap_or((text, ""));
    let trigger = slack.with(|world| world.new_trigger(user));
    json!({
        "token": "verification-token", "team_id": TEAM, "team_domain": "fake", "channel_id": channel,
        "channel_name": "channel", "user_id": user, "user_name": user.to_lowercase(), "command": command, "text": text,
        "api_app_id": "A0FAKE", "is_enterprise_install": "false", "trigger_id": trigger,
        "response_url": slack.response_url(user, channel),
    })
}

/// A button or select in a message.
pub(crate) fn message_action(
    slack: &FakeSlack,
    user: &str,
    channel: &str,
    ts: &str,
    action: &Value,
) -> Value {
    let mut payload = common(slack, "block_actions", user);
    let more = json!({
        "container": { "type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": false },
        "channel": { "id": channel, "name": "channel" }, "message": { "ts": ts, "type": "message" },
        "response_url": slack.response_url(user, channel), "actions": [action],
        "state": { "values": {} },
    });
    merge(&mut payload, more);
    payload
}

/// A button or select in a view.
pub(crate) fn view_action(slack: &FakeSlack, user: &str, view: &Value, action: &Value) -> Value {
    let mut payload = common(slack, "block_actions", user);
    let container = json!({ "type": "view", "view_id": view["id"] });
    merge(&mut payload, json!({ "container": container, "view": view, "actions": [action] }));
    payload
}

pub(crate) fn submission(slack: &FakeSlack, user: &str, view: &Value) -> Value {
    let mut payload = common(slack, "view_submission", user);
    merge(&mut payload, json!({ "view": view, "response_urls": [] }));
    payload
}

pub(crate) fn suggestion(
    slack: &FakeSlack,
    user: &str,
    view: &Value,
    (block, action): (&str, &str),
    typed: &str,
) -> Value {
    let mut payload = common(slack, "block_suggestion", user);
    let container = json!({ "type": "view", "view_id": view["id"] });
    let more = json!({ "view": view, "block_id": block, "action_id": action, "value": typed, "container": container });
    merge(&mut payload, more);
    payload
}

pub(crate) fn shortcut(slack: &FakeSlack, user: &str, callback: &str) -> Value {
    let mut payload = common(slack, "shortcut", user);
    merge(&mut payload, json!({ "callback_id": callback, "action_ts": "1.1" }));
    payload
}

pub(crate) fn home_opened(user: &str) -> Value {
    json!({
        "type": "event_callback", "team_id": TEAM, "api_app_id": "A0FAKE", "event_id": "Ev1", "event_time": 1,
        "event": { "type": "app_home_opened", "user": user, "channel": "D0", "tab": "home", "event_ts": "1.1" },
    })
}

fn merge(into: &mut Value, more: Value) {
    if let (Some(into), Value::Object(more)) = (into.as_object_mut(), more) {
        into.extend(more);
    }
}

/// The fields of an object as a form.
pub(crate) fn form(fields: &Value) -> String {
    let pairs = fields.as_object().into_iter().flatten().map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{}={}", encoded(name), encoded(&value))
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// The fields of a form.
pub(crate) fn read_form(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digit =
            |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16)).unwrap_or_default();
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = digit(rest.next());
                u8::try_from(high * 16 + digit(rest.next())).unwrap_or_default()
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
