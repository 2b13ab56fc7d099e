//! The resource `p0_k8s_grant`: the rules of a role that apply to one selection, bound to one subject until a time.
//!
//! Decisions are pure functions of configuration, state and time (`planning`, `expiry`, and `operations::objects`); reading
//! and writing is thin around them. `planning` and `operations` do not use each other. After any error the state says what
//! the cluster holds. Not here: the rules themselves ([`p0_grant::plan`]).

mod attributes;
mod aws_auth;
mod config;
mod expiry;
mod operations;
mod planning;
mod private_state;
pub(crate) mod record;
pub(crate) mod resolve;
mod resource;
pub(crate) mod schema;
mod values;

pub(crate) use operations::create::new_id;
pub use operations::import::{Imported, imported};
pub(crate) use resolve::RoleSelection;
pub use resource::GrantResource;
pub use schema::{identity, rules_type, schema};
