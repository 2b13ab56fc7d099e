//! Socket Mode: Slack sends over a WebSocket that this program opens, so that no address of it need be public.
//!
//! An envelope is acknowledged with the handler's answer, within three seconds or without it. When Slack announces that a connection
//! ends, the next one opens before that one is left, so that every envelope finds a connection. Not here: what is in an envelope.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::inbound::{Handler, Reply, read};
use crate::web::{AppToken, SlackError, Web};

/// How long the handler has: Slack waits three seconds, and the answer has a way to go.
const ANSWER: Duration = Duration::from_millis(2500);
/// Without a word of Slack for so long a connection is dead; Slack pings more often.
const SILENCE: Duration = Duration::from_secs(60);
/// How long opening may take.
const OPENING: Duration = Duration::from_secs(20);
/// The longest wait between tries.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How long a connection that Slack has announced to end is still listened to.
const FAREWELL: Duration = Duration::from_secs(30);

/// Socket Mode, which runs until it is dropped.
pub struct SocketMode {
    web: Web,
    token: AppToken,
    handler: Arc<dyn Handler>,
    status: watch::Sender<Status>,
}

/// Where Socket Mode stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// No connection yet, or none any more; the next try comes.
    Connecting,
    /// Slack sends.
    Connected,
    /// Slack refuses the token: trying again is in vain.
    Refused(SlackError),
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Why a connection is left.
enum Ended {
    /// Slack announced it; the connection still brings envelopes.
    Announced,
    /// It broke, or was closed.
    Closed,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    envelope_id: Option<String>,
    #[serde(default)]
    payload: Value,
    #[serde(default)]
    accepts_response_payload: bool,
}

impl SocketMode {
    /// Socket Mode for what `handler` handles.
    pub fn new(web: Web, token: AppToken, handler: Arc<dyn Handler>) -> Self {
        Self { web, token, handler, status: watch::Sender::new(Status::Connecting) }
    }

    /// Where it stands, now and whenever that changes.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// Keeps a connection, for ever or until Slack refuses the token.
    ///
    /// # Errors
    /// [`SlackError`], where trying again is in vain.
    pub async fn run(self) -> SlackError {
        // Each connection is a task, so that one that Slack has announced to end is listened to beside the next.
        let mut connections = JoinSet::new();
        let mut failures: u32 = 0;
        loop {
            match self.open().await {
                Ok(socket) => {
                    failures = 0;
                    self.status.send_replace(Status::Connected);
                    let (announce, mut announced) = mpsc::channel(1);
                    let listening = listen(socket, self.handler.clone(), announce);
                    connections.spawn(listening);
                    // Nothing comes where the connection broke; then, too, the next one is opened.
                    let _is_announced = announced.recv().await;
                    while connections.try_join_next().is_some() {}
                    if connections.is_empty() {
                        self.status.send_replace(Status::Connecting);
                    }
                }
                Err(error) if error.is_final() => {
                    tracing::error!(why = %error, "Slack refuses the app's token");
                    self.status.send_replace(Status::Refused(error.clone()));
                    return error;
                }
                Err(error) => {
                    tracing::warn!(why = %error, "no connection to Slack; tried again");
                    failures = failures.saturating_add(1);
                    while connections.try_join_next().is_some() {}
                    if connections.is_empty() {
                        self.status.send_replace(Status::Connecting);
                    }
                    tokio::time::sleep(wait(failures)).await;
                }
            }
        }
    }

    /// Opens a connection, and waits for Slack's first word.
    async fn open(&self) -> Result<Socket, SlackError> {
        const METHOD: &str = "Socket Mode";
        let broken = |why: &str| SlackError::Network { method: METHOD, why: why.to_owned() };
        let opening = async {
            let at = self.web.open_socket(&self.token).await?;
            // The address has a ticket in it, so no error of the library is shown.
            let connected = tokio_tungstenite::connect_async(at.url).await;
            let (mut socket, _) = connected.map_err(|_| broken("the WebSocket cannot be opened"))?;
            loop {
                match socket.next().await {
                    Some(Ok(Frame::Text(text))) => match serde_json::from_str::<Envelope>(&text) {
                        Ok(envelope) if envelope.r#type == "hello" => return Ok(socket),
                        _ => return Err(broken("Slack does not say hello")),
                    },
                    Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => {}
                    _ => return Err(broken("the WebSocket was closed")),
                }
            }
        };
        tokio::time::timeout(OPENING, opening).await.unwrap_or_else(|_| Err(broken("it took too long")))
    }
}

