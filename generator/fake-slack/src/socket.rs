//! The app's WebSockets: tickets that count once, envelopes to one connection each, and acknowledgements.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::server::FakeSlack;

/// All connections of the app.
#[derive(Clone, Default)]
pub(crate) struct Sockets(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    tickets: BTreeSet<String>,
    open: BTreeMap<u64, Connection>,
    waiting: BTreeMap<String, oneshot::Sender<Value>>,
    number: u64,
}

struct Connection {
    frames: mpsc::UnboundedSender<Message>,
    /// Whether it gets new envelopes: not once its end is announced.
    is_fresh: bool,
}

impl Sockets {
    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn new_ticket(&self) -> String {
        self.with(|inner| {
            inner.number += 1;
            let ticket = format!("ticket-{}", inner.number);
            inner.tickets.insert(ticket.clone());
            ticket
        })
    }

    pub(crate) fn count(&self) -> usize {
        self.with(|inner| inner.open.len())
    }

    pub(crate) fn drop_all(&self) {
        self.with(|inner| inner.open.clear());
    }

    pub(crate) fn warn_all(&self) {
        let frame = json!({ "type": "disconnect", "reason": "warning", "debug_info": { "host": "fake" } });
        self.with(|inner| {
            for connection in inner.open.values_mut() {
                // Until another is open, this one still gets what comes.
                let _gone = connection.frames.send(Message::text(frame.to_string()));
                connection.is_fresh = false;
            }
        });
    }

    /// Sends an envelope to one connection, the freshest; the acknowledgement comes later. `None` without a connection.
    pub(crate) fn send(&self, id: &str, envelope: &Value) -> Option<oneshot::Receiver<Value>> {
        self.with(|inner| {
            let newest = inner.open.values().rev();
            let connection = newest.clone().find(|one| one.is_fresh).or_else(|| newest.clone().next())?;
            connection.frames.send(Message::text(envelope.to_string())).ok()?;
            let (acknowledge, acknowledged) = oneshot::channel();
            inner.waiting.insert(id.to_owned(), acknowledge);
            Some(acknowledged)
        })
    }

    fn acknowledged(&self, answer: &Value) {
        let id = answer["envelope_id"].as_str().unwrap_or_default();
        if let Some(waiting) = self.with(|inner| inner.waiting.remove(id)) {
            let _nobody_waits = waiting.send(answer["payload"].clone());
        }
    }
}

/// Opens a connection with a ticket.
pub(crate) async fn connect(
    State(slack): State<FakeSlack>,
    Query(query): Query<BTreeMap<String, String>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let ticket = query.get("ticket").cloned().unwrap_or_default();
    match slack.sockets.with(|inner| inner.tickets.remove(&ticket)) {
        true => upgrade.on_upgrade(move |socket| run(slack, socket)),
        false => StatusCode::FORBIDDEN.into_response(),
    }
}

async fn run(slack: FakeSlack, mut socket: WebSocket) {
    let (frames, mut outgoing) = mpsc::unbounded_channel();
    let hello = json!({
        "type": "hello", "num_connections": 1, "connection_info": { "app_id": "A0FAKE" },
        "debug_info": { "host": "fake", "approximate_connection_time": 18060 }
    });
    if socket.send(Message::text(hello.to_string())).await.is_err() {
        return;
    }
    let number = slack.sockets.with(|inner| {
        inner.number += 1;
        inner.open.insert(inner.number, Connection { frames, is_fresh: true });
        inner.number
    });
    slack.changed();
    loop {
        tokio::select! {
            frame = outgoing.recv() => match frame {
                Some(frame) => if socket.send(frame).await.is_err() { break },
                None => break,
            },
            frame = socket.recv() => match frame {
                Some(Ok(Message::Text(text))) => {
                    slack.sockets.acknowledged(&serde_json::from_str(&text).unwrap_or_default());
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            },
        }
    }
    slack.sockets.with(|inner| inner.open.remove(&number));
    slack.changed();
}
