//! A Slack of one's own, over real HTTP and WebSockets: one workspace with people, channels, messages and views.
//!
//! It refuses what Slack refuses: calls without a token or a scope, triggers that are old or used, views that changed in between,
//! blocks over Slack's limits, channels that the bot is not in, and calls that come too fast. An app that does not acknowledge
//! within three seconds has failed, as it has with Slack. Facts are those of Slack's documentation and of `@slack/types`. Not here:
//! anything about the app that it serves.

mod blocks;
mod deliver;
mod modal;
mod payload;
mod person;
mod server;
mod socket;
pub mod stage;
mod web;
mod world;

pub use deliver::{Delivery, NotHandled};
pub use modal::{Modal, Sent};
pub use person::{Person, Unheard};
pub use server::FakeSlack;
pub use world::{Post, UserKind};

/// The workspace.
pub const TEAM: &str = "T0FAKE";
/// The app's own user.
pub const BOT: &str = "U0BOT";
/// The bot's token.
pub const BOT_TOKEN: &str = "xoxb-fake-bot-token";
/// The token that opens Socket Mode.
pub const APP_TOKEN: &str = "xapp-fake-app-token";
/// The secret with which requests over HTTP are signed.
pub const SIGNING_SECRET: &str = "fake-signing-secret";
