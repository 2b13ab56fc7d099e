#![doc = include_str!("../README.md")]

pub mod conform;
pub mod diagnostics;
mod plugin;
pub mod provider;
pub mod schema;
pub mod server;
pub mod testing;
pub mod value;
pub mod wire;

pub use plugin::{Options, serve};
