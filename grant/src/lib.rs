//! What a grant is: the rules of a role that apply to one selection, bound to one subject until a time.
//!
//! Pure: no clock, randomness, file, network or environment. What a caller needs of those comes in as an argument.
//! Not here: who may have a grant (`p0-access`), and everything that acts (`p0-gitops`, `terraform-provider-p0`).
//!
//! Five rooms, each on those before it; their modules are known by their own names.

mod eks;
mod granting;
mod kubernetes;
mod picking;
mod planning;

pub mod cause;
pub mod text;
pub mod time;
pub mod yaml;

pub use eks::{arn, aws_auth, mapping, username};
pub use granting::{approval, digest, grant, lifetime, manifest, on_call, signature, signers, statement};
pub use kubernetes::{alias, covers, evaluate, group, name, request, role, rule, subject};
pub use picking::{catalogue, discovery, locator, nearest, resource, selection};
pub use planning::{danger, offer, plan, restrict, subset};
