//! `users.*` and `conversations.*`.

use serde_json::{Value, json};

use super::Answer;
use crate::server::FakeSlack;
use crate::world::UserKind;
use crate::{BOT, TEAM};

/// The most users of a page, whatever is asked for: small, so that every client has to turn pages.
const PAGE: usize = 2;

pub(super) fn user(slack: &FakeSlack, id: &str) -> Answer {
    let kind = slack.with(|world| world.users.get(id).copied()).ok_or("user_not_found")?;
    Ok(json!({ "user": shown(slack, id, kind) }))
}

/// A page of all users; the cursor is the id after which it begins.
pub(super) fn list(slack: &FakeSlack, cursor: &str) -> Answer {
    let all: Vec<(String, UserKind)> =
        slack.with(|world| world.users.iter().map(|(id, kind)| (id.clone(), *kind)).collect());
    if !cursor.is_empty() && !all.iter().any(|(id, _)| id == cursor) {
        return Err("invalid_cursor".into());
    }
    let rest: Vec<_> = all.into_iter().filter(|(id, _)| id.as_str() > cursor).collect();
    let members: Vec<_> = rest.iter().take(PAGE).map(|(id, kind)| shown(slack, id, *kind)).collect();
    let last = rest.get(PAGE.saturating_sub(1)).filter(|_| rest.len() > PAGE);
    let cursor = last.map(|(id, _)| id.as_str()).unwrap_or_default();
    Ok(json!({ "members": members, "response_metadata": { "next_cursor": cursor } }))
}

/// A user as Slack describes one; the address only to those who may read it.
fn shown(slack: &FakeSlack, id: &str, kind: UserKind) -> Value {
    let team = if kind == UserKind::Stranger { "T0OTHER" } else { TEAM };
    let may_read = slack.with(|world| world.scopes.contains("users:read.email"));
    let name = id.trim_start_matches("U0").to_lowercase();
    let email = may_read.then(|| format!("{name}@example.com"));
    json!({
        "id": id,
        "team_id": team,
        "name": name,
        "profile": { "real_name": name, "email": email },
        "deleted": kind == UserKind::Deleted,
        "is_bot": kind == UserKind::Bot,
        "is_restricted": kind == UserKind::Guest,
        "is_ultra_restricted": false,
        "is_stranger": kind == UserKind::Stranger,
    })
}

pub(super) fn open(slack: &FakeSlack, id: &str) -> Answer {
    let kind = slack.with(|world| world.users.get(id).copied()).ok_or("user_not_found")?;
    match kind {
        UserKind::Deleted => Err("user_disabled".into()),
        UserKind::Bot => Err("cannot_dm_bot".into()),
        _ => Ok(json!({ "channel": { "id": slack.with(|world| world.direct(id)) } })),
    }
}

pub(super) fn channel(slack: &FakeSlack, id: &str) -> Answer {
    slack.with(|world| {
        let channel = world.channels.get(id).ok_or("channel_not_found")?;
        let is_member = channel.members.contains(BOT);
        if channel.is_private && !is_member {
            return Err("channel_not_found".into());
        }
        Ok(json!({ "channel": {
            "id": id,
            "name": channel.name,
            "is_member": is_member,
            "is_archived": channel.is_archived,
            "is_private": channel.is_private,
        } }))
    })
}
