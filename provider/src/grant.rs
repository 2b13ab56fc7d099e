//! The resource `p0_k8s_grant`: the rules of a role that apply to one selection, bound to one subject until a time.
//!
//! Decisions are pure functions of configuration, state and time (`planning`, and in `acting` how objects differ); reading and
//! writing is thin around them. After any error what is really there is read again and told. Not here: the rules
//! themselves ([`p0_grant::plan`]).

mod acting;
mod keep;
pub(crate) mod planning;
pub(crate) mod record;
mod resource;
pub(crate) mod schema;

pub(crate) use acting::create::new_id;
pub use acting::import::{Imported, imported};
pub(crate) use planning::Picked;
pub use resource::GrantResource;
pub use schema::{identity, rules_type, schema};
