//! What is asked, and who answers: the two APIs, and Git.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use super::access::{Actor, Need};
use super::state::{Repo, State};
use crate::git_http;

/// What is answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) value: Value,
    headers: Vec<(&'static str, String)>,
}

/// What is asked.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: Vec<String>,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn is(status: u16, value: Value) -> Self {
        Self { status, value, headers: Vec::new() }
    }

    pub(crate) fn says(status: u16, message: &str) -> Self {
        let url = "https://docs.github.com/rest";
        Self::is(
            status,
            json!({ "message": message, "documentation_url": url, "status": status.to_string() }),
        )
    }

    pub(crate) fn invalid(resource: &str, message: &str) -> Self {
        let mut answer = Self::says(422, "Validation Failed");
        answer.value["errors"] = json!([{ "resource": resource, "code": "custom", "message": message }]);
        answer
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Asked {
    pub(crate) fn text(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn wants(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    fn writes(&self) -> bool {
        self.method != Method::GET
    }
}

type State_ = Arc<Mutex<State>>;

pub(crate) fn router(state: State_) -> Router {
    Router::new().fallback(serve).with_state(state)
}

async fn serve(Shared(state): Shared<State_>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 30).await.expect("a body");
    let path = parts.uri.path().to_owned();
    let api = path.strip_prefix("/api/v3").or_else(|| (path == "/api/graphql").then_some("/graphql"));
    let Some(api) = api else {
        let may = git_access(&state.lock().unwrap_or_else(PoisonError::into_inner), &parts, &body);
        return match may {
            Ok(root) => git_http::backend(&root, &parts, body).await,
            Err(status) => {
                let response = Response::builder().status(status);
                let response = response.header("www-authenticate", "Basic realm=\"GitHub\"");
                response.body(Body::empty()).expect("a response")
            }
        };
    };
    let parsed = reqwest::Url::parse(&format!("http://x{}", parts.uri)).expect("a URL");
    let query: BTreeMap<String, String> = parsed.query_pairs().into_owned().collect();
    let asked = Asked {
        method: parts.method,
        path: api.split('/').filter(|part| !part.is_empty()).map(decoded).collect(),
        query,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    };
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    state.calls += 1;
    let answer = answer(&mut state, &asked, &parts.headers);
    let exchange = json!({
        "method": asked.method.as_str(), "path": api, "query": asked.query, "request": asked.body,
        "status": answer.status, "response": answer.value,
    });
    state.exchanges.push(exchange);
    respond(&asked, answer, &parts.headers)
}

/// An answer that is known already is not sent again.
fn respond(asked: &Asked, answer: Answer, headers: &HeaderMap) -> Response {
    let text = if answer.value.is_null() { String::new() } else { answer.value.to_string() };
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let tag = format!("W/\"{:016x}\"", hasher.finish());
    let known = headers.get("if-none-match").is_some_and(|own| own.as_bytes() == tag.as_bytes());
    let date = jiff::fmt::rfc2822::to_string(&jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC));
    let mut response = Response::builder().header("content-type", "application/json; charset=utf-8");
    response = response.header("date", date.expect("a date").replace("+0000", "GMT"));
    if !asked.writes() && answer.status == 200 {
        response = response.header("etag", &tag);
        if known {
            return response.status(304).body(Body::empty()).expect("a response");
        }
    }
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.status(answer.status).body(Body::from(text)).expect("a response")
}

fn answer(state: &mut State, asked: &Asked, headers: &HeaderMap) -> Answer {
    super::pulls::refresh(state);
    let token = headers.get("authorization").and_then(|own| own.to_str().ok()).unwrap_or_default();
    // `Bearer`, `bearer` and `token` are all taken.
    let scheme = |(scheme, token)| {
        ["bearer", "token"].iter().any(|own| own.eq_ignore_ascii_case(scheme)).then_some(token)
    };
    let Some(token) = token.split_once(' ').and_then(scheme) else {
        return Answer::says(401, "Requires authentication");
    };
    let actor = match state.actor(token) {
        Ok(actor) => actor,
        Err(refusal) => return refusal,
    };
    if asked.writes() && !matches!(actor, Actor::App(_)) {
        match &mut state.limit {
            Some(0) => {
                let says = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
                return Answer::says(403, says).with("retry-after", "60");
            }
            Some(left) => *left -= 1,
            None => {}
        }
    }
    let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    match (asked.method.as_str(), path.as_slice()) {
        ("POST", ["graphql"]) => super::graphql::answer(state, &actor, asked),
        ("GET", ["app"]) => state.own_app(&actor),
        ("POST", ["app", "installations", id, "access_tokens"]) => state.access_token(&actor, id, asked),
        ("GET", ["user"]) => match &actor {
            Actor::User(login) => Answer::is(200, state.public_user(&login.clone())),
            _ => Answer::says(403, "Resource not accessible by integration"),
        },
        ("GET", ["users", login]) => match state.users.iter().any(|own| own.login == *login) {
            true => Answer::is(200, state.public_user(login)),
            false => Answer::says(404, "Not Found"),
        },
        ("GET", ["rate_limit"]) => Answer::is(200, super::answers::rate_limit()),
        (_, ["repos", owner, name, rest @ ..]) => {
            let full = format!("{owner}/{name}");
            // A repository is taken out while it is worked on, so that the rest can be read beside it.
            let Some(mut repo) = state.repositories.remove(&full) else {
                return Answer::says(404, "Not Found");
            };
            let answer = match &repo.renamed {
                Some(to) => {
                    let url = format!("{}/api/v3/repos/{to}", state.url);
                    let mut moved = Answer::says(301, "Moved Permanently").with("location", url.clone());
                    moved.value = json!({ "message": "Moved Permanently", "url": url, "documentation_url": "https://docs.github.com/rest" });
                    moved
                }
                None => {
                    of_repository(state, &mut repo, &actor, asked, rest).unwrap_or_else(|refusal| refusal)
                }
            };
            state.repositories.insert(full, repo);
            answer
        }
        _ => Answer::says(404, "Not Found"),
    }
}

fn of_repository(
    state: &mut State,
    repo: &mut Repo,
    actor: &Actor,
    asked: &Asked,
    rest: &[&str],
) -> Result<Answer, Answer> {
    if let ("GET", ["installation"]) = (asked.method.as_str(), rest) {
        return Ok(state.installation(actor, repo));
    }
    let may = |state: &State, repo: &Repo, what: &str, need: Need| state.may(actor, repo, what, need);
    let number = |text: &str| text.parse::<u64>().unwrap_or_default();
    let (read, write) = (Need::Read, Need::Write);
    match (asked.method.as_str(), rest) {
        ("GET", []) => {
            may(state, repo, "metadata", read)?;
            Ok(Answer::is(200, state.repository_of(repo, Some(actor))))
        }
        ("GET", ["branches", branch]) => {
            may(state, repo, "contents", read)?;
            super::references::branch(state, repo, branch)
        }
        ("GET", ["rules", "branches", branch]) => {
            may(state, repo, "metadata", read)?;
            Ok(Answer::is(200, super::answers::rules(repo, branch)))
        }
        ("GET", ["rulesets", id]) => {
            may(state, repo, "metadata", read)?;
            let is_admin = may(state, repo, "administration", write).is_ok();
            super::answers::ruleset(repo, number(id), is_admin)
        }
        (_, ["git", "refs", name @ ..]) => {
            may(state, repo, "contents", write)?;
            super::references::change(state, repo, asked, &name.join("/"))
        }
        ("GET", ["pulls"]) => {
            may(state, repo, "pull_requests", read)?;
            Ok(super::pulls::list(state, repo, asked))
        }
        ("POST", ["pulls"]) => {
            may(
                state,
                repo,
                if matches!(actor, Actor::User(_)) { "comments" } else { "pull_requests" },
                write,
            )?;
            super::pulls::open(state, repo, actor, asked)
        }
        (_, ["pulls", id, rest @ ..]) => super::pulls::one(state, repo, actor, asked, number(id), rest),
        ("GET", ["issues", id]) => {
            may(state, repo, "pull_requests", read)?;
            super::pulls::issue(state, repo, number(id))
        }
        (_, ["issues", id, rest @ ..]) => super::pulls::said(state, repo, actor, asked, number(id), rest),
        (_, ["commits", commit, kind]) => super::checks::list(state, repo, actor, asked, commit, kind),
        ("POST", ["check-runs"]) => super::checks::post_run(state, repo, actor, asked),
        ("POST", ["statuses", commit]) => super::checks::post_status(state, repo, actor, asked, commit),
        _ => Err(Answer::says(404, "Not Found")),
    }
}

/// Whether a request of Git's may be served, and from where. `main` changes by pull requests alone.
fn git_access(
    state: &State,
    parts: &http::request::Parts,
    body: &[u8],
) -> Result<std::path::PathBuf, StatusCode> {
    let path = parts.uri.path();
    let full = path.trim_start_matches('/').split_once(".git/").map(|(full, _)| full.to_owned());
    let repo = full.and_then(|full| state.repositories.get(&full)).filter(|repo| repo.renamed.is_none());
    let repo = repo.ok_or(StatusCode::NOT_FOUND)?;
    let pushes = path.ends_with("git-receive-pack")
        || parts.uri.query().is_some_and(|query| query.contains("git-receive-pack"));
    let token = parts
        .headers
        .get("authorization")
        .and_then(|own| own.to_str().ok()?.strip_prefix("Basic "))
        .and_then(|own| {
            use base64::Engine;
            let text = base64::engine::general_purpose::STANDARD.decode(own).ok()?;
            String::from_utf8(text).ok()?.split_once(':').map(|(_, token)| token.to_owned())
        });
    let token = match token {
        None if repo.is_public && !pushes => return Ok(state.folder().to_owned()),
        token => token.ok_or(StatusCode::UNAUTHORIZED)?,
    };
    let actor = state.actor(&token).map_err(|_| StatusCode::UNAUTHORIZED)?;
    let need = if pushes { Need::Write } else { Need::Read };
    state.may(&actor, repo, "contents", need).map_err(|_| StatusCode::FORBIDDEN)?;
    let names_base = body.windows(16).any(|bytes| bytes == b" refs/heads/main");
    match pushes && names_base && repo.rules.active {
        true => Err(StatusCode::FORBIDDEN),
        false => Ok(state.folder().to_owned()),
    }
}

fn decoded(part: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = part.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex =
            (*first == b'%').then(|| after.get(..2)).flatten().and_then(|own| std::str::from_utf8(own).ok());
        match hex.and_then(|own| u8::from_str_radix(own, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
