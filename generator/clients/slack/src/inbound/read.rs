//! Reading what Slack sends.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Action, Command, Filled, Inbound, OpenView, Shortcut, Submission, Suggestion, User, UserField};

/// A request that is none of Slack's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request is not one that Slack makes")]
pub struct Unreadable;

/// Reads the form of a slash command, or of an interaction, whose only field is `payload`.
///
/// # Errors
/// [`Unreadable`].
pub fn read_form(body: &[u8]) -> Result<Inbound, Unreadable> {
    let fields = form(std::str::from_utf8(body).map_err(|_| Unreadable)?).ok_or(Unreadable)?;
    match fields.get("payload") {
        Some(payload) => read_interaction(&serde_json::from_str(payload).map_err(|_| Unreadable)?),
        None if fields.contains_key("command") => read_command(&serde_json::json!(fields)),
        None => Ok(Inbound::Other),
    }
}

/// Reads the JSON of an event.
///
/// # Errors
/// [`Unreadable`].
pub fn read_event(body: &[u8]) -> Result<Inbound, Unreadable> {
    read_event_value(&serde_json::from_slice(body).map_err(|_| Unreadable)?)
}

/// Reads the payload of an envelope of Socket Mode.
pub(crate) fn read_envelope(kind: &str, payload: &Value) -> Result<Inbound, Unreadable> {
    match kind {
        "slash_commands" => read_command(payload),
        "interactive" => read_interaction(payload),
        "events_api" => read_event_value(payload),
        _ => Ok(Inbound::Other),
    }
}

fn read_command(fields: &Value) -> Result<Inbound, Unreadable> {
    #[derive(Deserialize)]
    struct Fields {
        user_id: String,
        team_id: String,
        #[serde(default)]
        text: String,
        trigger_id: String,
        #[serde(default)]
        response_url: String,
        #[serde(default)]
        channel_id: String,
    }
    let fields: Fields = Deserialize::deserialize(fields).map_err(|_| Unreadable)?;
    Ok(Inbound::Command(Command {
        user: User { team: fields.team_id.clone(), id: fields.user_id, within: Some(fields.team_id) },
        text: fields.text,
        trigger: fields.trigger_id,
        response_url: fields.response_url,
        channel: fields.channel_id,
    }))
}

