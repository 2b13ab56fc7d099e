//! Slack as the server's settings have it, with the tokens of the environment.

use std::sync::Arc;

use slack_client::Web;
use slack_client::socket::SocketMode;

use super::Args;
use crate::cluster::Followed;
use crate::http::SignedRequests;
use crate::serve::{Clock, SlackInbound, SlackWorker};
use crate::service::Service;
use crate::slack::{InboundSecret, Parts, SlackApp, SlackSettings, Tokens};

/// What handles what people do in Slack, and how that comes here.
pub(super) fn worker(
    settings: &SlackSettings,
    followed: Vec<Followed>,
    args: &Args,
    service: Arc<Service>,
    clock: &Clock,
) -> anyhow::Result<SlackWorker> {
    let tokens = Tokens::find(settings.delivery, |name| std::env::var(name).ok())?;
    let web = Web::new(tokens.bot, settings.api.as_deref())?;
    let app = SlackApp::new(Parts {
        web: web.clone(),
        service,
        key: Arc::new(args.signing.find()?),
        clock: clock.clone(),
        page: settings.page.clone(),
        contexts: settings.contexts.clone(),
        objects: Arc::default(),
    });
    let handler = Arc::new(app.clone());
    let inbound = match tokens.inbound {
        InboundSecret::Socket(token) => SlackInbound::Socket(Box::new(SocketMode::new(web, token, handler))),
        InboundSecret::Http(secret) => {
            SlackInbound::Http(SignedRequests::new(secret, handler, clock.clone()))
        }
    };
    Ok(SlackWorker { app, inbound, followed })
}