/// Twice as long after each failure.
fn wait(failures: u32) -> Duration {
    Duration::from_millis(500).saturating_mul(1 << failures.min(8)).min(LONGEST_WAIT)
}

/// Listens to one connection. `announce` is dropped, or told, when the next one shall be opened.
async fn listen(mut socket: Socket, handler: Arc<dyn Handler>, announce: mpsc::Sender<()>) {
    let (answers, mut answered) = mpsc::unbounded_channel::<String>();
    if matches!(serve(&mut socket, &handler, &answers, &mut answered).await, Ended::Announced) {
        let _next_is_opened = announce.send(()).await;
        drop(announce);
        // What Slack has still sent here is answered here.
        let rest = serve(&mut socket, &handler, &answers, &mut answered);
        let _over = tokio::time::timeout(FAREWELL, rest).await;
    }
    let _closed = socket.close(None).await;
}

/// Reads frames and writes answers until the connection ends.
async fn serve(
    socket: &mut Socket,
    handler: &Arc<dyn Handler>,
    answers: &mpsc::UnboundedSender<String>,
    answered: &mut mpsc::UnboundedReceiver<String>,
) -> Ended {
    loop {
        let frame = tokio::select! {
            Some(answer) = answered.recv() => match socket.send(Frame::text(answer)).await {
                Ok(()) => continue,
                Err(_) => return Ended::Closed,
            },
            frame = tokio::time::timeout(SILENCE, socket.next()) => frame,
        };
        let text = match frame {
            Ok(Some(Ok(Frame::Text(text)))) => text,
            // Pings are answered by the library when the socket is next written or read.
            Ok(Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Binary(_) | Frame::Frame(_)))) => continue,
            Ok(Some(Ok(Frame::Close(_)) | Err(_)) | None) | Err(_) => return Ended::Closed,
        };
        let Ok(envelope) = serde_json::from_str::<Envelope>(&text) else {
            tracing::warn!("Slack sent an envelope that cannot be read");
            continue;
        };
        if envelope.r#type == "disconnect" {
            return Ended::Announced;
        }
        let Some(id) = envelope.envelope_id.clone() else { continue };
        let (handler, answers) = (handler.clone(), answers.clone());
        tokio::spawn(async move {
            let reply = answer(&envelope, handler.as_ref()).await;
            let body = reply.body().filter(|_| envelope.accepts_response_payload);
            let answer = match body {
                Some(body) => json!({ "envelope_id": id, "payload": body }),
                None => json!({ "envelope_id": id }),
            };
            // A connection that is gone needs no answer.
            let _gone = answers.send(answer.to_string());
        });
    }
}

async fn answer(envelope: &Envelope, handler: &dyn Handler) -> Reply {
    let Ok(inbound) = read::read_envelope(&envelope.r#type, &envelope.payload) else {
        tracing::warn!(kind = envelope.r#type, "Slack sent a payload that cannot be read");
        return Reply::Empty;
    };
    match tokio::time::timeout(ANSWER, handler.handle(inbound)).await {
        Ok(reply) => reply,
        Err(_) => {
            tracing::error!(kind = envelope.r#type, "no answer in time; Slack got an empty one");
            Reply::Empty
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_half_a_minute() {
        let waits: Vec<Duration> = (1..12).map(wait).collect();
        assert!(waits.is_sorted() && waits.last() == Some(&LONGEST_WAIT), "{waits:?}");
        assert_eq!(waits.first(), Some(&Duration::from_secs(1)));
    }
}
