//! The Web API: tokens, scopes, rate limits, and which method is meant.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::server::FakeSlack;
use crate::{APP_TOKEN, BOT, BOT_TOKEN, TEAM};

pub(crate) mod chat;
mod people;
mod views;

/// What a method answers: fields beside `ok`, or Slack's word for why not.
pub(crate) type Answer = Result<Value, Fault>;

/// A refusal.
pub(crate) struct Fault {
    code: String,
    messages: Vec<String>,
    needed: Option<&'static str>,
}

impl From<&str> for Fault {
    fn from(code: &str) -> Self {
        Self { code: code.to_owned(), messages: Vec::new(), needed: None }
    }
}

impl Fault {
    pub(crate) fn with(code: &str, messages: Vec<String>) -> Self {
        Self { messages, ..Self::from(code) }
    }
}

/// One call.
pub(crate) async fn call(
    State(slack): State<FakeSlack>,
    Path(method): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let arguments = arguments(&headers, &body);
    let key = arguments.get("channel").and_then(Value::as_str).unwrap_or_default().to_owned();
    let (is_down, wait) = slack.with(|world| {
        world.calls.push(method.clone());
        (world.is_down, world.rate(&method, &key))
    });
    if is_down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if let Some(seconds) = wait {
        let mut response = (StatusCode::TOO_MANY_REQUESTS, answer(Err("ratelimited".into()))).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        return response;
    }
    let token = token(&headers, &arguments);
    let scopes = slack.with(|world| world.scopes.iter().cloned().collect::<Vec<_>>().join(","));
    let mut response = answer(perform(&slack, &method, &token, &arguments)).into_response();
    if let Ok(scopes) = HeaderValue::from_str(&scopes) {
        response.headers_mut().insert("x-oauth-scopes", scopes);
    }
    response
}

fn answer(done: Answer) -> axum::Json<Value> {
    axum::Json(match done {
        Ok(mut fields) => {
            if let Some(fields) = fields.as_object_mut() {
                fields.insert("ok".to_owned(), json!(true));
            }
            fields
        }
        Err(fault) => {
            let mut fields = json!({ "ok": false, "error": fault.code });
            if !fault.messages.is_empty() {
                fields["response_metadata"] = json!({ "messages": fault.messages });
            }
            if let Some(scope) = fault.needed {
                fields["needed"] = json!(scope);
                fields["provided"] = json!("");
            }
            fields
        }
    })
}

/// The arguments, from JSON or from a form, whose values are JSON where they are objects.
fn arguments(headers: &HeaderMap, body: &str) -> Map<String, Value> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/json") {
        return serde_json::from_str(body).unwrap_or_default();
    }
    let pairs = crate::payload::read_form(body).into_iter();
    pairs
        .map(|(name, value)| {
            let is_object = value.starts_with(['{', '[']);
            let read = is_object.then(|| serde_json::from_str(&value).ok()).flatten();
            (name, read.unwrap_or(Value::String(value)))
        })
        .collect()
}

fn token(headers: &HeaderMap, arguments: &Map<String, Value>) -> String {
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let header = header.and_then(|value| value.strip_prefix("Bearer "));
    let given = header.or_else(|| arguments.get("token").and_then(Value::as_str));
    given.unwrap_or_default().to_owned()
}

fn perform(slack: &FakeSlack, method: &str, token: &str, arguments: &Map<String, Value>) -> Answer {
    if token.is_empty() {
        return Err("not_authed".into());
    }
    if method == "apps.connections.open" {
        return match token {
            APP_TOKEN => Ok(json!({ "url": slack.new_socket() })),
            BOT_TOKEN => Err("not_allowed_token_type".into()),
            _ => Err("invalid_auth".into()),
        };
    }
    if token != BOT_TOKEN {
        return Err("invalid_auth".into());
    }
    let scope = match method {
        "chat.postMessage" | "chat.update" | "chat.postEphemeral" => Some("chat:write"),
        "users.info" | "users.list" => Some("users:read"),
        "conversations.open" => Some("im:write"),
        "conversations.info" => Some("channels:read"),
        _ => None,
    };
    if let Some(scope) = scope
        && !slack.with(|world| world.scopes.contains(scope))
    {
        return Err(Fault { needed: Some(scope), ..Fault::from("missing_scope") });
    }
    let text = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or_default();
    match method {
        "api.test" => Ok(json!({})),
        "auth.test" => {
            Ok(json!({ "team_id": TEAM, "team": "Fake", "user_id": BOT, "user": "p0", "bot_id": "B0FAKE" }))
        }
        "chat.postMessage" => chat::post(slack, arguments),
        "chat.update" => chat::update(slack, arguments),
        "chat.postEphemeral" => chat::whisper(slack, arguments),
        "views.open" => views::open(slack, arguments),
        "views.update" => views::update(slack, arguments),
        "views.publish" => views::publish(slack, arguments),
        "users.info" => people::user(slack, text("user")),
        "users.list" => people::list(slack, text("cursor")),
        "conversations.open" => people::open(slack, text("users")),
        "conversations.info" => people::channel(slack, text("channel")),
        _ => Err("unknown_method".into()),
    }
}
