//! Where a client connects to, which the handshake says and the listener finds.

/// Where to connect to, as go-plugin says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) network: &'static str,
    pub(super) address: String,
}
