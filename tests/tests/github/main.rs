//! Requests on a GitHub: pull requests, the check that is pinned to its App, reviews, rulesets, and everybody who is in the way. GitHub is a
//! fake, whose every word is held against GitHub's own descriptions when a test ends.
#![expect(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

mod attacks;
mod bad_input;
mod faults;
mod life;
mod modes;
mod octokit;
mod rig;
mod server;
mod set_up;