fn read_event_value(event: &Value) -> Result<Inbound, Unreadable> {
    #[derive(Deserialize)]
    struct Callback {
        #[serde(default)]
        r#type: String,
        #[serde(default)]
        challenge: String,
        #[serde(default)]
        team_id: String,
        #[serde(default)]
        event: Event,
    }
    #[derive(Default, Deserialize)]
    struct Event {
        #[serde(default)]
        r#type: String,
        #[serde(default)]
        user: String,
        #[serde(default)]
        tab: String,
    }
    let callback: Callback = Deserialize::deserialize(event).map_err(|_| Unreadable)?;
    let Callback { r#type, challenge, team_id, event } = callback;
    Ok(match (r#type.as_str(), event.r#type.as_str(), event.tab.as_str()) {
        ("url_verification", ..) => Inbound::Challenge(challenge),
        (_, "app_home_opened", "home") => {
            Inbound::HomeOpened(User { team: team_id.clone(), id: event.user, within: Some(team_id) })
        }
        _ => Inbound::Other,
    })
}

#[derive(Deserialize)]
struct Interaction {
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    user: UserField,
    #[serde(default)]
    team: Option<Team>,
    #[serde(default)]
    trigger_id: String,
    #[serde(default)]
    response_url: String,
    #[serde(default)]
    callback_id: String,
    #[serde(default)]
    action_id: String,
    #[serde(default)]
    value: String,
    #[serde(default)]
    actions: Vec<ActionField>,
    #[serde(default)]
    container: Container,
    #[serde(default)]
    view: Option<ViewField>,
}

#[derive(Deserialize)]
struct Team {
    #[serde(default)]
    id: String,
}

#[derive(Deserialize)]
struct ActionField {
    #[serde(default)]
    action_id: String,
    #[serde(default)]
    value: Option<String>,
    #[serde(default)]
    selected_option: Option<Chosen>,
}

#[derive(Deserialize)]
struct Chosen {
    #[serde(default)]
    value: String,
}

#[derive(Default, Deserialize)]
struct Container {
    #[serde(default)]
    channel_id: Option<String>,
    #[serde(default)]
    message_ts: Option<String>,
}

#[derive(Default, Deserialize)]
struct ViewField {
    #[serde(default)]
    id: String,
    #[serde(default)]
    hash: Option<String>,
    #[serde(default)]
    callback_id: String,
    #[serde(default)]
    private_metadata: String,
    #[serde(default)]
    state: ViewState,
}

#[derive(Default, Deserialize)]
struct ViewState {
    #[serde(default)]
    values: BTreeMap<String, BTreeMap<String, Field>>,
}

#[derive(Deserialize)]
struct Field {
    #[serde(default)]
    value: Option<String>,
    #[serde(default)]
    selected_option: Option<Chosen>,
    #[serde(default)]
    selected_options: Option<Vec<Chosen>>,
}

fn read_interaction(payload: &Value) -> Result<Inbound, Unreadable> {
    let read: Interaction = Deserialize::deserialize(payload).map_err(|_| Unreadable)?;
    let within = read.team.map(|team| team.id).filter(|id| !id.is_empty());
    let team = read.user.team_id.or_else(|| within.clone()).unwrap_or_default();
    let user = User { team, id: read.user.id, within };
    let (trigger, response_url) = (read.trigger_id, read.response_url);
    let view = read.view.map(open_view);
    Ok(match (read.r#type.as_str(), view) {
        ("view_submission", Some(view)) => Inbound::Submission(Submission { user, view, trigger }),
        ("block_suggestion", view) => {
            Inbound::Suggestion(Suggestion { user, action_id: read.action_id, typed: read.value, view })
        }
        ("block_actions", view) => {
            let Some(action) = read.actions.into_iter().next() else { return Ok(Inbound::Other) };
            let chosen = action.selected_option.map(|option| option.value);
            let message = read.container.channel_id.zip(read.container.message_ts);
            let value = action.value.or(chosen).unwrap_or_default();
            Inbound::Action(Action {
                user,
                action_id: action.action_id,
                value,
                trigger,
                response_url,
                message,
                view,
            })
        }
        ("shortcut", _) => Inbound::Shortcut(Shortcut { user, callback_id: read.callback_id, trigger }),
        _ => Inbound::Other,
    })
}

fn open_view(view: ViewField) -> OpenView {
    let mut open = OpenView {
        id: view.id,
        hash: view.hash,
        callback_id: view.callback_id,
        private_metadata: view.private_metadata,
        ..OpenView::default()
    };
    for (block, fields) in view.state.values {
        for (action, field) in fields {
            let filled = match (field.selected_options, field.selected_option, field.value) {
                (Some(chosen), ..) => Filled::Several(chosen.into_iter().map(|one| one.value).collect()),
                (None, Some(chosen), _) => Filled::One(chosen.value),
                (None, None, text) => Filled::One(text.unwrap_or_default()),
            };
            open.values.insert(action.clone(), filled);
            open.blocks.insert(action, block.clone());
        }
    }
    open
}

/// The fields of `application/x-www-form-urlencoded`; `None` where it is not that.
fn form(text: &str) -> Option<BTreeMap<String, String>> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decoded(name)?, decoded(value)?))
    });
    pairs.collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_read_from_its_form() {
        let body = b"command=%2Fp0&text=request+k8s&user_id=U1&team_id=T1&trigger_id=1.2&response_url=https%3A%2F%2Fhooks.slack.com%2Fx&channel_id=C1";
        let Ok(Inbound::Command(command)) = read_form(body) else { panic!("a command") };
        assert_eq!((command.text.as_str(), command.user.team.as_str()), ("request k8s", "T1"));
        assert_eq!(read_form(b"%zz=1").unwrap_err(), Unreadable);
        assert!(matches!(read_form(b"ssl_check=1"), Ok(Inbound::Other)));
    }

    #[test]
    fn what_is_filled_in_is_found_by_its_action() {
        let payload = serde_json::json!({
            "type": "view_submission", "user": {"id": "U1"}, "team": {"id": "T1"},
            "view": {"id": "V1", "callback_id": "ask", "state": {"values": {
                "b1": {"role": {"type": "external_select", "selected_option": {"value": "ClusterRole/view"}}},
                "b2": {"why": {"type": "plain_text_input", "value": null}},
                "b3": {"parts": {"selected_options": [{"value": "log"}, {"value": "exec"}]}}
            }}}
        });
        let Ok(Inbound::Submission(sent)) = read_envelope("interactive", &payload) else { panic!("a form") };
        assert_eq!(sent.view.one("role"), Some("ClusterRole/view"));
        assert_eq!((sent.view.one("why"), sent.view.one("other")), (None, None));
        assert_eq!(sent.view.several("parts"), ["log", "exec"]);
        assert_eq!(sent.view.blocks["role"], "b1");
        // Without a workspace of their own, users are of the one in which it happened.
        assert_eq!(sent.user.team, "T1");
    }

    #[test]
    fn what_is_not_used_is_nothing() {
        for payload in
            [serde_json::json!({"type": "message_changed"}), serde_json::json!({"type": "block_actions"})]
        {
            assert!(matches!(read_envelope("interactive", &payload), Ok(Inbound::Other)));
        }
        assert!(read_envelope("interactive", &serde_json::json!("text")).is_err());
    }
}
