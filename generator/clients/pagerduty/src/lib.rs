//! Reads PagerDuty's REST API: who is on call, overrides of schedules, users and incidents.
//!
//! Every call is a read with a time limit. A read that failed for a passing reason is tried again within that limit. Not here: what
//! being on call permits; this library knows PagerDuty and nothing else.
//!
//! ```
//! use pagerduty_client::{Client, Config, Endpoint, Token};
//!
//! let token: Token = "u+x3fvwWPSBT6zt3ZkZw".parse()?;
//! let client = Client::new(Config::new(Endpoint::eu(), token))?;
//! # let _ = client;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod client;
mod config;
mod error;
mod model;
mod retry;

pub use client::{Client, OnCallQuery};
pub use config::{Config, ConfigError, Endpoint, Token};
pub use error::Error;
pub use model::{EscalationPolicy, Id, IdError, Incident, OnCall, Override, Reference, Schedule, User};
