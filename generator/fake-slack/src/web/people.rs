//! `users.*` and `conversations.*`.

use serde_json::json;

use super::Answer;
use crate::server::FakeSlack;
use crate::world::UserKind;
use crate::{BOT, TEAM};

pub(super) fn user(slack: &FakeSlack, id: &str) -> Answer {
    let kind = slack.with(|world| world.users.get(id).copied()).ok_or("user_not_found")?;
    let team = if kind == UserKind::Stranger { "T0OTHER" } else { TEAM };
    Ok(json!({ "user": {
        "id": id,
        "team_id": team,
        "name": id.to_lowercase(),
        "deleted": kind == UserKind::Deleted,
        "is_bot": kind == UserKind::Bot,
        "is_restricted": kind == UserKind::Guest,
        "is_ultra_restricted": false,
        "is_stranger": kind == UserKind::Stranger,
    } }))
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
