//! Before anything is written: what the configuration means in the cluster, and what a plan does with a grant that exists.
//! Nothing here writes, and nothing of [`super::operations`] is used here.

use tfplugin::diagnostics::Diagnostic;
use tfplugin::provider::{Call, Change, Outcome, Planned};

use super::config::GrantConfig;
use crate::session::Configured;

mod action;
mod change;
mod create;
mod planned_rules;
mod values;

/// Plans a new grant, or a grant that exists.
pub(super) async fn plan(call: &mut Call, configured: &Configured, change: Change) -> Outcome<Planned> {
    let grant = GrantConfig::read(&change.config)?;
    refuse_unexplained(configured, &grant)?;
    match change.prior {
        None => {
            let before = change.planned_private.as_deref();
            create::create(call, configured, &change.config, &grant, before).await
        }
        Some(prior) => change::change(call, configured, prior, &change.config, &grant).await,
    }
}

/// Refuses a grant without a reason where the provider block wants one.
fn refuse_unexplained(configured: &Configured, grant: &GrantConfig) -> Outcome<()> {
    let is_missing =
        grant.reason.is_null() || grant.reason.known().is_some_and(|reason| reason.trim().is_empty());
    if !(configured.settings.require_reason && is_missing) {
        return Ok(());
    }
    let detail = "`require_reason` is set in the provider block: say why.";
    Err(Diagnostic::error("No reason", detail).at_attribute("reason").into())
}
