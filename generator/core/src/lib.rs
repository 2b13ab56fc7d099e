//! Who may have a grant: the files of the GitOps repository, and the judgement of a change to it.
//!
//! Pure: no clock, randomness, file, network or environment. Not here: what a grant is (`p0-grant`), and everything that
//! acts (`p0-gitops`).

mod api_version;
pub mod audit;
pub mod change;
pub mod cluster;
pub mod companion;
pub mod digest;
pub mod eks;
pub mod expiry;
pub mod glob;
mod grant_schema;
pub mod identity;
pub mod kustomization;
pub mod layout;
pub mod name;
pub mod owners;
pub mod planned;
pub mod policy;
pub mod policy_test;
pub mod preapproval;
pub mod repository_id;
pub mod request;
pub mod schema;
pub mod verifier;

pub use p0_grant::lifetime as duration;
