//! What applies a repository to a cluster: Flux' own controllers, and the engine of Argo CD.
//!
//! [`crate::Api::sync`] does the same by the API alone, where the applier is not what is tested.

mod argocd;
mod flux;

pub use argocd::ArgoCd;
pub use flux::Flux;
