//! What a grant is: the rules of a role that apply to one selection, bound to one subject until a time.
//!
//! Pure: no clock, randomness, file, network or environment. What a caller needs of those comes in as an argument.
//! Not here: who may have a grant (`p0-access`), and everything that acts (`p0-gitops`, `terraform-provider-p0`).

pub mod alias;
pub mod catalogue;
pub mod covers;
pub mod danger;
pub mod digest;
pub mod evaluate;
pub mod grant;
pub mod locator;
pub mod manifest;
pub mod name;
pub mod nearest;
pub mod offer;
pub mod plan;
pub mod request;
pub mod resource;
pub mod restrict;
pub mod role;
pub mod rule;
pub mod selection;
pub mod signature;
pub mod signers;
pub mod subject;
pub mod subset;
pub mod text;
pub mod yaml;
