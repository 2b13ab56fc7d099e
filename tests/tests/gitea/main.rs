//! Requests on a real Gitea: pull requests, the required check, reviews, branch protection, and everybody who is in the way.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod attacks;
mod faults;
mod flux;
mod life;
mod modes;
mod rig;
mod server;
mod set_up;
mod slack;
