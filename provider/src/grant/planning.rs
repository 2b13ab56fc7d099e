//! Before anything is written: what the configuration wishes, what that means in the cluster, and what becomes of a grant
//! that exists. Nothing here writes.

use tfplugin::diagnostics::Diagnostic;
use tfplugin::provider::{Call, Change, Outcome, Planned};

use crate::session::Configured;

mod change;
pub(super) mod create;
pub(super) mod deciding;
mod exact;
mod picked;
pub(crate) mod resolve;
pub(crate) mod wish;

pub(crate) use picked::Picked;
use wish::Wish;

/// Plans a new grant, or what becomes of one that exists.
pub(super) async fn plan(call: &mut Call, configured: &Configured, change: Change) -> Outcome<Planned> {
    let wish = Wish::read(&change.config)?;
    refuse_unexplained(configured, &wish)?;
    match change.prior {
        None => {
            let before = change.planned_private.as_deref();
            create::create(call, configured, &change.config, &wish, before).await
        }
        Some(prior) => change::change(call, configured, prior, &change.config, &wish).await,
    }
}

/// Refuses a grant without a reason where the provider block wants one.
fn refuse_unexplained(configured: &Configured, wish: &Wish) -> Outcome<()> {
    let is_missing =
        wish.reason.is_null() || wish.reason.known().is_some_and(|reason| reason.trim().is_empty());
    if !(configured.settings.require_reason && is_missing) {
        return Ok(());
    }
    let detail = "`require_reason` is set in the provider block: say why.";
    Err(Diagnostic::error("No reason", detail).at_attribute("reason").into())
}
