//! Slack, as far as a bot with forms, buttons and messages needs it: the Web API, Block Kit, Socket Mode and signed requests.
//!
//! Texts are cut to Slack's limits when they are made, so that no message or form is refused for its size. Tokens are in no error
//! and in no log. Not here: what is asked, who may answer, and anything that is kept.

pub mod block;
pub mod inbound;
mod limits;
pub mod signature;
pub mod socket;
pub mod text;
pub mod view;
mod web;

pub use web::{
    AppToken, Bot, ChannelInfo, Member, MemberDetails, Message, MessageAddress, SlackError, SocketUrl,
    UserProfile, ViewHandle, Web,
};
