//! Slack end to end: people ask, answer and give back in a fake Slack, and Git has what they agreed on.

mod attacks;
mod notify;
mod persons;
mod story;
mod weather;
