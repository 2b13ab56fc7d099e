//! `chat.*` and `response_url`.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Answer, Fault};
use crate::BOT;
use crate::blocks::message_faults;
use crate::server::FakeSlack;
use crate::world::World;

/// The blocks of a message, where they are such that Slack takes them.
fn checked(arguments: &Map<String, Value>) -> Result<(String, Vec<Value>), Fault> {
    let text = arguments.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
    let blocks = arguments.get("blocks").and_then(Value::as_array).cloned().unwrap_or_default();
    if text.is_empty() && blocks.is_empty() {
        return Err("no_text".into());
    }
    if text.chars().count() > 40_000 {
        return Err("msg_too_long".into());
    }
    match message_faults(&blocks) {
        faults if faults.is_empty() => Ok((text, blocks)),
        faults => Err(Fault::with("invalid_blocks", faults)),
    }
}

fn argument(arguments: &Map<String, Value>, name: &str) -> String {
    arguments.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The channel, where the bot may write.
fn writable(slack: &FakeSlack, channel: &str) -> Result<(), Fault> {
    slack.with(|world| {
        let channel = world.channels.get(channel).ok_or("channel_not_found")?;
        match (channel.is_archived, channel.members.contains(BOT), channel.is_private) {
            (true, ..) => Err("is_archived".into()),
            (_, false, true) => Err("channel_not_found".into()),
            (_, false, false) => Err("not_in_channel".into()),
            (_, true, _) => Ok(()),
        }
    })
}

pub(super) fn post(slack: &FakeSlack, arguments: &Map<String, Value>) -> Answer {
    let mut channel = argument(arguments, "channel");
    if channel.starts_with('U') {
        channel = slack.with(|world| world.direct(&channel));
    }
    writable(slack, &channel)?;
    let (text, blocks) = checked(arguments)?;
    let thread = argument(arguments, "thread_ts");
    let has = |world: &World| world.posts.iter().any(|post| post.channel == channel && post.ts == thread);
    if !thread.is_empty() && !slack.with(|world| has(world)) {
        return Err("thread_not_found".into());
    }
    let ts = slack.with(|world| {
        let ts = world.post(&channel, &text, blocks.clone(), None);
        if let Some(post) = world.posts.last_mut().filter(|_| !thread.is_empty()) {
            post.thread = Some(thread);
        }
        ts
    });
    slack.changed();
    Ok(
        json!({ "channel": channel, "ts": ts, "message": { "type": "message", "text": text, "ts": ts, "blocks": blocks } }),
    )
}

pub(super) fn update(slack: &FakeSlack, arguments: &Map<String, Value>) -> Answer {
    let (channel, ts) = (argument(arguments, "channel"), argument(arguments, "ts"));
    writable(slack, &channel)?;
    let (text, blocks) = checked(arguments)?;
    slack.with(|world| {
        let post = world.posts.iter_mut().find(|post| post.channel == channel && post.ts == ts);
        let post = post.filter(|post| post.only_for.is_none()).ok_or("message_not_found")?;
        (post.text, post.blocks) = (text.clone(), blocks);
        post.edits += 1;
        Ok::<_, Fault>(())
    })?;
    slack.changed();
    Ok(json!({ "channel": channel, "ts": ts, "text": text }))
}

pub(super) fn whisper(slack: &FakeSlack, arguments: &Map<String, Value>) -> Answer {
    let (channel, user) = (argument(arguments, "channel"), argument(arguments, "user"));
    writable(slack, &channel)?;
    if !slack
        .with(|world| world.channels.get(&channel).is_some_and(|channel| channel.members.contains(&user)))
    {
        return Err("user_not_in_channel".into());
    }
    let (text, blocks) = checked(arguments)?;
    let ts = slack.with(|world| world.post(&channel, &text, blocks, Some(&user)));
    slack.changed();
    Ok(json!({ "message_ts": ts }))
}

/// An answer to an interaction.
pub(crate) async fn respond(
    State(slack): State<FakeSlack>,
    Path(id): Path<String>,
    body: String,
) -> Response {
    if slack.with(|world| world.is_down) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let (user, channel) = match slack.with(|world| world.take_response(&id)) {
        Ok(found) => found,
        Err(code) => return (StatusCode::NOT_FOUND, code).into_response(),
    };
    let Ok(Value::Object(arguments)) = serde_json::from_str(&body) else {
        return (StatusCode::BAD_REQUEST, "invalid_payload").into_response();
    };
    match checked(&arguments) {
        Ok((text, blocks)) => {
            let only =
                (arguments.get("response_type") != Some(&json!("in_channel"))).then_some(user.as_str());
            slack.with(|world| world.post(&channel, &text, blocks, only));
            slack.changed();
            (StatusCode::OK, "ok").into_response()
        }
        Err(fault) => (StatusCode::BAD_REQUEST, fault.code).into_response(),
    }
}
