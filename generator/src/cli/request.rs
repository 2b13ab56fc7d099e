//! The commands of a request's life: ask, answer, end, and look at what there is.
//!
//! Each opens the service, does one thing, and, where the signing key is at hand, carries out what is then to be done; without
//! it, `serve` does. Who acts is proved by an SSH signature. Not here: what is decided.

mod act;
mod again;
mod allow;
mod answer;
mod args;
mod ask;
mod end;
mod list;
mod preapprovals;
mod print;
mod reconcile;
mod revoke;
mod selection;
mod standing;
mod stats;
mod submit;
mod watch;

pub(super) use allow::{Args as AllowArgs, run as allow};
pub(super) use answer::{ApproveArgs, DenyArgs, approve, deny};
pub(super) use ask::{Args as RequestArgs, ExtendArgs, extend, run as request};
pub(super) use end::{CancelArgs, RelinquishArgs, RetryArgs, cancel, relinquish, retry};
pub(super) use list::{LsArgs, ReviewArgs, ShowArgs, ls, review, show};
pub(super) use preapprovals::{Args as PreapprovalsArgs, run as preapprovals};
pub(super) use reconcile::{Args as ReconcileArgs, run as reconcile};
pub(super) use revoke::{RevokeArgs, revoke};
pub(super) use standing::{CanIArgs, StatusArgs, can_i, status};
pub(super) use stats::{Args as StatsArgs, run as stats};
pub(super) use watch::{Args as WatchArgs, run as watch};
