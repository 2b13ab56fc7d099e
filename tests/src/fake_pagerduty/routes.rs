//! What is answered. Each request is checked as PagerDuty does it: the key, the version, the rate limit, and then the rest.

use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State as Held};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::account::{Account, Entry, Shift};
use super::query::Query;
use super::{READER, State, WRITER, Weather};

type Shared = Arc<Mutex<State>>;
type Answer = Result<Json<Value>, Refusal>;

/// An answer that is no success, as PagerDuty writes it.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: u32,
    pub(super) message: &'static str,
    pub(super) errors: Vec<String>,
}

pub(super) fn router(state: Shared) -> Router {
    Router::new()
        .route("/oncalls", get(on_calls))
        .route("/users", get(users))
        .route("/users/{id}", get(user))
        .route("/schedules", get(schedules))
        .route("/schedules/{id}", get(schedule))
        .route("/schedules/{id}/overrides", get(overrides).post(make_overrides))
        .route("/escalation_policies/{id}", get(escalation_policy))
        .route("/incidents", get(incidents))
        .fallback(|| async { missing() })
        .layer(from_fn_with_state(state.clone(), gate))
        .with_state(state)
}

/// What is checked of every request, and the headers of every answer.
async fn gate(Held(state): Held<Shared>, request: Request, next: Next) -> Response {
    let (weather, passed, limits) = {
        let mut state = state.lock().expect("no panic");
        state.asked.push(request.uri().to_string());
        let weather = state.weather;
        if let Weather::Failing { requests, status } = weather {
            let requests = requests.saturating_sub(1);
            state.weather = if requests == 0 { Weather::Fair } else { Weather::Failing { requests, status } };
        }
        let passed =
            check(request.headers(), request.method()).and_then(|()| match state.limiter.lets_through() {
                true => Ok(()),
                false => Err(Refusal::plain(StatusCode::TOO_MANY_REQUESTS, 2020, "Rate Limit Exceeded")),
            });
        (weather, passed, state.limiter.headers())
    };
    let mut response = match (weather, passed) {
        (Weather::Silent, _) => std::future::pending().await,
        (Weather::Failing { status, .. }, _) => {
            StatusCode::from_u16(status).expect("a status").into_response()
        }
        (Weather::Garbled, _) => Body::from("<html>upstream</html>").into_response(),
        (Weather::Fair, Ok(())) => next.run(request).await,
        (Weather::Fair, Err(refusal)) => refusal.into_response(),
    };
    for (name, value) in limits {
        response.headers_mut().insert(name, value.parse().expect("a header"));
    }
    response
}

fn check(headers: &HeaderMap, method: &Method) -> Result<(), Refusal> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let key = text(header::AUTHORIZATION).strip_prefix("Token token=");
    let key = key.filter(|key| [READER, WRITER].contains(key));
    let key = key.ok_or(Refusal::plain(StatusCode::UNAUTHORIZED, 2006, "Invalid credentials"))?;
    if text(header::ACCEPT) != "application/vnd.pagerduty+json;version=2" {
        return Err(Refusal::plain(StatusCode::NOT_ACCEPTABLE, 2000, "Unsupported API version"));
    }
    match method == Method::GET || key == WRITER {
        true => Ok(()),
        false => Err(Refusal::plain(StatusCode::FORBIDDEN, 2010, "Access Denied")),
    }
}

async fn on_calls(Held(state): Held<Shared>, uri: Uri) -> Answer {
    let query = Query::of(&uri);
    let (since, until) = query.span(Timestamp::now())?;
    let is_asked_for = |entry: &Entry| {
        let schedule = entry.schedule.as_deref().unwrap_or_default();
        query.takes("user_ids[]", &entry.user)
            && query.takes("schedule_ids[]", schedule)
            && query.takes("escalation_policy_ids[]", &entry.policy)
    };
    let entry = |entry: Entry| {
        json!({
            "user": reference("user", &entry.user),
            "schedule": entry.schedule.map(|id| reference("schedule", &id)),
            "escalation_policy": reference("escalation_policy", &entry.policy),
            "escalation_level": entry.level,
            "start": entry.span.map(|(start, _)| start.to_string()),
            "end": entry.span.map(|(_, end)| end.to_string()),
        })
    };
    let found = locked(&state, |account| account.on_calls(since, until));
    let found: Vec<Value> = found.into_iter().filter(is_asked_for).map(entry).collect();
    query.page("oncalls", &found).map(Json)
}

/// The query finds a part of the name or of the address, in any case.
async fn users(Held(state): Held<Shared>, uri: Uri) -> Answer {
    let query = Query::of(&uri);
    let part = query.one("query").unwrap_or_default().to_lowercase();
    let found = locked(&state, |account| {
        let fits = |text: &str| text.to_lowercase().contains(&part);
        let users = account.users.iter().filter(|(_, user)| fits(&user.name) || fits(&user.email));
        users.map(|(id, user)| user_body(id, &user.name, &user.email)).collect::<Vec<_>>()
    });
    query.page("users", &found).map(Json)
}

