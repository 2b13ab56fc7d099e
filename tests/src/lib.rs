//! The test world: the real programs that the tests run against. A thing that is missing fails loudly.
//!
//! Not here: fakes of what this project ships; there are none.

pub mod app_key;
pub mod appliers;
mod aws_auth;
pub mod big_repository;
pub mod browser;
pub mod clone;
mod control_plane;
pub mod eks;
pub mod fake_github;
pub mod fake_pagerduty;
pub mod git_http;
pub mod gitea;
pub mod http_server;
pub mod https;
mod oracle;
pub mod ports;
pub mod postgres;
pub mod program;
pub mod receiver;
pub mod serving;
pub mod site;
pub mod slack_team;
pub mod slack_types;
pub mod slow_forge;
pub mod ssh_server;
pub mod store_rows;
mod supervised;
pub mod team;
pub mod terminal;
pub mod terraform;
pub mod tunnel;
mod waiting;
pub mod workbench;

pub use aws_auth::{AwsReader, SeenByAws, UserMapping};
pub use control_plane::{Api, Asked, ControlPlane, Fate, Proxy};
pub use oracle::{Binding, Oracle, Readers, RoleSet};
pub use p0_upstream as upstream;
pub use waiting::{PATIENCE, eventually};
