//! A page on which one person plays everybody: they give commands, fill in forms and press buttons, and see what each one sees.
//!
//! The page is for this machine: what changes something needs a header that a page of another site cannot send. Not here: how blocks
//! look ([`render`]), and anything about the app.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::deliver::NotHandled;
use crate::modal::Sent;
use crate::person::Person;
use crate::server::FakeSlack;

pub mod render;

/// What the page shows beside Slack, and what can be done there.
pub trait Surroundings: Send + Sync {
    /// Panels: a heading and lines of text.
    fn panels(&self) -> Vec<(String, String)>;
    /// Buttons: what each is called, and what it says.
    fn buttons(&self) -> Vec<(&'static str, &'static str)>;
    /// Somebody pressed a button.
    fn press(&self, name: &str);
}

/// A stage: who plays, in which channel.
#[derive(Clone)]
pub struct Stage {
    slack: FakeSlack,
    /// Everybody who plays, with the name that the page shows.
    people: Vec<(String, Person)>,
    channel: String,
    around: Arc<dyn Surroundings>,
}

impl Stage {
    /// A stage for these people, who meet in `channel`.
    pub fn new(
        slack: FakeSlack,
        people: Vec<(String, Person)>,
        channel: String,
        around: Arc<dyn Surroundings>,
    ) -> Self {
        Self { slack, people, channel, around }
    }

    /// Serves the page; where it then is. It lives as long as the runtime.
    ///
    /// # Errors
    /// The system's, where the address is taken.
    pub async fn serve(self, listen: SocketAddr) -> std::io::Result<SocketAddr> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let acts = Router::new()
            .route("/command", post(command))
            .route("/press", post(press))
            .route("/pick", post(pick))
            .route("/write", post(write))
            .route("/submit", post(submit))
            .route("/close", post(close))
            .route("/home", post(home))
            .route("/around", post(around))
            .layer(middleware::from_fn(own_page_only));
        let router = Router::new()
            .route("/", get(|| async { Html(render::PAGE) }))
            .route(
                "/page.js",
                get(|| async { ([(header::CONTENT_TYPE, "text/javascript")], render::SCRIPT) }),
            )
            .route("/page.css", get(|| async { ([(header::CONTENT_TYPE, "text/css")], render::STYLE) }))
            .route("/state", get(state))
            .route("/suggest", get(suggest))
            .merge(acts)
            .with_state(self);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(address)
    }

    fn person(&self, name: &str) -> Option<&Person> {
        self.people.iter().find(|(own, _)| own == name).map(|(_, person)| person)
    }
}

/// A page of another site can send a form here, but not this header.
async fn own_page_only(request: Request, next: Next) -> Response {
    match request.headers().contains_key("x-stage") {
        true => next.run(request).await,
        false => StatusCode::FORBIDDEN.into_response(),
    }
}

/// What somebody does on the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Act {
    who: String,
    text: String,
    channel: String,
    ts: String,
    action: String,
    value: String,
}

async fn state(State(stage): State<Stage>) -> Json<Value> {
    let html = render::stage(&stage.slack, &stage.people, &stage.channel, stage.around.as_ref());
    Json(json!({ "html": html.into_string() }))
}

/// What a person is told where the app did not do its part.
fn told(result: Result<Option<String>, NotHandled>) -> Json<Value> {
    Json(match result {
        Ok(text) => json!({ "text": text }),
        Err(error) => json!({ "text": format!("Slack says: {error}") }),
    })
}

fn nobody() -> Json<Value> {
    told(Err(NotHandled::NotFilledIn("there is no such person or form".to_owned())))
}

async fn command(State(stage): State<Stage>, Json(act): Json<Act>) -> Json<Value> {
    let Some(person) = stage.person(&act.who) else { return nobody() };
    told(person.commands(&stage.channel, act.text.trim()).await)
}

async fn press(State(stage): State<Stage>, Json(act): Json<Act>) -> Json<Value> {
    let Some(person) = stage.person(&act.who) else { return nobody() };
    let Some(post) = person.sees(&act.channel, &act.ts) else { return nobody() };
    let done = match act.value.is_empty() {
        true => person.presses(&post, &act.action).await,
        false => person.chooses(&post, &act.action, &act.value).await,
    };
    told(done.map(|()| None))
}

async fn suggest(State(stage): State<Stage>, Query(act): Query<Act>) -> Json<Value> {
    let modal = stage.person(&act.who).and_then(Person::modal_now);
    let Some(modal) = modal else { return nobody() };
    Json(match modal.offers(&act.action, &act.text).await {
        Ok(options) => json!({ "options": options }),
        Err(error) => json!({ "text": error.to_string() }),
    })
}

async fn pick(State(stage): State<Stage>, Json(act): Json<Act>) -> Json<Value> {
    let modal = stage.person(&act.who).and_then(Person::modal_now);
    let Some(modal) = modal else { return nobody() };
    told(modal.picks(&act.action, &act.text, &act.value).await.map(|()| None))
}

async fn write(State(stage): State<Stage>, Json(act): Json<Act>) -> Json<Value> {
    let modal = stage.person(&act.who).and_then(Person::modal_now);
    let Some(modal) = modal else { return nobody() };
    told(modal.writes(&act.action, &act.text).await.map(|()| None))
}

async fn submit(State(stage): State<Stage>, Json(act): Json<Act>) -> Json<Value> {
    let modal = stage.person(&act.who).and_then(Person::modal_now);
    let Some(modal) = modal else { return nobody() };
    match modal.submits().await {
        Ok(Sent::Errors(errors)) => Json(json!({ "errors": errors })),
        Ok(Sent::Closed | Sent::Replaced) => Json(json!({})),
        Err(error) => told(Err(error)),
    }
}

async fn close(State(stage): State<Stage>, Json(act): Json<Act>) -> Json<Value> {
    let modal = stage.person(&act.who).and_then(Person::modal_now);
    modal.inspect(|modal| modal.closes());
    Json(json!({}))
}

async fn home(State(stage): State<Stage>, Json(act): Json<Act>) -> Json<Value> {
    let Some(person) = stage.person(&act.who) else { return nobody() };
    told(person.opens_home().await.map(|_| None))
}

async fn around(State(stage): State<Stage>, Json(act): Json<Act>) -> Json<Value> {
    stage.around.press(&act.action);
    Json(json!({}))
}
