//! What Slack refuses in blocks and views: each rule with its place. The limits are those of `@slack/types`.

use std::collections::BTreeSet;

use serde_json::Value;

/// What is wrong with a message's blocks.
pub(crate) fn message_faults(blocks: &[Value]) -> Vec<String> {
    let mut faults = Vec::new();
    if blocks.len() > 50 {
        faults.push("no more than 50 items allowed [json-pointer:/blocks]".to_owned());
    }
    faults.extend(all(blocks, false));
    faults
}

/// What is wrong with a view.
pub(crate) fn view_faults(view: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let blocks = view["blocks"].as_array().map(Vec::as_slice).unwrap_or_default();
    if view.to_string().len() > 250_000 {
        faults.push("view_too_large".to_owned());
    }
    if blocks.is_empty() || blocks.len() > 100 {
        faults.push("between 1 and 100 items [json-pointer:/view/blocks]".to_owned());
    }
    let is_modal = match view["type"].as_str() {
        Some("modal") => true,
        Some("home") => false,
        other => {
            faults.push(format!("unsupported type: {other:?} [json-pointer:/view/type]"));
            true
        }
    };
    if is_modal {
        faults.extend(plain(&view["title"], 24, "/view/title"));
        for (name, needed) in [("close", false), ("submit", has_input(blocks))] {
            if needed || !view[name].is_null() {
                faults.extend(plain(&view[name], 24, &format!("/view/{name}")));
            }
        }
    }
    faults.extend(over(&view["private_metadata"], 3000, "/view/private_metadata"));
    faults.extend(over(&view["callback_id"], 255, "/view/callback_id"));
    faults.extend(all(blocks, true));
    faults
}

fn has_input(blocks: &[Value]) -> bool {
    blocks.iter().any(|block| block["type"] == "input")
}

fn all(blocks: &[Value], in_view: bool) -> Vec<String> {
    let mut faults = Vec::new();
    let mut ids = BTreeSet::new();
    for (place, block) in blocks.iter().enumerate() {
        let at = format!("/blocks/{place}");
        faults.extend(over(&block["block_id"], 255, &format!("{at}/block_id")));
        if let Some(id) = block["block_id"].as_str()
            && !ids.insert(id.to_owned())
        {
            faults.push(format!("block_id `{id}` already exists [json-pointer:{at}]"));
        }
        faults.extend(one(block, &at, in_view));
        let mut actions = BTreeSet::new();
        for element in block["elements"].as_array().into_iter().flatten() {
            if let Some(id) = element["action_id"].as_str()
                && !actions.insert(id.to_owned())
            {
                faults.push(format!("action_id `{id}` already exists [json-pointer:{at}]"));
            }
        }
    }
    faults
}

fn one(block: &Value, at: &str, in_view: bool) -> Vec<String> {
    let list = |name: &str| block[name].as_array().map(Vec::as_slice).unwrap_or_default();
    match block["type"].as_str().unwrap_or_default() {
        "header" => plain(&block["text"], 150, at),
        "divider" => Vec::new(),
        "section" => {
            let fields = list("fields");
            let mut faults: Vec<String> = fields.iter().flat_map(|field| text(field, 2000, at)).collect();
            if !block["text"].is_null() {
                faults.extend(text(&block["text"], 3000, at));
            } else if fields.is_empty() {
                faults.push(format!("missing required field: text [json-pointer:{at}]"));
            }
            faults.extend(many(fields.len(), 0, 10, at));
            if !block["accessory"].is_null() {
                faults.extend(element(&block["accessory"], at));
            }
            faults
        }
        "context" => {
            let elements = list("elements");
            let mut faults = many(elements.len(), 1, 10, at);
            faults.extend(elements.iter().flat_map(|one| text(one, 3000, at)));
            faults
        }
        "actions" => {
            let elements = list("elements");
            let mut faults = many(elements.len(), 1, 25, at);
            faults.extend(elements.iter().flat_map(|one| element(one, at)));
            faults
        }
        "input" if !in_view => vec![format!("input blocks are not taken here [json-pointer:{at}]")],
        "input" => {
            let mut faults = plain(&block["label"], 2000, at);
            if !block["hint"].is_null() {
                faults.extend(plain(&block["hint"], 2000, at));
            }
            faults.extend(element(&block["element"], at));
            faults
        }
        other => vec![format!("unsupported type: {other} [json-pointer:{at}/type]")],
    }
}

