//! How what people do in Slack comes into a running server. Not here: what it does ([`crate::slack`]).

use std::time::Duration;

use slack_client::socket::SocketMode;
use tokio::task::JoinHandle;

use crate::cluster::Followed;
use crate::http::SignedRequests;
use crate::slack::SlackApp;

/// Slack, and how it reaches this server.
pub struct SlackWorker {
    /// What handles what comes.
    pub app: SlackApp,
    /// How it comes.
    pub inbound: SlackInbound,
    /// Clusters whose objects the form completes.
    pub followed: Vec<Followed>,
}

/// How what people do in Slack reaches this server.
pub enum SlackInbound {
    /// Over a WebSocket that this server opens.
    Socket(Box<SocketMode>),
    /// By signed requests.
    Http(SignedRequests),
}

/// Lets Slack in: its requests into `router`, or its WebSocket in a task. Neither is waited for: access is taken away without Slack.
pub(super) fn let_in(
    router: axum::Router,
    slack: Option<SlackWorker>,
    interval: Duration,
) -> (axum::Router, Vec<JoinHandle<()>>) {
    let Some(SlackWorker { app, inbound, followed }) = slack else { return (router, Vec::new()) };
    let mut tasks: Vec<JoinHandle<()>> =
        followed.into_iter().flat_map(|cluster| cluster.spawn(app.objects())).collect();
    tasks.push(tokio::spawn(async move {
        loop {
            app.refresh().await;
            tokio::time::sleep(interval).await;
        }
    }));
    match inbound {
        SlackInbound::Http(requests) => (router.merge(requests.router()), tasks),
        SlackInbound::Socket(socket) => {
            tasks.push(tokio::spawn(async move {
                let why = socket.run().await;
                tracing::error!(%why, "nothing more comes from Slack until the token is replaced and the server started anew");
            }));
            (router, tasks)
        }
    }
}
