//! The store, held to the same on SQLite and on PostgreSQL's own server.

mod keeping;
mod opening;
mod rig;
