//! The whole way, with the real appliers: asked, approved, merged, applied, used, given back, pruned. "Active" and "gone" are
//! said only on the cluster's word.

mod argo_cd;
mod failing;
mod flux;
mod rig;
