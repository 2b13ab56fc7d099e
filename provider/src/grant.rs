//! The resource `p0_k8s_grant`: the rules of a role that apply to one selection, bound to one subject until a time.
//!
//! Decisions are pure functions of configuration, state and time (`wish`, `step`, `term`, `drift`, `patch`); reading and
//! writing is thin around them. After any error what is really there is read again and told. Not here: the rules
//! themselves ([`p0_grant::plan`]).

mod change;
mod create;
mod deciding;
mod import;
mod keep;
mod objects;
mod picked;
mod read;
pub(crate) mod record;
pub(crate) mod resolve;
mod resource;
pub(crate) mod schema;
pub(crate) mod wish;
mod write;

pub(crate) use create::new_id;
pub use import::{Imported, imported};
pub(crate) use picked::Picked;
pub use resource::GrantResource;
pub use schema::{identity, rules_type, schema};
