//! A server of somebody else that is posted to, over real HTTPS. It keeps what it got, and answers as it is told.
//!
//! Not here: whether a signature is right; the reference implementation says that.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::any;

use crate::https::Https;

/// A running receiver. It ends with this value.
pub struct Receiver {
    https: Https,
    state: Arc<Mutex<Kept>>,
}

/// One post, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// The path, with the query.
    pub path: String,
    /// The headers.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

/// What the receiver does with a post.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behaviour {
    /// It keeps it and says so.
    #[default]
    Keeps,
    /// It does not take it.
    Refuses,
    /// It keeps it, and the answer says that it does not.
    LosesTheAnswer,
    /// It sends the sender somewhere else.
    Redirects,
    /// It never answers.
    Hangs,
}

#[derive(Default)]
struct Kept {
    posts: Vec<Post>,
    behaviour: Behaviour,
}

impl Receiver {
    /// A receiver that keeps everything.
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(Kept::default()));
        let router = Router::new().fallback(any(take)).with_state(state.clone());
        Self { https: Https::start(router), state }
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> String {
        self.https.url()
    }

    /// The certificate of its authority, in PEM.
    pub fn authority(&self) -> &Path {
        self.https.authority()
    }

    /// Makes it do otherwise from now on.
    pub fn does(&self, behaviour: Behaviour) {
        self.state.lock().expect("no panic").behaviour = behaviour;
    }

    /// What it has kept so far.
    pub fn posts(&self) -> Vec<Post> {
        self.state.lock().expect("no panic").posts.clone()
    }
}

async fn take(
    State(state): State<Arc<Mutex<Kept>>>,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, [(&'static str, &'static str); 1]) {
    let behaviour = state.lock().expect("no panic").behaviour;
    let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let post = Post { path: uri.to_string(), headers, body };
    let keep = || state.lock().expect("no panic").posts.push(post);
    let status = match behaviour {
        Behaviour::Keeps => {
            keep();
            StatusCode::NO_CONTENT
        }
        Behaviour::LosesTheAnswer => {
            keep();
            StatusCode::BAD_GATEWAY
        }
        Behaviour::Refuses => StatusCode::SERVICE_UNAVAILABLE,
        Behaviour::Redirects => StatusCode::TEMPORARY_REDIRECT,
        Behaviour::Hangs => std::future::pending().await,
    };
    (status, [("location", "/elsewhere")])
}