fn element(element: &Value, at: &str) -> Vec<String> {
    let mut faults = over(&element["action_id"], 255, at);
    if !element["action_id"].is_string() {
        faults.push(format!("missing required field: action_id [json-pointer:{at}]"));
    }
    if !element["placeholder"].is_null() {
        faults.extend(plain(&element["placeholder"], 150, at));
    }
    if !element["confirm"].is_null() {
        faults.extend(confirm(&element["confirm"], at));
    }
    match element["type"].as_str().unwrap_or_default() {
        "button" => {
            faults.extend(plain(&element["text"], 75, at));
            faults.extend(over(&element["value"], 2000, at));
            faults.extend(over(&element["url"], 3000, at));
        }
        "static_select" => {
            faults.extend(options(&element["options"], at));
            let initial = &element["initial_option"];
            let is_there = element["options"].as_array().is_some_and(|options| options.contains(initial));
            if !initial.is_null() && !is_there {
                faults.push(format!("initial_option is not among options [json-pointer:{at}]"));
            }
        }
        "external_select" => faults.extend(one_option(&element["initial_option"], at)),
        "multi_external_select" => {
            let initial = element["initial_options"].as_array().into_iter().flatten();
            faults.extend(initial.flat_map(|option| one_option(option, at)));
        }
        "plain_text_input" => {
            let max = element["max_length"].as_u64().unwrap_or(3000);
            if !(1..=3000).contains(&max) {
                faults.push(format!("max_length must be 1 to 3000 [json-pointer:{at}]"));
            }
            faults.extend(over(&element["initial_value"], usize::try_from(max).unwrap_or(3000), at));
        }
        other => faults.push(format!("unsupported type: {other} [json-pointer:{at}/type]")),
    }
    faults
}

fn confirm(confirm: &Value, at: &str) -> Vec<String> {
    let parts = [("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)];
    parts.iter().flat_map(|(name, max)| text(&confirm[*name], *max, at)).collect()
}

/// What is wrong with the options of a select.
pub(crate) fn options(options: &Value, at: &str) -> Vec<String> {
    let list = options.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut faults = many(list.len(), 1, 100, at);
    faults.extend(list.iter().flat_map(|option| one_option(option, at)));
    faults
}

fn one_option(option: &Value, at: &str) -> Vec<String> {
    if option.is_null() {
        return Vec::new();
    }
    let mut faults = plain(&option["text"], 75, at);
    faults.extend(over(&option["value"], 150, at));
    if !option["value"].is_string() {
        faults.push(format!("missing required field: value [json-pointer:{at}]"));
    }
    if !option["description"].is_null() {
        faults.extend(plain(&option["description"], 75, at));
    }
    faults
}

fn plain(object: &Value, max: usize, at: &str) -> Vec<String> {
    let mut faults = text(object, max, at);
    if object["type"] != "plain_text" {
        faults.push(format!("must be plain_text [json-pointer:{at}]"));
    }
    faults
}

fn text(object: &Value, max: usize, at: &str) -> Vec<String> {
    let Some(text) = object["text"].as_str() else {
        return vec![format!("missing required field: text [json-pointer:{at}]")];
    };
    let mut faults = over(&object["text"], max, at);
    if text.is_empty() {
        faults.push(format!("must be more than 0 characters [json-pointer:{at}]"));
    }
    faults
}

fn over(value: &Value, max: usize, at: &str) -> Vec<String> {
    let length = value.as_str().unwrap_or_default().encode_utf16().count();
    if length > max {
        vec![format!("must be less than {} characters [json-pointer:{at}]", max + 1)]
    } else {
        Vec::new()
    }
}

fn many(count: usize, least: usize, most: usize, at: &str) -> Vec<String> {
    match count {
        _ if count < least => vec![format!("no fewer than {least} items allowed [json-pointer:{at}]")],
        _ if count > most => vec![format!("no more than {most} items allowed [json-pointer:{at}]")],
        _ => Vec::new(),
    }
}
