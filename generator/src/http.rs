//! What the server answers over HTTP: probes, metrics and the status page, which only read; a forge's webhooks, which wake it; and
//! Slack's requests, which are acted on once their signature is verified.
//!
//! Not here: the server itself ([`crate::serve`]), and what is measured ([`crate::metrics`]).

mod page;
mod routes;
mod site;
mod slack;
mod status_view;
mod webhooks;

pub use site::WebhookSecrets;
pub(crate) use site::{Site, Webhooks};
pub use slack::SignedRequests;
