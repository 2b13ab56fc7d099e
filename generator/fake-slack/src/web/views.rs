//! `views.*`.

use serde_json::{Map, Value, json};

use super::{Answer, Fault};
use crate::blocks::view_faults;
use crate::server::FakeSlack;

fn checked(arguments: &Map<String, Value>, kind: &str) -> Result<Value, Fault> {
    let view = match arguments.get("view") {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(view) => view.clone(),
        None => return Err("invalid_arguments".into()),
    };
    let mut faults = view_faults(&view);
    if view["type"] != kind {
        faults.push(format!("must be a {kind} [json-pointer:/view/type]"));
    }
    match faults.iter().any(|fault| fault == "view_too_large") {
        true => Err("view_too_large".into()),
        false if faults.is_empty() => Ok(view),
        false => Err(Fault::with("invalid_arguments", faults)),
    }
}

pub(super) fn open(slack: &FakeSlack, arguments: &Map<String, Value>) -> Answer {
    let view = checked(arguments, "modal")?;
    let trigger = arguments.get("trigger_id").and_then(Value::as_str).unwrap_or_default();
    let (id, hash) = slack.with(|world| {
        let user = world.take_trigger(trigger)?;
        world.open_view(&user, view)
    })?;
    slack.changed();
    Ok(json!({ "view": { "id": id, "hash": hash, "type": "modal" } }))
}

pub(super) fn update(slack: &FakeSlack, arguments: &Map<String, Value>) -> Answer {
    let view = checked(arguments, "modal")?;
    let text = |name: &str| arguments.get(name).and_then(Value::as_str);
    let id = text("view_id").ok_or("invalid_arguments")?;
    let hash = slack.with(|world| world.update_view(id, text("hash"), view))?;
    slack.changed();
    Ok(json!({ "view": { "id": id, "hash": hash, "type": "modal" } }))
}

pub(super) fn publish(slack: &FakeSlack, arguments: &Map<String, Value>) -> Answer {
    let view = checked(arguments, "home")?;
    let user = arguments.get("user_id").and_then(Value::as_str).unwrap_or_default();
    slack.with(|world| {
        if !world.users.contains_key(user) {
            return Err(Fault::from("user_not_found"));
        }
        world.homes.insert(user.to_owned(), view);
        Ok(())
    })?;
    slack.changed();
    Ok(json!({ "view": { "id": format!("VH{user}"), "type": "home" } }))
}
