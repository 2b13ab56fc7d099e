//! What Kubernetes itself says: rules, who they are for, which requests they allow and which other rules they cover.
//!
//! Written from Kubernetes' own text; nothing here knows a grant.

pub mod alias;
pub mod covers;
pub mod evaluate;
pub mod group;
pub mod name;
pub mod request;
pub mod role;
pub mod rule;
pub mod subject;