async fn user(Held(state): Held<Shared>, Path(id): Path<String>) -> Answer {
    let found = locked(&state, |account| account.users.get(&id).cloned()).ok_or_else(missing)?;
    Ok(Json(json!({ "user": user_body(&id, &found.name, &found.email) })))
}

async fn schedules(Held(state): Held<Shared>, uri: Uri) -> Answer {
    let found: Vec<Value> =
        locked(&state, |account| account.schedules.keys().map(|id| named("schedule", id)).collect());
    Query::of(&uri).page("schedules", &found).map(Json)
}

async fn schedule(Held(state): Held<Shared>, Path(id): Path<String>) -> Answer {
    let is_there = locked(&state, |account| account.schedules.contains_key(&id));
    is_there.then(|| Json(json!({ "schedule": named("schedule", &id) }))).ok_or_else(missing)
}

async fn escalation_policy(Held(state): Held<Shared>, Path(id): Path<String>) -> Answer {
    let is_there = locked(&state, |account| account.policies.contains_key(&id));
    let body = || Json(json!({ "escalation_policy": named("escalation_policy", &id) }));
    is_there.then(body).ok_or_else(missing)
}

/// Both ends of the time have to be given.
async fn overrides(Held(state): Held<Shared>, Path(id): Path<String>, uri: Uri) -> Answer {
    let query = Query::of(&uri);
    let since = query.time("since")?.ok_or_else(|| Refusal::invalid("Since cannot be empty."))?;
    let until = query.time("until")?.ok_or_else(|| Refusal::invalid("Until cannot be empty."))?;
    let found = locked(&state, |account| {
        let all = account.schedules.get(&id)?.overrides.clone();
        Some(all.into_iter().filter(|(_, shift)| shift.start <= until && since < shift.end))
    });
    let found: Vec<Value> =
        found.ok_or_else(missing)?.map(|(id, shift)| override_body(&id, &shift)).collect();
    Ok(Json(json!({ "overrides": found })))
}

async fn make_overrides(
    Held(state): Held<Shared>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let body: Value = serde_json::from_slice(&body).map_err(|_| Refusal::invalid("The body is not JSON"))?;
    let wanted = body["overrides"].as_array().ok_or_else(|| Refusal::invalid("overrides is missing"))?;
    let mut made = Vec::new();
    for one in wanted {
        let time = |name: &str| one[name].as_str().and_then(|text| text.parse::<Timestamp>().ok());
        let (Some(start), Some(end)) = (time("start"), time("end")) else {
            return Err(Refusal::invalid("start and end are times in ISO 8601"));
        };
        let user = one["user"]["id"].as_str().unwrap_or_default().to_owned();
        let shift = Shift { user, start, end };
        let made_one = locked(&state, |account| {
            account.users.contains_key(&shift.user).then(|| account.add_override(&id, shift.clone()))
        });
        let id = made_one.ok_or_else(|| Refusal::invalid("User not found"))?.ok_or_else(missing)?;
        made.push(json!({ "status": 201, "override": override_body(&id, &shift) }));
    }
    Ok((StatusCode::CREATED, Json(Value::Array(made))))
}

async fn incidents(Held(state): Held<Shared>, uri: Uri) -> Answer {
    let query = Query::of(&uri);
    let found: Vec<Value> = locked(&state, |account| {
        let open = account.incidents.iter().filter(|incident| {
            query.takes("user_ids[]", &incident.user) && query.takes("statuses[]", "triggered")
        });
        open.map(|incident| {
            json!({
                "id": incident.id,
                "type": "incident",
                "incident_number": incident.number,
                "title": "The shop is down",
                "created_at": incident.created_at.to_string(),
                "status": "triggered",
                "escalation_policy": reference("escalation_policy", &incident.policy),
                "assignments": [{ "assignee": reference("user", &incident.user) }],
            })
        })
        .collect()
    });
    query.page("incidents", &found).map(Json)
}

fn locked<T>(state: &Shared, answer: impl FnOnce(&mut Account) -> T) -> T {
    answer(&mut state.lock().expect("no panic").account)
}

fn reference(kind: &str, id: &str) -> Value {
    json!({ "id": id, "type": format!("{kind}_reference"), "summary": id })
}

fn named(kind: &str, id: &str) -> Value {
    json!({ "id": id, "type": kind, "summary": id, "name": id })
}

fn user_body(id: &str, name: &str, email: &str) -> Value {
    json!({ "id": id, "type": "user", "summary": name, "name": name, "email": email })
}

fn override_body(id: &str, shift: &Shift) -> Value {
    json!({
        "id": id,
        "start": shift.start.to_string(),
        "end": shift.end.to_string(),
        "user": reference("user", &shift.user),
    })
}

fn missing() -> Refusal {
    Refusal::plain(StatusCode::NOT_FOUND, 2100, "Not Found")
}

impl Refusal {
    fn plain(status: StatusCode, code: u32, message: &'static str) -> Self {
        Self { status, code, message, errors: Vec::new() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = json!({ "code": self.code, "message": self.message, "errors": self.errors });
        (self.status, Json(json!({ "error": error }))).into_response()
    }
}
