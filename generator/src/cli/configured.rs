//! What the server's settings name, made ready for use with the secrets of the environment: repositories on their forges
//! (`configured/hosted.rs`), who knows who is on call (`configured/on_call.rs`), webhooks and exports (`configured/outgoing.rs`).
//!
//! `serve` works with it and `doctor` looks at it. Not here: what settings may say ([`crate::serve::Settings`]).

pub(super) mod hosted;
pub(super) mod on_call;
pub(super) mod outgoing;
